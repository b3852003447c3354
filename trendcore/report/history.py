"""A pair over its years: the series behind the charts of a report."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final

from trendcore.report.pair import (
    CELL,
    OWNED,
    TRADE_SOURCES,
    Known,
    Pair,
    Traders,
    rows_of_cell,
    traders_of,
    ways,
    working_abroad,
)
from trendcore.trends.told import spoken_of, with_no_joint_works

if TYPE_CHECKING:
    import polars as pl

    from trendcore.report.published import Published

Record = dict[str, Any]

#: of so many of the last complete years, at most
YEARS: Final = 20


def histories(
    workspace: Published, pair: Pair, chosen: pl.DataFrame, coverage: pl.DataFrame, release: int | None
) -> list[Record]:
    """Return the series of a pair, one record a source, role and field.

    Parameters
    ----------
    workspace
        Where the tables are from.
    pair
        The two countries.
    chosen
        Published indices of the pair in default conventions, in long form.
    coverage
        The published table, of the fields that are asked for.
    release
        Number of the release.

    Returns
    -------
    list of dict
        source, role, field, kind (works, ownership, trade), years (complete ones), left_out (years that are
        not complete), editions (of the Harmonized System, by year), proxy, and lines: name -> points of year,
        value, lo, hi.
    """
    told = spoken_of(coverage)
    traders, abroad = traders_of(workspace, coverage, release), working_abroad(workspace, told, release)
    found = []
    for cell in coverage.select(CELL).unique().sort(CELL).iter_rows(named=True):
        rows = rows_of_cell(told, cell).sort("year")
        years = rows["year"].to_list()[-YEARS:]
        if not years:
            continue
        known = Known(rows_of_cell(chosen, cell), chosen.clear())
        if cell["source"] in TRADE_SOURCES:
            kind, lines = "trade", _of_trade(known, pair, years, traders(cell))
        elif cell["role"] == OWNED:
            kind, lines = "ownership", _of_ownership(known, pair, years)
        else:
            kind, lines = "works", _of_works(known, pair, years, cell, abroad)
        found.append(cell | {"kind": kind, "years": years, "lines": lines} | _around(coverage, cell, years))
    return found


def _around(coverage: pl.DataFrame, cell: Record, years: Sequence[int]) -> Record:
    """Return what is to be known of a cell beside its series."""
    rows = rows_of_cell(coverage, cell)
    shown = rows.filter(rows["year"].is_in(years)).sort("year")
    editions = shown.select("year", "hs_revision").rows() if "hs_revision" in shown.columns else []
    return {
        "left_out": rows.filter(~rows["year_complete"] & (rows["year"] > years[0]))["year"].sort().to_list(),
        "editions": {year: edition for year, edition in editions if edition is not None},
        "proxy": bool(shown["proxy"].any()),
    }


def _point(known: Known, index: str, year: int, a: str, b: str, nothing: float | None) -> Record:
    """Return a value with its interval; `nothing` where the pair has no row."""
    row = known.row(index, year, a, b)
    value = row["value"] if row else nothing
    return {"year": year, "value": value, "lo": row.get("lo"), "hi": row.get("hi")}


def _of_works(
    known: Known, pair: Pair, years: Sequence[int], cell: Record, abroad: Callable[[Record], set[str]]
) -> dict[str, list[Record]]:
    """Return joint works and Salton's index, which is undefined where one has no international works."""
    ends, nothing = pair.sorted, with_no_joint_works("salton")
    met = {year: set(ends) <= abroad(cell | {"year": year}) for year in years}
    return {
        "joint": [_point(known, "joint", year, *ends, 0.0) for year in years],
        "salton": [
            _point(known, "salton", year, *ends, nothing if met[year] else None) for year in years
        ],
    }  # fmt: skip


def _of_ownership(known: Known, pair: Pair, years: Sequence[int]) -> dict[str, list[Record]]:
    return {
        name: [_point(known, "joint", year, *way, 0.0) for year in years] for name, way in ways(pair).items()
    }


def _of_trade(known: Known, pair: Pair, years: Sequence[int], traders: Traders) -> dict[str, list[Record]]:
    return {
        name: [
            _point(known, "value", year, *way, None) | {"value": known.flow(year, *way, traders)}
            for year in years
        ]
        for name, way in ways(pair).items()
    }
