"""Weighted sum of the autocorrelations of ranks that are beyond a bound."""

from __future__ import annotations

import numpy as np

from trendcore_kernels.reference._series import each, signs
from trendcore_kernels.spec import Floats, Ints
from trendcore_kernels.spec.series import HamedRao


def hamed_rao(offsets: Ints, years: Ints, values: Floats, slope: Floats, bound: Floats) -> HamedRao:
    """Add up the autocorrelations of the ranks of what a line leaves.

    The line begins with the slope in the first year. Equal numbers have the mean of their ranks. Lags count
    observations.

    Parameters
    ----------
    offsets
        (W+1,) bounds of the series.
    years, values
        (E,) their years, ascending, and values.
    slope, bound
        (W,) slope of the line, and the autocorrelation of either sign beyond which a lag counts.

    Examples
    --------
    >>> flat = np.arange(6), np.array([1.0, 2.0, 3.0, 4.0, 5.0, 0.0])
    >>> found = hamed_rao(np.array([0, 6]), *flat, np.zeros(1), np.array([0.1]))
    >>> found.weight.round(6), found.lags
    (array([-7.114286]), array([4]))
    """
    weights, lags = [], []
    of_series = zip(each(offsets, years), each(offsets, values), slope.tolist(), bound.tolist(), strict=True)
    for when, what, per_year, most in of_series:
        n = len(what)
        rest = [y - float(t - when[0] + 1) * per_year for t, y in zip(when, what, strict=True)]
        twice = [sum(signs(a, b) for b in rest) for a in rest]  # twice the rank less its mean: a whole number
        weight, used = 0.0, 0
        for lag in range(1, n):
            at_lag = sum(a * b for a, b in zip(twice, twice[lag:], strict=False))
            r = float(at_lag) / float(max(sum(a * a for a in twice), 1))
            if abs(r) > most:
                weight += float((n - lag) * (n - lag - 1) * (n - lag - 2)) * r
                used += 1
        weights.append(weight)
        lags.append(used)
    return HamedRao(np.array(weights, dtype=np.float64), np.array(lags, dtype=np.int64))
