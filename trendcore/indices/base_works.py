"""Symbols of a tally of works: joint works, and the totals of a, b and the cell in each marginal system.

==========  =====================================  =====================================
symbol      ``docs_int``, ``docs_all``             ``links``, ``matrix``
==========  =====================================  =====================================
``c``       joint works, or their weight in the counting scheme
``x, y``    (international) works of a and of b    link strength: sum of c over partners
``total``   (international) works of the cell      m: sum of c over pairs; or 2m
``deg``                                            partners of a: pairs with c > 0
``abroad``  works of a with a member abroad (rows of one country)
``own``     works of a (rows of one country)
==========  =====================================  =====================================

Document totals are whole counts in every counting scheme; link totals are sums of the scheme's weights.
In a bloc's tally (``universe`` "bloc:...") links are not known.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from trendcore.indices.base import CELL, A, B, Base, any_country, any_pair, both_ways, kind_of_row, number
from trendcore.indices.catalogue import Request

if TYPE_CHECKING:
    from trendcore.tallies import Tally

#: weights are integers in units of 2^-32
UNIT = 2.0**-32

_DOCS = {"docs_int": ("works_intl", "works_intl"), "docs_all": ("works", "works_known")}


def works_base(tally: Tally, wanted: list[Request], *, zeros: bool) -> Base:
    """Rows and symbols of a works tally for some requests.

    Parameters
    ----------
    tally
        A tally of kind ``works``.
    wanted
        Requests, see `catalogue.requests`.
    zeros
        Add a row for each pair of members that have works in the cell.
    """
    by = tuple(tally.meta.by)
    numbering = number(
        by,
        [tally.pairs, tally.members, tally.totals],
        [tally.members["member"], tally.pairs["a"], tally.pairs["b"]],
    )
    pairs = numbering.encode(tally.pairs, **{A: "a", B: "b"})
    members = numbering.encode(tally.members, _m="member")
    totals = numbering.encode(tally.totals)
    parts = []
    if any_pair(wanted):
        parts.append(_pair_rows(pairs, members, totals, wanted, zeros=zeros))
    if any_country(wanted):
        parts.append(_country_rows(members))
    rows = pl.concat(parts, how="diagonal") if parts else pairs.clear()
    if tally.meta.universe.startswith("bloc:"):
        rows = _without_links(rows)
    rows = rows.sort(CELL, A, B).with_columns(kind_of_row())
    return Base(numbering.cells, numbering.names, rows, {each.column: _columns(each) for each in wanted})


def _columns(each: Request) -> dict[str, str]:
    system = each.marginals if each.marginals in _DOCS else f"links:{each.counting}"
    total = f"matrix:{each.counting}" if each.marginals == "matrix" else f"total:{system}"
    return {
        "c": f"c:{each.counting}",
        "joint": "joint",
        "x": f"x:{system}",
        "y": f"y:{system}",
        "total": total,
        "deg": f"x:deg:{each.counting}",
        "abroad": "abroad",
        "own": "own",
    }


def _pair_rows(
    pairs: pl.DataFrame, members: pl.DataFrame, totals: pl.DataFrame, wanted: list[Request], *, zeros: bool
) -> pl.DataFrame:
    """Ordered pairs with their symbols; the reverse rows only where a request is directed."""
    countings = sorted({each.counting for each in wanted if each.index.subject == "pair"})
    pairs = pairs.select(
        CELL, A, B, "joint", *[_raw(counting).alias(f"c:{counting}") for counting in countings]
    )
    links, ends = _links(pairs, countings)
    if zeros:
        pairs = _with_zeros(pairs, members)
    sizes = _sizes(members).join(links, on=[CELL, "_m"], how="full", coalesce=True)
    strengths = [name for name in links.columns if name.startswith(("links:", "deg:"))]
    # a member without pairs has no links; one of whose weights some are not known has unknown links
    sizes = sizes.with_columns(pl.when("_linked").then(pl.col(strengths)).otherwise(0.0)).drop("_linked")
    symbols = [name for name in sizes.columns if name not in (CELL, "_m")]
    for side, code in (("x", A), ("y", B)):
        named = sizes.rename({"_m": code, **{name: f"{side}:{name}" for name in symbols}})
        pairs = pairs.join(named, on=[CELL, code], how="left")
    cells = _cell_sizes(totals).join(ends, on=CELL, how="left")
    totals_of_links = [name for name in ends.columns if name not in (CELL, "_linked")]
    cells = cells.with_columns(pl.when("_linked").then(pl.col(totals_of_links)).otherwise(0.0)).drop(
        "_linked"
    )
    rows = pairs.join(cells, on=CELL, how="left")
    rows = rows.with_columns(pl.col(f"c:{counting}") * _unit(counting) for counting in countings)
    if any(each.index.directed for each in wanted):
        rows = both_ways(rows, {f"x:{name}": f"y:{name}" for name in symbols})
    return rows


def _without_links(rows: pl.DataFrame) -> pl.DataFrame:
    """Forget the link totals: a bloc's tally holds the bloc's own pairs only, so nobody's links are whole."""
    prefixes = ("x:links", "y:links", "x:deg", "y:deg", "total:links", "matrix:")
    return rows.with_columns(
        pl.lit(None, pl.Float64).alias(name) for name in rows.columns if name.startswith(prefixes)
    )


def _raw(counting: str) -> pl.Expr:
    """Joint works or weights as the tally holds them: whole numbers, of works or of 2^-32."""
    return pl.col("joint" if counting == "full" else f"w_{counting}").cast(pl.Int64)


def _unit(counting: str) -> float:
    return 1.0 if counting == "full" else UNIT


def _links(pairs: pl.DataFrame, countings: list[str]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Link strength and partners of each member, and the links of each cell, for each counting scheme.

    Sums are of whole numbers, so that they do not depend on the order of the rows; a sum with a weight that
    is not known is not known. ``_linked`` is true.
    """
    sums = [
        pl.when(pl.col(f"c:{name}").null_count() == 0)
        .then(pl.col(f"c:{name}").sum().cast(pl.Float64) * _unit(name))
        .alias(name)
        for name in countings
    ]
    linked = pl.lit(True).alias("_linked")
    columns = [f"c:{name}" for name in countings]
    ends = pl.concat([pairs.select(CELL, pl.col(code).alias("_m"), *columns) for code in (A, B)])
    partners = [
        pl.when(pl.col(f"c:{name}").null_count() == 0)
        .then((pl.col(f"c:{name}") > 0).sum().cast(pl.Float64))
        .alias(f"deg:{name}")
        for name in countings
    ]
    member = ends.group_by(CELL, "_m").agg(*(each.name.prefix("links:") for each in sums), *partners, linked)
    cell = pairs.group_by(CELL).agg(*(each.name.prefix("total:links:") for each in sums), linked)
    doubled = [(pl.col(f"total:links:{name}") * 2).alias(f"matrix:{name}") for name in countings]
    return member, cell.with_columns(doubled)


def _with_zeros(pairs: pl.DataFrame, members: pl.DataFrame) -> pl.DataFrame:
    """Add the pairs of members that have works in a cell and none together."""
    size = "works" if "works" in members.columns else "works_intl"
    present = members.filter(pl.col(size) > 0) if size in members.columns else members
    left = present.select(CELL, pl.col("_m").alias(A))
    grid = left.join(present.select(CELL, pl.col("_m").alias(B)), on=CELL).filter(pl.col(A) < pl.col(B))
    counts = [name for name in pairs.columns if name not in (CELL, A, B)]
    grid = grid.join(pairs, on=[CELL, A, B], how="full", coalesce=True)
    # a null beside joint works is a weight that is not known
    return grid.with_columns(pl.when(pl.col("joint").is_null()).then(0).otherwise(pl.col(counts)).name.keep())


def _sizes(members: pl.DataFrame) -> pl.DataFrame:
    return members.select(
        CELL, "_m", *[_or_null(members, own).alias(name) for name, (own, _) in _DOCS.items()]
    )


def _cell_sizes(totals: pl.DataFrame) -> pl.DataFrame:
    return totals.select(
        CELL, *[_or_null(totals, cell).alias(f"total:{name}") for name, (_, cell) in _DOCS.items()]
    )


def _or_null(frame: pl.DataFrame, column: str) -> pl.Expr:
    """Take a column, or nulls where published counts did not have it."""
    expression = pl.col(column) if column in frame.columns else pl.lit(None)
    return expression.cast(pl.Float64)


def _country_rows(members: pl.DataFrame) -> pl.DataFrame:
    return members.select(
        CELL,
        pl.col("_m").alias(A),
        pl.lit(0, pl.UInt32).alias(B),
        _or_null(members, "works_intl").alias("abroad"),
        _or_null(members, "works").alias("own"),
    )
