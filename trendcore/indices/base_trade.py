"""Symbols of a trade tally: flows between a and b, and the trade of each with everybody.

All are over the products of the cell, in thousandths of a US dollar; the last four rows are for rows of one
country.

===================  ==========================================================================
symbol               meaning
===================  ==========================================================================
``out``, ``back``    exports of a to b; exports of b to a
``exports_a``        exports of a to everybody
``imports_a``        imports of a from everybody; ``imports_b`` those of b
``world``            all trade
``both``             out + back
``imbalance``        sum over products of the difference between the two directions
``overlap_ab``       sum over products of the smaller of a's export share and b's import share
``overlap_exports``  the same of the two export shares
``field``            exports of a of the cell's products; ``world_field`` those of everybody
``goods``            exports of a of all goods; ``world_goods`` those of everybody
``abroad``           imports of a from other countries
``squares``          sum over the other countries of their squared value
===================  ==========================================================================

Missing and zero. A flow that is not listed is zero where its exporter exports something to somebody and its
importer imports something from somebody, in that year and source, of all goods where the tally has them, else
of the cell's products: feeds list positive flows only. Otherwise it is not known. So in one country's import
statistics "Japan to Thailand" is zero when not listed, and "Thailand to Japan" is unknown. Flows of a country
to itself (re-imports) stay in all totals but those of ``squares`` and ``abroad`` and are no pair; a tally
made with ``self_flows="drop"`` has none.

Trade with what is no country (``nes``: areas not elsewhere specified, bunkers, free zones) is part of all
totals: of exports, imports, products and the world. Only ``abroad`` and ``squares`` are without it. It has no
pair and no row.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from trendcore.indices.base import (
    CELL,
    A,
    B,
    Base,
    Numbering,
    any_country,
    any_pair,
    both_ways,
    kind_of_row,
    number,
)
from trendcore.indices.catalogue import Request
from trendcore.indices.overlap import overlaps
from trendcore.tallies.types import NES

if TYPE_CHECKING:
    from trendcore.tallies import TradeTally

_SYMBOLS = (
    "out",
    "back",
    "exports_a",
    "imports_a",
    "imports_b",
    "world",
    "both",
    "imbalance",
    "overlap_ab",
    "overlap_exports",
    "field",
    "goods",
    "world_field",
    "world_goods",
    "squares",
    "abroad",
)
#: rows of a country belong to an index where this is known
_OF_COVERED = {"rca": "field", "rsca": "field", "supplier_hhi": "abroad"}
_OVERLAPS = {"overlap_ab", "overlap_exports"}
_I, _J, _V = "_i", "_j", "value"


def trade_base(tally: TradeTally, wanted: list[Request], *, zeros: bool) -> Base:
    """Rows and symbols of a trade tally for some requests.

    Parameters
    ----------
    tally
        A trade tally.
    wanted
        Requests, see `catalogue.requests`.
    zeros
        Add a row for each ordered pair of which one direction is covered, and for each covered country.
    """
    by = tuple(tally.meta.by)
    columns = [tally.flows["exporter"], tally.flows["importer"]]
    if tally.goods is not None:
        columns += [tally.goods["exporter"], tally.goods["importer"]]
    numbering = number(by, [tally.flows], columns)
    flows = numbering.encode(tally.flows, **{_I: "exporter", _J: "importer"})
    bilateral = flows.group_by(CELL, _I, _J).agg(pl.col(_V).sum()).filter(pl.col(_V) != 0)
    goods = _goods(tally, numbering)
    countries = [code for code, name in enumerate(numbering.names, start=1) if name != NES]
    sides = _sides(bilateral, bilateral if goods is None else goods).filter(pl.col("_m").is_in(countries))
    between = bilateral.filter(
        pl.col(_I) != pl.col(_J), pl.col(_I).is_in(countries), pl.col(_J).is_in(countries)
    )
    world = bilateral.group_by(CELL).agg(pl.col(_V).sum().alias("world"))
    parts = []
    if any_pair(wanted):
        symbols = {symbol for each in wanted for symbol in each.index.needs}
        parts.append(_pair_rows(flows, between, sides, world, symbols, zeros=zeros))
    if any_country(wanted):
        parts.append(_country_rows(between, sides, world, goods, zeros=zeros))
    rows = pl.concat(parts, how="diagonal") if parts else bilateral.clear()
    rows = rows.sort(CELL, A, B).with_columns(kind_of_row())
    flags = {"rca": "no_goods_total", "rsca": "no_goods_total"} if goods is None else {}
    symbols_of = {symbol: symbol for symbol in _SYMBOLS}
    return Base(
        numbering.cells,
        numbering.names,
        rows,
        {each.column: symbols_of for each in wanted},
        flags,
        _OF_COVERED,
    )


def _goods(tally: TradeTally, numbering: Numbering) -> pl.DataFrame | None:
    """Bilateral trade in all goods, repeated for each cell of its year and source; None where not whole."""
    if tally.goods is None:
        return None
    keys = [name for name in numbering.by if name in tally.goods.columns]
    goods = (
        Numbering((), numbering.cells, numbering.names)
        .encode(tally.goods, **{_I: "exporter", _J: "importer"})
        .drop(CELL)
    )
    cells = numbering.cells.select(CELL, *keys)
    if not keys:
        return cells.join(goods, how="cross").select(CELL, _I, _J, _V)
    return cells.join(goods, on=keys, nulls_equal=True).select(CELL, _I, _J, _V)


def _sides(bilateral: pl.DataFrame, covered: pl.DataFrame) -> pl.DataFrame:
    """Sum the cell's exports and imports by country: zero where covered on that side, else null."""
    exports = bilateral.group_by(CELL, pl.col(_I).alias("_m")).agg(pl.col(_V).sum().alias("exports"))
    imports = bilateral.group_by(CELL, pl.col(_J).alias("_m")).agg(pl.col(_V).sum().alias("imports"))
    traded = covered.filter(pl.col(_V) != 0)
    exporters = traded.select(CELL, pl.col(_I).alias("_m")).unique().with_columns(_x=pl.lit(0, pl.Int64))
    importers = traded.select(CELL, pl.col(_J).alias("_m")).unique().with_columns(_n=pl.lit(0, pl.Int64))
    key = [CELL, "_m"]
    sides = exporters.join(importers, on=key, how="full", coalesce=True)
    for table in (exports, imports):
        sides = sides.join(table, on=key, how="full", coalesce=True)
    return sides.select(
        *key, pl.coalesce("exports", "_x").alias("exports"), pl.coalesce("imports", "_n").alias("imports")
    )


def _pair_rows(
    flows: pl.DataFrame,
    between: pl.DataFrame,
    sides: pl.DataFrame,
    world: pl.DataFrame,
    symbols: set[str],
    *,
    zeros: bool,
) -> pl.DataFrame:
    """Ordered pairs of countries with their symbols, both directions of each."""
    pairs = between.rename({_I: A, _J: B, _V: "out"})
    keys = pairs.select(CELL, A, B)
    if zeros:
        sellers = sides.filter(pl.col("exports").is_not_null()).select(CELL, pl.col("_m").alias(A))
        buyers = sides.filter(pl.col("imports").is_not_null()).select(CELL, pl.col("_m").alias(B))
        keys = pl.concat([keys, sellers.join(buyers, on=CELL).filter(pl.col(A) != pl.col(B))])
    keys = both_ways(keys, {}).unique()
    back = pairs.rename({A: B, B: A, "out": "back"})
    rows = keys.join(pairs, on=[CELL, A, B], how="left").join(back, on=[CELL, A, B], how="left")
    for side, code in (("a", A), ("b", B)):
        named = sides.rename({"_m": code, "exports": f"exports_{side}", "imports": f"imports_{side}"})
        rows = rows.join(named, on=[CELL, code], how="left")
    rows = rows.with_columns(
        _zero_if("exports_a", "imports_b", "out"),
        _zero_if("exports_b", "imports_a", "back"),
    ).join(world, on=CELL, how="left")
    rows = rows.with_columns((pl.col("out") + pl.col("back")).alias("both"))
    if "imbalance" in symbols:
        rows = rows.join(_imbalance(flows), on=[CELL, A, B], how="left")
        rows = rows.with_columns(
            pl.when(pl.col("both").is_null())
            .then(None)
            .otherwise(pl.col("imbalance").fill_null(0))
            .alias("imbalance")
        )
    if symbols & _OVERLAPS:
        rows = overlaps(rows, flows)
    return rows


def _zero_if(exports: str, imports: str, flow: str) -> pl.Expr:
    """Fill a flow that is not listed with zero where both of its ends are covered."""
    covered = pl.col(exports).is_not_null() & pl.col(imports).is_not_null()
    return pl.when(pl.col(flow).is_null() & covered).then(0).otherwise(pl.col(flow)).alias(flow)


def _imbalance(flows: pl.DataFrame) -> pl.DataFrame:
    """Sum over products of the difference between the two directions of each pair, in both row directions."""
    product = [name for name in ("product",) if name in flows.columns]
    ordered = flows.filter(pl.col(_I) != pl.col(_J)).select(
        CELL,
        *product,
        pl.min_horizontal(_I, _J).alias(A),
        pl.max_horizontal(_I, _J).alias(B),
        pl.when(pl.col(_I) < pl.col(_J)).then(pl.col(_V)).otherwise(-pl.col(_V)).alias("_net"),
    )
    net = ordered.group_by(CELL, *product, A, B).agg(pl.col("_net").sum().abs().alias("imbalance"))
    return both_ways(net.group_by(CELL, A, B).agg(pl.col("imbalance").sum()), {})


def _country_rows(
    between: pl.DataFrame,
    sides: pl.DataFrame,
    world: pl.DataFrame,
    goods: pl.DataFrame | None,
    *,
    zeros: bool,
) -> pl.DataFrame:
    """One row a country with what the indices of one country need."""
    key = [CELL, A]
    rows = sides.rename({"_m": A, "exports": "field"})
    abroad = between.group_by(CELL, pl.col(_J).alias(A)).agg(
        pl.col(_V).sum().alias("abroad"),
        # squares of thousandths of dollars pass 2^63; 128 bits hold their sum exactly, in any order
        (pl.col(_V).cast(pl.Int128) * pl.col(_V).cast(pl.Int128)).sum().cast(pl.Float64).alias("squares"),
    )
    rows = rows.join(abroad, on=key, how="left")
    known = pl.col("imports").is_not_null()
    rows = rows.with_columns(
        pl.when(known).then(pl.col(name).fill_null(0)).otherwise(None).alias(name)
        for name in ("abroad", "squares")
    )
    rows = rows.join(world.rename({"world": "world_field"}), on=CELL, how="left")
    if goods is None:
        rows = rows.with_columns(pl.lit(None, pl.Int64).alias(name) for name in ("goods", "world_goods"))
    else:
        rows = rows.join(
            goods.group_by(CELL, pl.col(_I).alias(A)).agg(pl.col(_V).sum().alias("goods")), on=key, how="left"
        )
        rows = rows.join(goods.group_by(CELL).agg(pl.col(_V).sum().alias("world_goods")), on=CELL, how="left")
    if not zeros:
        rows = rows.filter((pl.col("field") > 0) | (pl.col("abroad") > 0))
    return rows.with_columns(pl.lit(0, pl.UInt32).alias(B))
