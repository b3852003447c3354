"""Sobol indices: how much of the variance of an output each input explains, alone and with others.

With A and B two samples of N points, and AB_i the sample A with its column i taken from B:

    S_i  = mean(y_B (y_ABi - y_A)) / V         first order
    ST_i = Σ (y_A - y_ABi)² / (2 N V)          total

V is the sample variance of all of y_A and y_B. Outputs are centred first, which does not change what S_i
estimates and takes the error of a large mean out of it. Both are estimates: noise may take them below 0 or
above 1.

Sources: Saltelli et al. 2010, doi:10.1016/j.cpc.2009.09.018 (table 2, b and f); Jansen 1999,
doi:10.1016/S0010-4655(98)00154-4.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from trendcore.composite.trials import DESIGN, generator
from trendcore.errors import UsageError

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class SobolIndices:
    """Indices of one input for m outputs, each (m,): estimates and intervals; NaN where V is 0."""

    first: Floats
    first_lo: Floats
    first_hi: Floats
    total: Floats
    total_lo: Floats
    total_hi: Floats


def saltelli(n: int, d: int, seed: int) -> tuple[Floats, Floats]:
    """Draw samples A and B of the unit cube, each (n, d): Sobol's sequence, turned by a random point.

    Parameters
    ----------
    n
        A power of two: only then is the sequence balanced.
    d
        Number of inputs.
    seed
        Of the random point.

    Raises
    ------
    UsageError
        ``n`` is no power of two from 2.

    Examples
    --------
    >>> a, b = saltelli(8, 3, seed=1)
    >>> a.shape, bool(((a >= 0) & (a < 1)).all())
    ((8, 3), True)
    """
    if n < 2 or n & (n - 1):
        raise UsageError(f"base: a power of two, such as 256 or 512, not {n}")
    from scipy.stats import qmc

    points = qmc.Sobol(2 * d, scramble=False).random(n)
    turned = (points + generator(seed, DESIGN).random(2 * d)) % 1.0
    return turned[:, :d], turned[:, d:]


def sobol_indices(y_a: Floats, y_b: Floats, y_ab: Floats, weights: Floats | None = None) -> SobolIndices:
    """Estimate the indices of one input for m outputs.

    Parameters
    ----------
    y_a, y_b, y_ab
        Outputs at A, B and AB_i, each (n, m).
    weights
        How often each point is in each of some resamples (n_resamples, n), for intervals: the 2.5 % and
        97.5 % quantiles; None: no intervals.

    Examples
    --------
    >>> a, b = saltelli(1024, 2, seed=1)
    >>> mixed = np.column_stack([b[:, 0], a[:, 1]])
    >>> model = lambda x: (3 * x[:, 0] + x[:, 1])[:, None]
    >>> found = sobol_indices(model(a), model(b), model(mixed))
    >>> found.first.round(1), found.total.round(1)
    (array([0.9]), array([0.9]))
    """
    n = len(y_a)
    centre = (y_a.sum(axis=0) + y_b.sum(axis=0)) / (2 * n)
    a, b, ab = y_a - centre, y_b - centre, y_ab - centre
    once = np.ones((1, n))
    first, total = _estimates(a, b, ab, once)
    none = np.full(first.shape[1], np.nan)
    if weights is None:
        return SobolIndices(first[0], none, none, total[0], none, none)
    firsts, totals = _estimates(a, b, ab, weights)
    low = [_quantile(each, 0.025) for each in (firsts, totals)]
    high = [_quantile(each, 0.975) for each in (firsts, totals)]
    return SobolIndices(first[0], low[0], high[0], total[0], low[1], high[1])


def _estimates(a: Floats, b: Floats, ab: Floats, weights: Floats) -> tuple[Floats, Floats]:
    """First-order and total indices of each resample, each (n_resamples, m)."""
    n = len(a)
    squares = weights @ (a**2 + b**2)
    sums = weights @ (a + b)
    variance = (squares - sums**2 / (2 * n)) / (2 * n - 1)
    # a variance that is rounding error alone is none
    varies = variance > 1e-12 * (squares / (2 * n) + 1e-300)
    with np.errstate(invalid="ignore", divide="ignore"):
        first = (weights @ (b * (ab - a))) / n / variance
        total = (weights @ (a - ab) ** 2) / (2 * n) / variance
    return np.where(varies, first, np.nan), np.where(varies, total, np.nan)


def _quantile(values: Floats, q: float) -> Floats:
    """Take the value at floor(q n) of each column (n_resamples, m); NaN where one of them is."""
    ordered = np.sort(values, axis=0)
    place = min(int(q * len(ordered)), len(ordered) - 1)
    return np.where(np.isnan(ordered[-1]), np.nan, ordered[place])
