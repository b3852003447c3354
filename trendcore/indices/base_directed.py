"""Symbols of a directed tally (invented in a, owned in b): flows, and each country's works on either side.

``c`` patents invented in a and owned in b; ``x`` those invented in a. In rows of one country ``abroad`` and
``own`` depend on the index: of the inventions of a those owned abroad (`shia`), or of what a owns those
invented abroad (`shai`). All over the works of which both sides are known.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from trendcore.indices.base import CELL, A, B, Base, any_country, any_pair, kind_of_row, number
from trendcore.indices.catalogue import Request

if TYPE_CHECKING:
    from trendcore.tallies import Tally

_COUNTRY_SYMBOLS = {
    "shia": {"abroad": "works_abroad", "own": "works"},
    "shai": {"abroad": "partner_abroad", "own": "partner_works"},
}


def directed_base(tally: Tally, wanted: list[Request], *, zeros: bool) -> Base:
    """Rows and symbols of a directed tally for some requests.

    Parameters
    ----------
    tally
        A tally of kind ``directed``.
    wanted
        Requests, see `catalogue.requests`.
    zeros
        Add a row for each member with inventions and other member with owned ones in the cell.
    """
    by = tuple(tally.meta.by)
    numbering = number(
        by,
        [tally.pairs, tally.members, tally.totals],
        [tally.members["member"], tally.pairs["a"], tally.pairs["b"]],
    )
    pairs = numbering.encode(tally.pairs, **{A: "a", B: "b"}).select(CELL, A, B, "joint")
    members = numbering.encode(tally.members, _m="member")
    parts = []
    if any_pair(wanted):
        parts.append(_pair_rows(pairs, members, zeros=zeros))
    if any_country(wanted):
        counts = ["works", "partner_works", "works_abroad", "partner_abroad"]
        parts.append(members.select(CELL, pl.col("_m").alias(A), pl.lit(0, pl.UInt32).alias(B), *counts))
    rows = pl.concat(parts, how="diagonal") if parts else pairs.clear()
    rows = rows.sort(CELL, A, B).with_columns(kind_of_row())
    pair_symbols = {"c": "joint", "joint": "joint", "x": "x"}
    columns = {each.column: _COUNTRY_SYMBOLS.get(each.index.name, pair_symbols) for each in wanted}
    return Base(numbering.cells, numbering.names, rows, columns)


def _pair_rows(pairs: pl.DataFrame, members: pl.DataFrame, *, zeros: bool) -> pl.DataFrame:
    if zeros:
        inventing = members.filter(pl.col("works") > 0).select(CELL, pl.col("_m").alias(A))
        owning = members.filter(pl.col("partner_works") > 0).select(CELL, pl.col("_m").alias(B))
        grid = inventing.join(owning, on=CELL).filter(pl.col(A) != pl.col(B))
        pairs = grid.join(pairs, on=[CELL, A, B], how="full", coalesce=True).with_columns(
            pl.col("joint").fill_null(0)
        )
    inventions = members.select(CELL, pl.col("_m").alias(A), pl.col("works").alias("x"))
    return pairs.join(inventions, on=[CELL, A], how="left")
