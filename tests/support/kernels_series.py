"""Series from hypothesis as the arrays that kernels take."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st
from support.kernels import packed, read_only

from trendcore_kernels.spec import SPECS

#: values with ties, zeros of both signs, tiny and huge ones
VALUES = st.one_of(
    st.integers(-3, 3).map(float),
    st.sampled_from([0.0, -0.0, 1e-300, -1e-300, 1e150, -1e150]),
    st.floats(-1e6, 1e6, allow_nan=False),
)


@dataclass(frozen=True)
class Series:
    """Years with their values."""

    years: list[int]
    values: list[float]


@dataclass(frozen=True)
class Many:
    """Series, and how they are to be looked at; `arguments` gives each parameter of each kernel."""

    series: list[Series]
    low_rank: list[int]
    high_rank: list[int]
    slope: list[float]
    bound: list[float]
    n_years: int
    most: int
    least: int

    def arguments(self, kernel: str) -> list[Any]:
        """Arguments of a kernel in their order."""
        offsets, years = packed([one.years for one in self.series], np.int64)
        entries = read_only([value for one in self.series for value in one.values], np.float64)
        n_runs = self.n_years * (self.n_years + 1) // 2
        costs = [np.resize([*one.values, 1.0], n_runs) for one in self.series]
        values: dict[str, Any] = {
            "offsets": offsets,
            "years": years,
            "values": entries,
            "lower": entries,
            "upper": read_only(np.roll(entries, 1), np.float64),
            "rise": read_only(np.abs(self.slope), np.float64),
            "costs": read_only(np.reshape(costs, (-1, n_runs)), np.float64),
            "penalty": read_only(self.bound, np.float64),
            "n_years": self.n_years,
            "most": self.most,
            "least": self.least,
            "low_rank": read_only(self.low_rank, np.int64),
            "high_rank": read_only(self.high_rank, np.int64),
            "slope": read_only(self.slope, np.float64),
            "bound": read_only(self.bound, np.float64),
        }
        return [values[name] for name in SPECS[kernel].arguments]


@st.composite
def series(draw: st.DrawFn) -> Series:
    """Draw a series, with gaps or without; an empty one, and now and then a long one."""
    n = draw(st.sampled_from([0, 1, 2, 3, 5, 8, 9, 12, 40]))
    steps = draw(st.lists(st.sampled_from([1, 1, 1, 2, 7]), min_size=n, max_size=n))
    first = draw(st.sampled_from([0, 1980, -50]))
    if n == 40:
        rng = np.random.default_rng(draw(st.integers(0, 2**32)))
        values = (rng.normal(size=n) + draw(st.sampled_from([0, 0.3])) * np.arange(n)).tolist()
    else:
        values = draw(st.lists(VALUES, min_size=n, max_size=n))
    return Series((first + np.cumsum(steps, dtype=np.int64)).tolist(), values)


@st.composite
def worlds(draw: st.DrawFn, size: int) -> Many:
    some = draw(st.lists(series(), max_size=size))
    n = len(some)

    def each(values: st.SearchStrategy[Any]) -> list[Any]:
        return draw(st.lists(values, min_size=n, max_size=n))

    return Many(
        some,
        each(st.integers(-2, 12)),
        each(st.integers(-2, 800)),
        each(st.one_of(st.sampled_from([0.0, 1.0, 0.5]), st.floats(-1e3, 1e3))),
        each(st.sampled_from([0.0, 0.3, 0.5, 2.0])),
        draw(st.sampled_from([1, 2, 3, 7, 12])),
        draw(st.sampled_from([0, 1, 3, 50])),
        draw(st.sampled_from([1, 1, 2, 5])),
    )


def worlds_for(kernel: str, size: int = 8) -> st.SearchStrategy[Many]:
    """Series for a kernel."""
    return worlds(size)


def example(kernel: str) -> Many:
    """Forty series, the same for every kernel."""
    rng = np.random.default_rng(5)
    some = []
    for _ in range(40):
        years = 1980 + np.flatnonzero(rng.random(20) < 0.8)
        values = rng.integers(0, 9, len(years)).astype(float) + 0.5 * np.arange(len(years))
        some.append(Series(years.tolist(), values.tolist()))
    return Many(some, [3] * 40, [60] * 40, [0.5] * 40, [0.2] * 40, 9, 4, 2)
