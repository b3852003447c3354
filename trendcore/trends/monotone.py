"""Whether a series rises or falls, how fast, and how sure that is: `trend`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, Literal, get_args

import numpy as np
import polars as pl
from scipy.stats import norm

from trendcore.errors import UsageError
from trendcore.trends import kendall
from trendcore.trends.flags import joined
from trendcore.trends.growth import cagr, log_slope
from trendcore.trends.kernels import call
from trendcore.trends.keys import Ints, Table
from trendcore.trends.series import Bools, Floats, Series, collect

Test = Literal["hamed_rao", "original"]

#: a two-sided p below it is called a trend: the convention of the field
ALPHA: Final = 0.05
#: with four years no order of them has a two-sided p below 2/24
FEWEST_YEARS: Final = 5
#: of the result, beside the keys
COLUMNS: Final = (
    "n", "first", "last", "first_value", "last_value", "cagr", "log_slope", "slope", "slope_lo", "slope_hi",
    "intercept", "s", "var_s", "z", "p", "tau", "tau_b", "direction", "test", "flag",
)  # fmt: skip


def trend(
    table: Table,
    *,
    time: str = "year",
    value: str = "value",
    by: Sequence[str] | None = None,
    level: float = 0.95,
    test: Test = "hamed_rao",
    complete: Table | None = None,
    keep_incomplete: bool = False,
    fill: float | None = None,
    min_years: int = FEWEST_YEARS,
    backend: str = "auto",
) -> pl.DataFrame:
    """Growth, Theil-Sen slope and Mann-Kendall test of every series of an index table.

    Parameters
    ----------
    table
        A row for each value of a series, such as `trendcore.indices.compute` and ``ws.indices()`` give.
    time
        Column of years. Gaps are gaps: slopes and growth take years as they are, not as steps.
    value
        Column of values; null and NaN are missing.
    by
        Key of a series; no column of the result may have its name. None: every column but time, value, other
        numbers that are not whole, and what the tables of this package say of a value (joint, fractional,
        ``w_*``, ``works*``, ``rank*``, n, n_available, sums of totals, complete, verdict, interval, flags),
        so that series of other conventions never mix. Any other column of whole numbers, or of yes and no,
        is a key too; but where it changes along series that the other keys tell apart, it may be a measure,
        and ``by`` has to say (never of replicate, level and product).
    level
        Of the interval of the slope; 0.95, as the field publishes.
    test
        ``hamed_rao`` corrects the variance for autocorrelation, which yearly series have: without it a
        wandering series is called a trend too often. It has its price: of white noise of 10 years and more
        it calls 7 to 9 % a trend at p < 0.05, ``original``, which does not correct, 4.5 to 5 %.
    complete
        Frame with keys, time, and ``complete`` or ``year_complete``, such as ``ws.table("coverage")``.
    keep_incomplete
        By default years that ``complete`` or a ``value_flag`` of incomplete_year says are incomplete are left
        out: the last years of a feed are lower because they are late. A flag is one word: rows with another
        one are left out where it is incomplete_year in their cell and year.
    fill
        Value of a year that has no row while the table has rows of the same cell (all keys but a, b, index
        and member) in that year, or ``complete`` says that it is complete. 0 is right for ``joint`` and
        shares of published pairs, which have rows only where joint > 0, if both countries are covered in
        these years; None (default) takes no row for not known. A year that is left out of a series as
        incomplete stays left out.
    min_years
        Series of fewer years get no slope and no test. 5: with four years no order of them has a two-sided
        p below 0.05.
    backend
        ``auto``, ``cpu``, ``gpu`` or ``reference``; all give the same bits.

    Returns
    -------
    pl.DataFrame
        A row a series, sorted by its key:

        - n, first, last, first_value, last_value: years with a value, the first and last of these.
        - cagr: (last_value / first_value)^(1 / (last - first)) - 1; null where first_value <= 0 or last_value
          < 0, and for one year. log_slope: least-squares slope of the logarithm; null where a value is <= 0.
        - slope: median of (y_j - y_i) / (t_j - t_i); slope_lo, slope_hi: Sen's interval, null where there are
          too few slopes for the level. It takes years for independent. intercept: median(y) - slope
          median(t), the line at time 0.
        - s, var_s, z, p: Mann-Kendall; var_s with ties, and corrected where the test is. z has a correction
          for continuity. p is two-sided. tau: s over all pairs; tau_b: over those that are not tied.
        - direction: ``rising`` or ``falling`` where p < 0.05, else ``none``; null where p is.
        - test: ``hamed_rao``, ``original`` or, below 8 years, ``exact`` (all orders of the values, with their
          ties); null where there is none.
        - flag, joined by commas: ``no_values``, ``too_short`` (below min_years), ``constant`` (all values
          equal: var_s is 0, z and p are null), ``ties``, ``autocorrelation_not_estimated`` (below 10 years
          the test is the one without correction), ``negative_variance`` (the correction leaves none: var_s,
          z and p are null), ``gaps`` (years are missing between first and last; lags of autocorrelation
          count observations), ``incomplete_years_left_out``.

    Raises
    ------
    SchemaError, InputError
        A column is missing or of a wrong type; a series has a year twice; a value is infinite; years are
        more than 10,000 apart.
    UsageError
        An argument is out of range; a key has the name of a column of the result, or it cannot be told
        whether a column is a key.
    BackendError
        The backend cannot be used here.

    Notes
    -----
    Mann (1945) Econometrica 13, 245; Kendall (1975) Rank Correlation Methods; Theil (1950) Proc. Kon. Ned.
    Akad. Wetensch. 53; Sen (1968) JASA 63, 1379 (interval: his eq. 2.6); Conover (1980) Practical
    Nonparametric Statistics (intercept); Hamed & Rao (1998) J. Hydrology 204, 182: the variance is multiplied
    by 1 + 2 / (n(n - 1)(n - 2)) times the sum of (n - l)(n - l - 1)(n - l - 2) r(l), where r(l) is the
    autocorrelation at lag l of the ranks of y - slope t, over lags with abs(r) > 1.96 / sqrt(n). Nothing is
    done here for testing many series at once.

    Examples
    --------
    >>> years, values = list(range(2010, 2020)), [12, 14, 13, 17, 16, 20, 19, 24, 22, 28]
    >>> found = trend(pl.DataFrame({"year": years, "value": values}), test="original")
    >>> found.select("n", "slope", pl.col("slope_lo").round(6), "slope_hi", "direction").row(0)
    (10, 1.5, 1.142857, 2.0, 'rising')
    """
    _check(level, test, min_years)
    series = collect(
        table,
        time=time,
        values=[value],
        by=by,
        complete=complete,
        keep_incomplete=keep_incomplete,
        fill=fill,
        columns=COLUMNS,
    )
    long = series.n >= min_years
    part = series.keep(long[series.of])
    return _table(series, value, long, line_and_test(part, value, level, test, backend))


def _check(level: float, test: str, min_years: int) -> None:
    if not 0 < level < 1:
        raise UsageError(f"level is between 0 and 1, not {level}")
    if test not in get_args(Test):
        raise UsageError(f"no test {test!r}: choose one of {', '.join(get_args(Test))}")
    if min_years < 2:
        raise UsageError(f"min_years is at least 2, not {min_years}: one year has no trend")


def line_and_test(series: Series, value: str, level: float, test: str, backend: str) -> dict[str, Any]:
    """Columns (W,) of the line and of the test; what they say of series without years is nothing.

    Parameters
    ----------
    series, value
        Series, and the name of their values.
    level, test, backend
        See `trend`.

    Examples
    --------
    >>> rows = pl.DataFrame({"year": range(5), "value": [1.0, 2.0, 4.0, 3.0, 5.0]})
    >>> series = collect(rows, time="year", values=["value"], by=None)
    >>> line_and_test(series, "value", 0.95, "original", "cpu")["s"]
    array([8])
    """
    n, offsets, values = series.n, series.offsets, series.values[value]
    counts = call("mann_kendall", backend, offsets, values)
    var = kendall.variance(n, counts.ties)
    line = call("theil_sen", backend, offsets, series.years, values, *_ranks(n, var, level))
    exact, corrected = kendall.has_exact(n), np.zeros(len(n), dtype=np.bool_)
    negative = corrected.copy()
    used = var
    if test == "hamed_rao":
        corrected = (n >= kendall.FEWEST_CORRECTED) & (var > 0)
        bound = norm.ppf(1 - ALPHA / 2) / np.sqrt(np.maximum(n, 1))
        found = call("hamed_rao", backend, offsets, series.years, values, np.nan_to_num(line.slope), bound)
        used = np.where(corrected, kendall.corrected(np.maximum(n, 3), var, found.weight), var)
        negative = corrected & np.isnan(used)
    z = kendall.z_score(counts.s, used)
    p = kendall.normal_p(z)
    p[exact] = kendall.exact_p(
        *(each[exact] for each in (counts.s, np.maximum(n, 1), counts.tied_pairs, counts.ties))
    )
    p[~(used > 0)] = np.nan
    pairs = n * (n - 1) // 2
    untied = pairs - counts.tied_pairs
    return {
        "slope": line.slope,
        "slope_lo": line.low,
        "slope_hi": line.high,
        "intercept": line.intercept,
        "s": counts.s,
        "var_s": used,
        "z": z,
        "p": p,
        "tau": counts.s / np.maximum(pairs, 1),
        "tau_b": counts.s / np.sqrt(np.where(untied > 0, untied * pairs, np.nan)),
        "_kind": np.where(np.isnan(p), 3, np.where(exact, 2, np.where(corrected, 0, 1))),
        "constant": (var <= 0) & (n > 0),
        "ties": counts.ties > 0,
        "autocorrelation_not_estimated": (test == "hamed_rao") & ~corrected & (var > 0),
        "negative_variance": negative,
    }


def _ranks(n: Ints, var: Floats, level: float) -> tuple[Ints, Ints]:
    """(W,) ranks of the slopes that are the ends of Sen's interval; -1 where there is none."""
    pairs = n * (n - 1) // 2
    reach = norm.ppf(0.5 + level / 2) * np.sqrt(np.maximum(var, 0))
    low = np.rint((pairs - reach) / 2).astype(np.int64) - 1
    high = np.rint((pairs + reach) / 2).astype(np.int64)
    there = (var > 0) & (low >= 0) & (high < pairs)
    return np.where(there, low, -1), np.where(there, high, -1)


def _table(series: Series, value: str, long: Bools, found: dict[str, Any]) -> pl.DataFrame:
    n = series.n
    some = pl.Series(n > 0)
    is_long = pl.Series(long)
    first, last = series.first(series.years), series.last(series.years)
    values = series.values[value]
    ends = {
        "n": n,
        "first": first,
        "last": last,
        "first_value": series.first(values),
        "last_value": series.last(values),
        "cagr": cagr(series, value),
        "log_slope": log_slope(series, value),
    }
    flags: dict[str, Bools] = {
        "no_values": n == 0,
        "too_short": ~long & (n > 0),
        **{name: found.pop(name) & long for name in _FLAGS_OF_TESTS},
        "gaps": series.has_gaps,
        "incomplete_years_left_out": series.left_out,
    }
    kind = pl.Series(found.pop("_kind"))
    tests = [
        pl.when(is_long).then(pl.Series(name, array, nan_to_null=True)).alias(name)
        for name, array in found.items()
    ]
    frame = series.keys.select(
        pl.all(),
        *(
            pl.when(some | (name == "n")).then(pl.Series(name, each, nan_to_null=True)).alias(name)
            for name, each in ends.items()
        ),
        *tests,
    )
    significant = pl.col("p") < ALPHA
    return frame.with_columns(
        direction=pl.when(significant & (pl.col("s") > 0))
        .then(pl.lit("rising"))
        .when(significant & (pl.col("s") < 0))
        .then(pl.lit("falling"))
        .when(pl.col("p").is_not_null())
        .then(pl.lit("none")),
        test=pl.when(is_long).then(kind.replace_strict(_TESTS, return_dtype=pl.String)),
        flag=joined(flags),
    )


_TESTS: Final = {0: "hamed_rao", 1: "original", 2: "exact", 3: None}
_FLAGS_OF_TESTS: Final = ("constant", "ties", "autocorrelation_not_estimated", "negative_variance")
