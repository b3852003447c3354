"""Inputs from hypothesis for the kernels that resample what was counted."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from hypothesis import strategies as st
from support.kernels import TYPES, Array, packed, read_only

from trendcore_kernels.poisson import poisson_tables
from trendcore_kernels.spec import SPECS

#: keys whose halves are zeros, ones, and both
KEYS: Final = (0, 1, 1 << 32, (1 << 32) - 1, 0x0123456789ABCDEF, (1 << 64) - 1)
SEEDS: Final = (0, 1, 20_240_229, 1 << 32, (1 << 64) - 1)
SMALL: Final = (0, 1, 2, 3, 4, 5, 7, 8, 16, 31, 32, 63, 64, 100, 255, 1024)
#: these take the top level, and some of them several draws of it
LARGE: Final = ((1 << 15) + 1, (1 << 16) - 1, 1 << 16, (1 << 16) + 1, 1 << 17, (3 << 16) + 5, 300_000)


@dataclass(frozen=True)
class Draws:
    """What a kernel of this family is given, by name."""

    values: Mapping[str, Any]

    def arguments(self, kernel: str) -> list[Any]:
        """Arguments of a kernel in their order."""
        return [self.values[name] for name in SPECS[kernel].arguments]


def tables() -> dict[str, Array]:
    """Thresholds as `poisson_draws` takes them."""
    return dict(vars(poisson_tables()))


@st.composite
def poisson_draws(draw: st.DrawFn, size: int) -> Draws:
    """Draw patterns: few where they have many works, since the reference looks at all thresholds."""
    many = draw(st.integers(0, 4)) == 0
    n_patterns = draw(st.integers(0, 2 if many else size))
    keys = st.one_of(st.sampled_from(KEYS), st.integers(0, (1 << 64) - 1))
    n = st.sampled_from(LARGE if many else SMALL)
    return Draws({
        "key": read_only(draw(st.lists(keys, min_size=n_patterns, max_size=n_patterns)), np.uint64),
        "n": read_only(draw(st.lists(n, min_size=n_patterns, max_size=n_patterns)), np.int64),
        **tables(),
        "seed": draw(st.sampled_from(SEEDS)),
        "first": draw(st.sampled_from([0, 1, 2, 7, 999, (1 << 31) - 1])),
        "n_replicates": draw(st.sampled_from([0, 1, 2, 3] if many else [0, 1, 2, 3, 4, 9])),
    })  # fmt: skip


@st.composite
def patterns(draw: st.DrawFn, size: int) -> Draws:
    """Draw works of few different sets, of which some are beginnings of others; now and then long ones."""
    dtype = draw(st.sampled_from(TYPES))
    most = int(np.iinfo(dtype).max)
    code = st.sampled_from([0, 1, 2, most // 2, most - 1, most])
    short = st.lists(code, max_size=5, unique=True).map(sorted)
    sets = draw(st.lists(short, min_size=1, max_size=4))
    if draw(st.booleans()):
        rng = np.random.default_rng(draw(st.integers(0, 2**32)))
        long = np.unique(rng.integers(0, most, 20)).tolist()
        sets += [long, [*long, most], long[:7], long[:8], [*long[:-1], most]]
    works = draw(st.lists(st.sampled_from(sets), max_size=size))
    n_cells = draw(st.sampled_from([1, 2, 17, 1 << 16]))
    cell = st.sampled_from(sorted({0, n_cells // 2, n_cells - 1}))
    offsets, codes = packed(works, dtype, draw(st.sampled_from([0, 0, 3])))
    times = st.one_of(st.integers(0, 3), st.just((1 << 62) // max(len(works), 1)))
    n_times = draw(st.sampled_from([0, len(works)]))
    return Draws({
        "cell": read_only(draw(st.lists(cell, min_size=len(works), max_size=len(works))), np.int32),
        "set_offsets": offsets,
        "set_codes": codes,
        "times": read_only(draw(st.lists(times, min_size=n_times, max_size=n_times)), np.int64),
        "n_cells": n_cells,
        "least": draw(st.integers(0, 3)),
    })  # fmt: skip


@st.composite
def replicate_sums(draw: st.DrawFn, size: int) -> Draws:
    n_patterns, n_replicates = draw(st.sampled_from([0, 1, 2, 6])), draw(st.sampled_from([0, 1, 2, 5, 17]))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    draws = rng.integers(0, draw(st.sampled_from([3, 1 << 31])), (n_patterns, n_replicates))
    entry = st.integers(0, max(n_patterns - 1, 0))
    rows = draw(st.lists(st.lists(entry, max_size=6 if n_patterns else 0), max_size=size))
    offsets, entries = packed(rows, np.int32, draw(st.sampled_from([0, 0, 2])) if n_patterns else 0)
    most = draw(st.sampled_from([0, 2, 1 << 29]))  # six of these times draws of 31 bits have 63 bits
    coefficients = rng.integers(-most, most + 1, len(entries)) if most else []
    return Draws({
        "offsets": offsets,
        "patterns": entries,
        "coefficients": read_only(coefficients, np.int64),
        "draws": read_only(draws, np.int32),
    })  # fmt: skip


def _strided(rng: np.random.Generator, n: int) -> Array:
    """Values that every 32nd part begins with one unlike the others."""
    values = rng.random(n)
    values[np.arange(32) * n // 32 if n >= 32 else slice(0, 1)] += 1000.0
    return values


#: rows of n values, of every kind that there is trouble with
ROWS: Final[tuple[Callable[[np.random.Generator, int], Array], ...]] = (
    lambda rng, n: rng.normal(size=n),
    lambda rng, n: np.sort(rng.normal(size=n)),
    lambda rng, n: np.sort(rng.random(n))[::-1],
    lambda rng, n: np.sort(rng.poisson(4, n)).astype(np.float64),
    lambda rng, n: rng.poisson(4, n).astype(np.float64),
    lambda rng, n: rng.choice([-1.5, 2.5], n),
    lambda rng, n: rng.choice([0.0, -0.0, 5e-324, -5e-324], n),
    lambda rng, n: rng.choice([np.nan, np.inf, -np.inf, 0.0, 1.0], n),
    lambda rng, n: np.where(rng.random(n) < 0.1, np.nan, rng.normal(size=n)),
    lambda rng, n: np.full(n, rng.choice([7.25, np.inf, -0.0, np.nan])),
    lambda rng, n: rng.permutation(np.ldexp(1.0, -np.arange(n))),
    lambda rng, n: rng.choice([-1, 1], n) * np.ldexp(rng.random(n), rng.integers(-1070, 1020, n)),
    _strided,
)


@st.composite
def values(draw: st.DrawFn, size: int) -> Array:
    """Draw rows of as many values; beyond 72 the cpu takes a sample first."""
    n = draw(st.sampled_from([0, 1, 2, 3, 10, 71, 72, 73, 100, 150, 300]))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    kinds = draw(st.lists(st.sampled_from(ROWS), max_size=size))
    return read_only([kind(rng, n) for kind in kinds] or np.empty((0, n)), np.float64)


@st.composite
def standing(draw: st.DrawFn, size: int) -> Draws:
    rows = draw(values(size))
    odd = st.sampled_from([np.nan, np.inf, -np.inf, -0.0, 0.0, 4.0])
    own = st.integers(0, max(rows.shape[1] - 1, 0))
    some = draw(st.lists(st.one_of(odd, own), min_size=len(rows), max_size=len(rows)))
    at = [
        row[which] if isinstance(which, int) and len(row) else which
        for row, which in zip(rows, some, strict=True)
    ]
    return Draws({"values": rows, "at": read_only(at, np.float64)})


@st.composite
def order_statistics(draw: st.DrawFn, size: int) -> Draws:
    rows, n_ranks = draw(values(size)), draw(st.sampled_from([0, 1, 2, 5]))
    n = rows.shape[1]
    rank = st.one_of(
        st.integers(0, n), st.sampled_from([-(1 << 63), -1, 0, n // 2, n - 1, n + 1, (1 << 63) - 1])
    )
    ranks = draw(st.lists(rank, min_size=len(rows) * n_ranks, max_size=len(rows) * n_ranks))
    return Draws({
        "values": rows,
        "ranks": read_only(np.array(ranks, dtype=np.int64).reshape(len(rows), n_ranks), np.int64),
    })  # fmt: skip


def worlds_for(kernel: str, size: int = 8) -> st.SearchStrategy[Draws]:
    """Inputs for a kernel, of up to so many patterns or rows."""
    strategy: Callable[[int], st.SearchStrategy[Draws]] = globals()[kernel]
    return strategy(size)


def example(kernel: str) -> Draws:
    """Forty patterns or rows, always the same."""
    rng = np.random.default_rng(5)
    lists = [rng.integers(0, 12, size).tolist() for size in rng.integers(0, 5, 40)]
    offsets, entries = packed(lists, np.int32, 3)
    sets = [sorted(rng.choice(4, size, replace=False).tolist()) for size in rng.integers(0, 4, 40)]
    set_offsets, set_codes = packed(sets, np.uint16, 2)
    return Draws({
        "cell": read_only(rng.integers(0, 3, 40), np.int32),
        "set_offsets": set_offsets,
        "set_codes": set_codes,
        "times": read_only(rng.integers(0, 9, 40), np.int64),
        "n_cells": 3,
        "key": read_only(rng.integers(0, 1 << 64, 40, dtype=np.uint64), np.uint64),
        "n": read_only(rng.integers(0, 70, 40), np.int64),
        **({"least": 1} if kernel == "patterns" else tables()),
        "seed": (1 << 64) - 2,
        "first": 5,
        "n_replicates": 6,
        "offsets": offsets,
        "patterns": entries,
        "coefficients": read_only(rng.integers(-9, 9, len(entries)), np.int64),
        "draws": read_only(rng.integers(0, 50, (12, 6)), np.int32),
        "values": read_only(np.round(rng.normal(size=(40, 90)), 1), np.float64),
        "at": read_only(np.round(rng.normal(size=40), 1), np.float64),
        "ranks": read_only(rng.integers(-1, 91, (40, 2)), np.int64),
    })  # fmt: skip
