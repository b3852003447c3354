"""How fast a pair grows beside the world and beside all that it does: `relative_growth`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np
import polars as pl

from trendcore.errors import InputError, SchemaError, UsageError
from trendcore.indices import SMALL_COUNT
from trendcore.trends import poisson
from trendcore.trends.flags import joined
from trendcore.trends.keys import OF_ROWS, TIME, Ints, Table, brought, numbered
from trendcore.trends.series import Bools, Floats, Series, collect

#: the pseudo-field of all works, and the column of fields
ALL: Final = "all"
FIELD: Final = "field"
#: growth relative to nothing
ALONE: Final = "growth"
#: growth relative to all that the pair does
OWN: Final = "growth_own"
#: with fewer years an interval of the slope is as wide as any slope that is seen
FEWEST_YEARS: Final = 5
#: smaller numbers are no counts, and their squares would vanish
_SMALLEST: Final = 1e-100
#: parts of sums may be so much greater than these by rounding
_ROUNDING: Final = 1e-9


def growth_columns(name: str) -> tuple[str, ...]:
    """Names of the columns of `fitted`.

    Examples
    --------
    >>> growth_columns("growth")
    ('growth', 'growth_lo', 'growth_hi', 'growth_doubling', 'growth_flag')
    """
    return tuple(f"{name}{end}" for end in ("", "_lo", "_hi", "_doubling", "_flag"))


#: of the result, beside the keys
COLUMNS: Final = (
    "n", "first", "last", "count", *growth_columns(ALONE), *growth_columns("growth_world"),
    *growth_columns(OWN), "flag",
)  # fmt: skip


def relative_growth(
    table: Table,
    *,
    world: Table | None = None,
    time: str = "year",
    value: str = "value",
    by: Sequence[str] | None = None,
    level: float = 0.95,
    complete: Table | None = None,
    keep_incomplete: bool = False,
    fill: float | None = 0,
    min_years: int = FEWEST_YEARS,
) -> pl.DataFrame:
    """Growth of counts alone, relative to the world, and relative to the pair's own works in all fields.

    Parameters
    ----------
    table
        A row for each count (joint works of a pair), see `trendcore.trends.trend`; not an index.
    world
        Frame of time, ``value`` and keys of cells: works, or joint works, of the world. None: the sums of
        the table over a, b, index and member in each cell, for which the table has to hold all pairs; not
        known in years in which one of them is left out as incomplete.
    time, value, by, complete, keep_incomplete
        See `trendcore.trends.trend`.
    level
        Of the intervals; 0.95, as in `trendcore.trends.trend`.
    fill
        Count of a year without a row where the cell has rows. 0 (default): a published table has no rows
        for pairs without joint works, and a year that is left out would make a fit grow where it shrinks.
    min_years
        Series of fewer years get no fit. 5: with fewer any growth that is seen lies in the interval.

    Returns
    -------
    pl.DataFrame
        A row a series, sorted by key: n, first, last, count (their sum); then for each of ``growth`` (of the
        counts alone), ``growth_world`` and ``growth_own``: the slope of the logarithm a year, ``_lo`` and
        ``_hi``, ``_doubling`` (ln 2 / slope, in years; null where it does not grow) and ``_flag``:
        ``too_short``, ``all_zero``, ``at_one_end`` (counts in the first or the last year only: the slope is
        infinite), ``nothing_to_compare`` (counts are the whole: one pair, or one field), ``no_field``
        (the table has no column of that name, and so no own works), ``unknown_total`` (years were left out
        for which there is no total). flag: ``no_values``, ``small_count`` (fewer than 5 in all: any growth
        may be chance), ``gaps``, ``incomplete_years_left_out``. exp(slope) - 1 is the yearly rate.

    Raises
    ------
    InputError
        A count is negative, or greater than the total that it is part of; a total is negative or infinite.
    SchemaError, UsageError
        See `trendcore.trends.trend`.

    Notes
    -----
    Poisson regression with logarithmic link and the logarithm of the total as offset (McCullagh & Nelder
    1989, Generalized Linear Models, ch. 6): years of 0 stay in, which a regression of logarithms loses. The
    interval is of Student's t with the variance of the fit, multiplied by the mean of Pearson's squares where
    that is above 1 (quasi-likelihood). Own works are those of the pseudo-field ``all`` where the table has
    it, else the sum over fields, in which a work of two fields counts twice; null without a column ``field``.

    Examples
    --------
    >>> years = list(range(2000, 2010))
    >>> rows = {"a": ["JP"] * 10 + ["US"] * 10, "year": years * 2}
    >>> rows["value"] = [2**i for i in range(10)] + [10 * 2**i for i in range(10)]
    >>> found = relative_growth(pl.DataFrame(rows))
    >>> found.select(pl.col("growth", "growth_doubling", "growth_world").round(6)).row(0)
    (0.693147, 1.0, 0.0)
    """
    if not 0 < level < 1:
        raise UsageError(f"level is between 0 and 1, not {level}")
    if min_years < 2:
        raise UsageError(f"min_years is at least 2, not {min_years}: one year has no growth")
    series = collect(
        table, time=time, values=[value], by=by, complete=complete, keep_incomplete=keep_incomplete,
        fill=fill, columns=COLUMNS,
    )  # fmt: skip
    check_counts(series, value, time)
    totals = {
        ALONE: np.ones(len(series.years)),
        "growth_world": world_totals(series, value, world, time),
        OWN: _own_totals(series, value),
    }
    columns: list[pl.Series] = []
    for name, whole in totals.items():
        columns += fitted(series, value, name, whole, level, min_years)
    flags = {
        "no_values": series.n == 0,
        "small_count": (series.n > 0) & (series.sums(series.values[value]) < SMALL_COUNT),
        "gaps": series.has_gaps,
        "incomplete_years_left_out": series.left_out,
    }
    some = pl.Series(series.n > 0)
    ends = {name: end(series.years) for name, end in (("first", series.first), ("last", series.last))}
    return series.keys.select(
        pl.all(),
        n=pl.Series(series.n),
        **{name: pl.when(some).then(pl.Series(each)) for name, each in ends.items()},
        count=pl.when(some).then(pl.Series(series.sums(series.values[value]))),
    ).with_columns(*columns, flag=joined(flags))


def check_counts(series: Series, value: str, time: str) -> None:
    """Refuse counts below 0, and between 0 and 1e-100.

    Raises
    ------
    InputError
        There is one.

    Examples
    --------
    >>> rows = pl.DataFrame({"year": [2000], "value": [-1]})
    >>> check_counts(collect(rows, time="year", values=["value"], by=None), "value", "year")
    Traceback (most recent call last):
    trendcore.errors.InputError: value is a count, and below 0 first in year 2000
    """
    below = series.values[value] < 0
    if below.any():
        raise InputError(f"{value} is a count, and below 0 first in {time} {series.years[np.argmax(below)]}")
    tiny = (series.values[value] > 0) & (series.values[value] < _SMALLEST)
    if tiny.any():
        year = series.years[np.argmax(tiny)]
        raise InputError(f"{value} is a count, and below {_SMALLEST:g} first in {time} {year}")


def world_totals(series: Series, value: str, world: Table | None, time: str) -> Floats:
    """(E,) total of the world in the cell and year of each observation; NaN where it is not known.

    Parameters
    ----------
    series, value
        Counts by the name of their values.
    world, time
        See `relative_growth`.

    Examples
    --------
    >>> rows = pl.DataFrame({"a": ["JP", "US"], "year": [2000, 2000], "value": [1, 2]})
    >>> found = collect(rows, time="year", values=["value"], by=None)
    >>> world_totals(found, "value", None, "year")
    array([3., 3.])
    """
    cells = [name for name in series.keys.columns if name not in OF_ROWS]
    if world is None:
        return _totals(series, series.values[value], numbered(series.keys, cells))
    rows = world.lazy().collect()
    missing = [name for name in (time, value) if name not in rows.columns]
    if missing:
        raise SchemaError(f"world has no column {', '.join(missing)}; there are {', '.join(rows.columns)}")
    if not (rows.schema[value].is_numeric() or rows.schema[value] == pl.Null):
        raise SchemaError(f"column {value!r} of world holds {rows.schema[value]}; totals are numbers")
    total = rows[value].cast(pl.Float64).alias("_value")
    if (total.is_infinite() | (total < 0)).any():
        raise InputError(f"{value} of world is negative or infinite")
    given = brought(rows, {name: series.keys.schema[name] for name in cells}, time, total, "world")
    on = given.columns[:-2]
    twice = given.filter(given.select(*on, TIME).is_duplicated())
    if twice.height:
        raise InputError(f"world has two rows of {dict(zip([*on, time], twice.row(0), strict=False))}")
    asked = pl.DataFrame([*series.keys[series.of].select(on), pl.Series(TIME, series.years)])
    joined_on = asked.join(given, on=[*on, TIME], how="left", nulls_equal=True, maintain_order="left")
    return joined_on["_value"].fill_null(np.nan).to_numpy()


def _own_totals(series: Series, value: str) -> Floats:
    """(E,) counts of the same pair and year in all fields; NaN where there are no fields."""
    keys, counts = series.keys, series.values[value]
    if FIELD not in keys.columns:
        return np.full(len(counts), np.nan)
    number = numbered(keys, [name for name in keys.columns if name != FIELD])
    is_all = keys.select(pl.col(FIELD).cast(pl.String).eq_missing(ALL)).to_series().to_numpy()
    if not is_all.any():
        return _totals(series, counts, number)
    of_all = is_all[series.of]
    own = _sums(series, np.where(of_all, counts, 0), number)
    known = _sums(series, of_all.astype(np.float64), number) > 0
    return np.where(known, own, np.nan)


def _totals(series: Series, entries: Floats, number: Ints) -> Floats:
    """(E,) sums as of `_sums`; NaN in years in which one of the series of that number is left out."""
    sums = _sums(series, entries, number)
    if not len(series.left_of) or not len(sums):
        return sums
    low = min(int(series.years.min()), int(series.left_years.min()))
    span = max(int(series.years.max()), int(series.left_years.max())) - low + 1
    cell, left = (
        number[of] * span + (years - low)
        for of, years in ((series.of, series.years), (series.left_of, series.left_years))
    )
    return np.where(np.isin(cell, left), np.nan, sums)


def _sums(series: Series, entries: Floats, number: Ints) -> Floats:
    """(E,) sums of entries over the series of the same number in the same year."""
    if not len(entries):
        return entries
    low, span = int(series.years.min()), int(np.ptp(series.years)) + 1
    cell = number[series.of] * span + (series.years - low)
    sums: Floats = np.bincount(cell, weights=entries).astype(np.float64)[cell]
    return sums


def fitted(
    series: Series, value: str, name: str, whole: Floats, level: float, min_years: int
) -> list[pl.Series]:
    """Columns of the growth relative to a total, which is NaN where it is not known.

    Raises
    ------
    InputError
        There are counts greater than the total.
    """
    counts = series.values[value]
    if name != ALONE:
        greater = counts > whole * (1 + _ROUNDING)
        if greater.any():
            at = np.argmax(greater)
            raise InputError(
                f"{name}: a count of {counts[at]:g} is greater than the total of {whole[at]:g}, first in "
                f"{series.years[at]}"
            )
    unknown: Bools = np.isnan(whole)
    no_field = np.full(len(series.n), name == OWN and FIELD not in series.keys.columns)
    with_total = replace(series, values={"counts": counts, "whole": whole})
    compared = with_total.keep(~unknown & (whole > 0))
    found = poisson.fit(compared, "counts", "whole", level, min_years)
    other = compared.sums((compared.values["counts"] != compared.values["whole"]).astype(np.int64))
    itself = (name != ALONE) & (compared.n > 0) & (other == 0) & ~found.all_zero
    flags = {
        "too_short": (series.n > 0) & (compared.n < min_years) & ~itself & ~no_field,
        "all_zero": found.all_zero,
        "at_one_end": found.at_one_end,
        "nothing_to_compare": itself,
        "no_field": no_field,
        "unknown_total": ~no_field & (series.sums(unknown.astype(np.int64)) > 0),
    }
    growing = found.slope > 0
    doubling = np.log(2) / np.where(growing, found.slope, np.nan)
    columns = {"": found.slope, "_lo": found.low, "_hi": found.high, "_doubling": doubling}
    return [
        *(
            pl.Series(f"{name}{end}", np.where(itself, np.nan, each), nan_to_null=True)
            for end, each in columns.items()
        ),
        joined(flags).alias(f"{name}_flag"),
    ]
