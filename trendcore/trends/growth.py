"""Growth of series between their ends and along their logarithms."""

from __future__ import annotations

import numpy as np

from trendcore.trends.series import Floats, Series


def cagr(series: Series, name: str) -> Floats:
    """(W,) compound annual growth rate: (last / first)^(1 / years between) - 1.

    NaN where the first value is not positive, the last one is negative, or there are not two years.

    Examples
    --------
    >>> import polars as pl
    >>> from trendcore.trends.series import collect
    >>> rows = pl.DataFrame({"year": [2000, 2002], "value": [1.0, 1.21]})
    >>> cagr(collect(rows, time="year", values=["value"], by=None), "value").round(12)
    array([0.1])
    """
    first, last = series.first(series.values[name]), series.last(series.values[name])
    years = series.last(series.years) - series.first(series.years)
    defined = (series.n > 1) & (first > 0) & (last >= 0)
    with np.errstate(over="ignore"):
        ratio = np.where(defined, last, np.nan) / np.where(defined, first, 1)
        rate: Floats = ratio ** (1 / np.where(defined, years, 1)) - 1
    return np.where(np.isfinite(rate), rate, np.nan)


def log_slope(series: Series, name: str) -> Floats:
    """(W,) least-squares slope of the logarithm of the values; NaN where a value is not positive.

    Examples
    --------
    >>> import polars as pl
    >>> from trendcore.trends.series import collect
    >>> rows = pl.DataFrame({"year": [2000, 2001, 2003], "value": np.exp([1.0, 1.5, 2.5])})
    >>> log_slope(collect(rows, time="year", values=["value"], by=None), "value").round(12)
    array([0.5])
    """
    values, n = series.values[name], series.n
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.log(values)  # not finite where a value is not positive, and so are the sums of its series
    since = (series.years - np.repeat(series.first(series.years), n)).astype(np.float64)
    since -= np.repeat(series.sums(since) / np.maximum(n, 1), n)
    spread = np.where(n > 1, series.sums(since * since), np.nan)
    with np.errstate(invalid="ignore"):
        slope = series.sums(since * logs) / spread
    return np.where(np.isfinite(slope), slope, np.nan)
