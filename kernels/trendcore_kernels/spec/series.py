"""Kernels that look at series of years.

Shape letters: W series, E their observations, P = T(T + 1)/2 runs of T years.

Series lie one after the other: that of number w is ``values[offsets[w] : offsets[w + 1]]`` in the years of
the same places, which ascend. ``offsets`` begins with 0 and ends with E. A year without an observation is
not there; values are finite, and so are their differences. No kernel takes a root, logarithm or
exponential: what needs one is given as an array, so that every backend adds, multiplies and divides the
same numbers in the same order.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from trendcore_kernels.spec.model import Array, Floats, Ints, KernelSpec, floats, ints


@dataclass(frozen=True)
class Kendall:
    """Mann and Kendall's counts of a series of n values.

    Attributes
    ----------
    s
        (W,) pairs of years in which the later value is greater, less those in which it is smaller.
    tied_pairs
        (W,) pairs of equal values.
    ties
        (W,) sum of t(t - 1)(2t + 5) over groups of t equal values.
    """

    s: Ints
    tied_pairs: Ints
    ties: Ints


@dataclass(frozen=True)
class TheilSen:
    """Theil and Sen's line through a series; NaN where there are not two years.

    Attributes
    ----------
    slope
        (W,) median of the slopes of all pairs of years.
    intercept
        (W,) median of the values less the slope times the median of the years.
    low, high
        (W,) slopes of the ranks asked for; NaN where there is no such rank.
    """

    slope: Floats
    intercept: Floats
    low: Floats
    high: Floats


@dataclass(frozen=True)
class HamedRao:
    """Autocorrelation of the ranks of a series around its line.

    Attributes
    ----------
    weight
        (W,) sum of (n - l)(n - l - 1)(n - l - 2) r(l) over the lags l at which the autocorrelation r(l) is
        beyond the bound.
    lags
        (W,) how many these are.
    """

    weight: Floats
    lags: Ints


#: sums of costs of runs that differ by less of their parts are equal, but for rounding
ROUNDING: Final = 1e-10


@dataclass(frozen=True)
class Segments:
    """The cheapest way to cut each series of T years into runs.

    Attributes
    ----------
    cost
        (W,) sum of the costs of its runs, without penalties.
    changes
        (W,) runs but one.
    label
        (W, T) number of the run of each year, from 0.
    """

    cost: Floats
    changes: Ints
    label: Ints


_SERIES: Final = {"offsets": Array(("int64",), ("W+1",)), **floats("values", shape=("E",))}
_YEARS: Final = {
    "offsets": Array(("int64",), ("W+1",)),
    **ints("years", shape=("E",)),
    **floats("values", shape=("E",)),
}

KERNELS: Final[tuple[KernelSpec, ...]] = (
    KernelSpec(
        "mann_kendall",
        "Counts of Mann and Kendall's test for a trend.",
        {**_SERIES},
        Kendall,
        ints("s", "tied_pairs", "ties", shape=("W",)),
        "series",
    ),
    KernelSpec(
        "theil_sen",
        "Median of all slopes, the line with it, and the slopes of two ranks.",
        {**_YEARS, **ints("low_rank", "high_rank", shape=("W",))},
        TheilSen,
        floats("slope", "intercept", "low", "high", shape=("W",)),
        "series",
    ),
    KernelSpec(
        "hamed_rao",
        "Weighted sum of the autocorrelations of ranks that are beyond a bound.",
        {**_YEARS, **floats("slope", "bound", shape=("W",))},
        HamedRao,
        {**floats("weight", shape=("W",)), **ints("lags", shape=("W",))},
        "series",
    ),
    KernelSpec(
        "segments",
        "Cheapest cuts of series of equal length into runs, each with a cost, each cut with a penalty.",
        {
            **floats("costs", shape=("W", "P")),
            **floats("penalty", shape=("W",)),
            "n_years": int,
            "most": int,
            "least": int,
        },
        Segments,
        {**floats("cost", shape=("W",)), **ints("changes", shape=("W",)), **ints("label", shape=("W", "T"))},
        "series",
    ),
    KernelSpec(
        "viterbi",
        "Cheapest path through two states, from the lower one on.",
        {
            "offsets": Array(("int64",), ("W+1",)),
            **floats("lower", "upper", shape=("E",)),
            **floats("rise", shape=("W",)),
        },
        np.ndarray,
        {"": Array(("int8",), ("E",))},
        "series",
    ),
)
