"""Growth of counts relative to what they are part of: a Poisson fit with a logarithmic link and an offset."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.stats import t as student

from trendcore.trends.series import Bools, Floats, Series

#: slopes beyond it, in logarithms a year, are those of no counts
_STEEPEST: Final = 100.0
#: Newton's steps that are far more than a fit takes; halving alone needs 60
_STEPS: Final = 100
#: a step so small is the last one, and a slope so small is none
_STILL: Final = 1e-12


@dataclass(frozen=True)
class Growth:
    """Fits of series; NaN where there is none.

    Attributes
    ----------
    slope, low, high
        (W,) growth of the logarithm a year, and its interval.
    all_zero, at_one_end
        (W,) why there is no fit: no counts; counts in the first or the last year only, whose slope is
        infinite.
    """

    slope: Floats
    low: Floats
    high: Floats
    all_zero: Bools
    at_one_end: Bools


def fit(series: Series, counts: str, whole: str, level: float, least: int) -> Growth:
    """Fit ln E(count) = a + slope t + ln(whole) to each series.

    Parameters
    ----------
    series
        Counts and what they are part of, which is more than 0.
    counts, whole
        Names of these values.
    level
        Of the interval.
    least
        Years without which nothing is fitted.

    Examples
    --------
    >>> import polars as pl
    >>> from trendcore.trends.series import collect
    >>> rows = pl.DataFrame({"year": [2000, 2001, 2002], "c": [10, 20, 40], "w": [100, 100, 100]})
    >>> found = fit(collect(rows, time="year", values=["c", "w"], by=None), "c", "w", 0.95, 3)
    >>> float(found.slope[0]) - float(np.log(2)) < 1e-12
    True
    """
    c, of, n = series.values[counts], series.of, series.n
    total = series.sums(c)
    all_zero = (n > 0) & (total <= 0)
    ends = [end(c) >= total for end in (series.first, series.last)]
    at_one_end = (n > 1) & ~all_zero & (ends[0] | ends[1])
    fitted = (n >= max(least, 2)) & ~all_zero & ~at_one_end
    part = series.keep(fitted[of])
    slope, spread, squares = _newton(part, part.values[counts], part.values[whole])
    free = np.maximum(n - 2, 1)
    scatter = np.maximum(squares / free, 1)  # counts scatter as Poisson's at least
    with np.errstate(divide="ignore", invalid="ignore"):
        error = np.sqrt(scatter / spread)
    reach = student.ppf(0.5 + level / 2, free) * np.where(n > 2, error, np.nan)
    slope = np.where(np.abs(slope) > _STILL, slope, 0.0)
    good = fitted & (np.abs(slope) < _STEEPEST) & (spread > 0)
    slope, low, high = (np.where(good, each, np.nan) for each in (slope, slope - reach, slope + reach))
    return Growth(slope, low, high, all_zero, at_one_end)


def _newton(series: Series, c: Floats, w: Floats) -> tuple[Floats, Floats, Floats]:
    """(W,) slopes at which the mean year of the fit is that of the counts; their information; squares.

    The squares are Pearson's, of counts less expected ones. Given the sum of counts, they are multinomial
    with parts proportional to w exp(slope t): so there is one unknown, and its derivative ascends. Newton's
    step is taken where it stays between what is known to be too low and too high, else half of the way.
    """
    of, total = series.of, np.where(series.sums(c) > 0, series.sums(c), 1)
    years = (series.years - series.first(series.years)[of]).astype(np.float64)
    mean = series.sums(c * years) / total
    years -= mean[of]
    logs = np.log(np.where(w > 0, w, 1))
    slope = np.zeros(len(total))
    low, high = np.full(len(total), -_STEEPEST), np.full(len(total), _STEEPEST)
    for _ in range(_STEPS):
        parts = _parts(series, logs + slope[of] * years)
        ahead = series.sums(parts * years)
        spread = series.sums(parts * (years - ahead[of]) ** 2)
        low, high = np.where(ahead < 0, slope, low), np.where(ahead > 0, slope, high)
        step = slope - ahead / np.where(spread > 0, spread, np.inf)
        inside = (step > low) & (step < high) & (spread > 0)
        following = np.where(ahead == 0, slope, np.where(inside, step, (low + high) / 2))
        moved = np.abs(following - slope) > _STILL * np.maximum(np.abs(slope), 1e-3)
        slope = following
        if not moved.any():
            break
    parts = _parts(series, logs + slope[of] * years)
    expected = parts * total[of]
    ahead = series.sums(parts * years)
    information = series.sums(expected * (years - ahead[of]) ** 2)
    squares = series.sums((c - expected) ** 2 / np.where(expected > 0, expected, 1))
    return slope, information, squares


def _parts(series: Series, logs: Floats) -> Floats:
    """(E,) exponentials that add up to 1 in each series."""
    of = series.of
    if not len(of):
        return logs
    some = np.flatnonzero(series.n)
    most = np.zeros(len(series.n))
    most[some] = np.maximum.reduceat(logs, series.offsets[:-1][some])
    parts: Floats = np.exp(logs - most[of])
    parts /= series.sums(parts)[of]
    return parts
