"""Trends that are published: of every series of a pair or a country, over its last complete years.

Only pairs with joint works or trade have rows in the tables of indices. For a trend a year without a row is
one of no joint works, or of no trade, where both countries have works, or trade; else it is not known and
left out. An index that is not one number without joint works (`pmi`, `z`) has no trends: years without them
could only be left out, and the series would be one of its better years.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import polars as pl

from trendcore.indices import registry
from trendcore.trends.told import spoken_of, with_no_joint_works
from trendcore.update.works import CELL

SERIES: Final = ("source", "role", "field")
#: the correction for autocorrelation is not to be had from so few years: of series of 10 independent values
#: it calls 7 in 100 a trend, the plain test 5, and its p go below 2/10!, which no order of 10 values can have
TEST: Final = "original"
#: what of a trend is published, see `trendcore.trends.trend`
_FOUND: Final = (
    "n", "first", "last", "slope", "slope_lo", "slope_hi", "tau", "p", "direction", "test", "flag",
)  # fmt: skip
#: table of indices -> where it is told who has works or trade
_ENDS: Final = {
    "indices": "members", "ownership_indices": "ownership_members", "trade_indices": "trade_flows",
}  # fmt: skip
#: tables that trends are made of, beside coverage
SERIES_TABLES: Final = tuple(dict.fromkeys([*_ENDS, *_ENDS.values()]))
_KEY: Final = (*SERIES, "a", "b", "index", "counting", "marginals")


def last_years(coverage: pl.DataFrame, years: int) -> pl.DataFrame:
    """Return the cells of the last complete years of each source, role and field that can be spoken of.

    Examples
    --------
    >>> cells = {"source": "s", "role": "r", "field": "ai", "year": [2018, 2019, 2020], "value": None}
    >>> cells |= {"works_known": [3, 0, 2], "year_complete": True}
    >>> last_years(pl.DataFrame(cells), 2)["year"].to_list()
    [2018, 2020]
    """
    newest = pl.col("year").rank("ordinal", descending=True).over(SERIES)
    return spoken_of(coverage).filter(newest <= years).select(CELL)


def changed_series(window: pl.DataFrame, before: pl.DataFrame, anew: pl.Expr) -> pl.DataFrame:
    """Return the source, role and field of series with another window than before, or with a cell made anew.

    Parameters
    ----------
    window, before
        Cells of the last complete years, now and in the release before.
    anew
        Which cells were made anew.

    Examples
    --------
    >>> key = {"source": "s", "role": "r", "field": "ai"}
    >>> before = pl.DataFrame({**key, "year": [2018, 2019]})
    >>> changed_series(before, before, pl.col("year") == 2017).height
    0
    >>> changed_series(before, before, pl.col("year") == 2018).height
    1
    """
    other = [one.join(two, on=list(CELL), how="anti") for one, two in ((window, before), (before, window))]
    changed = pl.concat([frame.select(SERIES) for frame in [*other, window.filter(anew)]])
    return changed.unique().sort(SERIES)


def trends(tables: Mapping[str, pl.DataFrame], years: int, backend: str) -> pl.DataFrame:
    """Make the table of trends of a release.

    Parameters
    ----------
    tables
        The tables of the release.
    years
        How many of the last complete years a trend is over, at most.
    backend
        Of the kernels; every one gives the same bytes.

    Returns
    -------
    pl.DataFrame
        source, role, field, a, b, index, counting, marginals, and of `trendcore.trends.trend`: n, first,
        last, slope, slope_lo, slope_hi, tau, p, direction, test, flag. Series without any value have no row.
    """
    window = last_years(tables["coverage"], years)
    parts = []
    for name, ends in _ENDS.items():
        conventions = tables["conventions"].filter(pl.col("table") == name)
        grid, pairs = _grid(tables[name], tables[ends], window)
        for row in conventions.iter_rows(named=True):
            value = _value(row, trade=name == "trade_indices")
            if value is not None:
                parts.append(_of_index(grid.filter(_rows(row)), pairs, value, row, backend))
    return pl.concat(parts).sort(_KEY, nulls_last=True)


def _grid(wide: pl.DataFrame, ends: pl.DataFrame, window: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Give each pair, numbered, a row for each year of the window, and tell who has works or trade in it."""
    rows = wide.join(window, on=list(CELL), how="semi")
    pairs = rows.select(*SERIES, "a", "b").unique().sort(pl.all(), nulls_last=True).with_row_index("_series")
    grid = pairs.join(window, on=list(SERIES))
    grid = grid.join(rows.with_columns(_listed=True), on=[*CELL, "a", "b"], how="left", nulls_equal=True)
    for end in ("a", "b"):
        for column, there in _there(ends).items():
            known = there.rename({"member": end}).with_columns(pl.lit(True).alias(f"{column}_{end}"))
            grid = grid.join(known, on=[*CELL, end], how="left")
    return grid, pairs


def _there(ends: pl.DataFrame) -> dict[str, pl.DataFrame]:
    """Cells and members that have works, and works abroad; or that export, and import."""
    if "member" not in ends.columns:
        return {
            side: ends.select(*CELL, pl.col(side).alias("member")).unique()
            for side in ("exporter", "importer")
        }
    sizes = [name for name in ("works", "works_intl") if name in ends.columns]
    return {name: ends.filter(pl.col(name) > 0).select(*CELL, "member") for name in sizes}


def _rows(row: Mapping[str, Any]) -> pl.Expr:
    """Rows of an index: of a country, of a pair once, or of both ways."""
    if row["subject"] == "country":
        return pl.col("b").is_null()
    return pl.col("b").is_not_null() if row["directed"] else pl.col("a") < pl.col("b")


def _value(row: Mapping[str, Any], *, trade: bool) -> pl.Expr | None:
    """Value of an index in each year; None where there is none without joint works."""
    entry, column = registry()[row["index"]], pl.col(row["column"])
    if entry.subject == "country":
        return column
    if trade:
        # `out` is what a sells to b, `back` what it buys there
        sides = {"out": ("exporter", "importer"), "back": ("importer", "exporter")}
        way = next((sides[name] for name in ("out", "back") if name in entry.needs), None)
        nothing = None if way is None else 0.0
        needed = [] if way is None else [f"{way[0]}_a", f"{way[1]}_b"]
    else:
        nothing = with_no_joint_works(row["index"])
        size = "works" if row["marginals"] == "docs_all" else "works_intl"
        needed = [f"{size}_{end}" for symbol, end in (("x", "a"), ("y", "b")) if symbol in entry.needs]
        if nothing is None:
            return None
    known = pl.all_horizontal(pl.col("_listed").is_null(), *(pl.col(name) for name in needed))
    return pl.when(known).then(pl.lit(nothing, pl.Float64)).otherwise(column.cast(pl.Float64))


def _of_index(
    grid: pl.DataFrame, pairs: pl.DataFrame, value: pl.Expr, row: Mapping[str, Any], backend: str
) -> pl.DataFrame:
    from trendcore.trends import trend

    series = grid.select("_series", "year", value.cast(pl.Float64).alias("value"))
    found = trend(series, by=["_series"], test=TEST, backend=backend).filter(pl.col("n") > 0)
    said = {name: pl.lit(row[name], pl.String) for name in ("index", "counting", "marginals")}
    return found.join(pairs, on="_series").select(
        *SERIES, "a", "b", *(said[name].alias(name) for name in said), *_FOUND
    )
