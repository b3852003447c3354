"""Mann and Kendall's test: variance, normal and exact p values, correction for autocorrelation."""

from __future__ import annotations

from functools import cache
from itertools import combinations_with_replacement
from typing import Any, Final

import numpy as np
from scipy.stats import norm

from trendcore.trends.keys import Ints
from trendcore.trends.series import Bools, Floats

#: series of fewer years have exact p values: the normal ones are off by up to a third there
FEWEST_NORMAL: Final = 8
#: series of fewer years have too few lags for an autocorrelation to be estimated
FEWEST_CORRECTED: Final = 10


def variance(n: Ints, ties: Ints) -> Floats:
    """(W,) variance of S of n independent values, with ``ties`` the sum of t(t - 1)(2t + 5) over ties.

    Examples
    --------
    >>> variance(np.array([14]), np.array([18])).round(4)
    array([332.6667])
    """
    return (n * (n - 1) * (2 * n + 5) - ties) / 18.0


def z_score(s: Ints, var: Floats) -> Floats:
    """(W,) S less its sign (a correction for continuity) over its standard deviation; NaN without one.

    Examples
    --------
    >>> z_score(np.array([54, 0, 3]), np.array([332.0 + 2 / 3, 5.0, 0.0])).round(5)
    array([2.90584, 0.     ,     nan])
    """
    root = np.sqrt(np.where(var > 0, var, np.nan))
    return (s - np.sign(s)) / root


def normal_p(z: Floats) -> Floats:
    """(W,) two-sided p of the normal distribution.

    Examples
    --------
    >>> normal_p(np.array([2.90584])).round(6)
    array([0.003663])
    """
    p: Floats = 2 * norm.sf(np.abs(z))
    return p


def corrected(n: Ints, var: Floats, weight: Floats) -> Floats:
    """(W,) variance with Hamed and Rao's factor; NaN where the factor is not positive.

    Parameters
    ----------
    n, var
        (W,) observations, of which there are 3 at least, and variance without the factor.
    weight
        (W,) sum of (n - l)(n - l - 1)(n - l - 2) r(l), see the kernel ``hamed_rao``.

    Examples
    --------
    >>> corrected(np.array([10, 10]), np.array([125.0, 125.0]), np.array([72.0, -720.0]))
    array([150.,  nan])
    """
    factor = 1 + 2 / (n * (n - 1) * (n - 2)) * weight
    return np.where(factor > 0, var * factor, np.nan)


def exact_p(s: Ints, n: Ints, tied_pairs: Ints, ties: Ints) -> Floats:
    """(W,) part of all orders of the n values whose S is at least as far from 0.

    Ties stay ties: S is n(n - 1)/2 less the tied pairs less twice the inversions of an order, and inversions
    of orders of a multiset are counted by the coefficients of the q-multinomial (MacMahon 1916). Without ties
    this is Kendall's exact distribution.

    Parameters
    ----------
    s, n, tied_pairs, ties
        (W,) counts of the kernel ``mann_kendall``, and observations: 1 to `FEWEST_NORMAL` - 1.

    Examples
    --------
    >>> one = np.array([1])
    >>> exact_p(10 * one, 5 * one, 0 * one, 0 * one).item() == 2 / 120
    True
    >>> exact_p(2 * one, 3 * one, 1 * one, 18 * one).item() == 2 / 3
    True
    """
    keys, table = _table()
    row = np.searchsorted(keys, _key(n, tied_pairs, ties))
    p: Floats = table[row, np.abs(s)]
    return p


def _key(n: Any, tied_pairs: Any, ties: Any) -> Any:
    """Tell apart all ways in which fewer than 8 values may be tied."""
    return (n * 64 + tied_pairs) * 4096 + ties


@cache
def _table() -> tuple[Ints, Floats]:
    """Keys of all ways to be tied, ascending, and p by them and by the distance of S from 0."""
    most = FEWEST_NORMAL * (FEWEST_NORMAL - 1) // 2
    rows = {}
    for n in range(1, FEWEST_NORMAL):
        for groups in _partitions(n, n):
            tied = sum(t * (t - 1) // 2 for t in groups)
            key = _key(n, tied, sum(t * (t - 1) * (2 * t + 5) for t in groups))
            assert key not in rows
            orders = _inversions(groups)
            distance = np.abs(n * (n - 1) // 2 - tied - 2 * np.arange(len(orders)))
            beyond = distance[None, :] >= np.arange(most)[:, None]
            rows[key] = (beyond * orders).sum(axis=1) / orders.sum()
    keys = sorted(rows)
    return np.array(keys), np.array([rows[key] for key in keys])


def _partitions(n: int, largest: int) -> list[tuple[int, ...]]:
    """Ways to write n as a sum, the largest first."""
    if n == 0:
        return [()]
    return [(part, *rest) for part in range(min(n, largest), 0, -1) for rest in _partitions(n - part, part)]


def _inversions(groups: tuple[int, ...]) -> Ints:
    """How many orders of values tied in groups have 0, 1, 2, ... inversions."""
    orders, placed = np.ones(1, dtype=np.int64), 0
    for size in groups:
        # where the values of a group stand among those placed before: a partition in a box for each choice
        ways = np.zeros(placed * size + 1, dtype=np.int64)
        for before in combinations_with_replacement(range(placed + 1), size):
            ways[sum(before)] += 1
        orders, placed = np.convolve(orders, ways), placed + size
    return orders


def has_exact(n: Ints) -> Bools:
    """(W,) whether series of n observations have exact p values.

    Examples
    --------
    >>> has_exact(np.array([5, 8]))
    array([ True, False])
    """
    return n < FEWEST_NORMAL
