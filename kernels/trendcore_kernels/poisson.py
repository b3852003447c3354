"""Thresholds that turn 64-bit words into Poisson draws, in exact integer arithmetic."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from trendcore_kernels.spec import Ints, Words
from trendcore_kernels.spec.draws import TOP_LEVEL

#: bits of the fixed point in which probabilities are summed: far more than the 64 that are kept
_BITS = 256
_WORD_BITS = 64


@dataclass(frozen=True)
class PoissonTables:
    """Thresholds of Poisson(2^j) for each level j, as `poisson_draws` takes them.

    Attributes
    ----------
    thresholds
        (T,) of level j, ascending, the numbers floor(2^64 P(X <= k)) that are neither 0 nor 2^64 - 1.
    starts
        (J+1,) where those of each level begin.
    least
        (J,) k of the first of them.
    """

    thresholds: Words
    starts: Ints
    least: Ints


@cache
def poisson_tables() -> PoissonTables:
    """Thresholds of all levels; computed once, in some hundredths of a second.

    Examples
    --------
    >>> tables = poisson_tables()
    >>> float(tables.thresholds[0]) / 2.0**64  # P(X = 0) at rate 1
    0.36787944117144...
    """
    levels = [_level(1 << j) for j in range(TOP_LEVEL + 1)]
    thresholds = np.array([t for level, _ in levels for t in level], dtype=np.uint64)
    starts = np.cumsum([0, *(len(level) for level, _ in levels)], dtype=np.int64)
    least = np.array([k for _, k in levels], dtype=np.int64)
    for array in (thresholds, starts, least):
        array.flags.writeable = False
    return PoissonTables(thresholds, starts, least)


def _level(rate: int) -> tuple[list[int], int]:
    """Thresholds of Poisson(rate), and k of the first: probabilities as multiples of that of k = rate."""
    one = 1 << _BITS
    below: list[int] = []
    term, k = one, rate
    while term and k > 0:
        term = term * k // rate
        k -= 1
        below.append(term)
    terms = [*reversed(below), one]
    term, last = one, rate
    while term:
        last += 1
        term = term * rate // last
        terms.append(term)
    total, cumulative, first = sum(terms), 0, rate - len(below)
    found, least = [], first
    for number, term in enumerate(terms):
        cumulative += term
        threshold = (cumulative << _WORD_BITS) // total
        if threshold == 0:
            least = first + number + 1
        elif threshold < (1 << _WORD_BITS) - 1:
            found.append(threshold)
    return found, least
