"""Trade flows that count -> tallies by source, role (whose report), field and year.

Of each year one edition of the Harmonized System is published, by the rule of the taxonomy: the field's
first edition that is at hand and in force. BACI has one set of editions a year; in Comtrade each reporter
reports in an edition of its own, so there the rule is applied to each.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import polars as pl

from trendcore.tallies import TradeTally, tally_trade
from trendcore.update.method import Method
from trendcore.update.resolve import Resolved, added_up
from trendcore.update.works import CELL

#: re-exports and re-imports stay apart
_FLOWS: Final = ("trade", "import", "export")
#: who reports, by role; BACI's flows are reconciled, so that nobody does
_REPORTER: Final = {"importer": "importer", "exporter": "exporter"}
_GOODS: Final = ["source", "role", "year", "exporter", "importer"]
#: editions that can be chosen: source, role, year and reporter (null for BACI)
_AT_HAND: Final = ["source", "role", "year", "reporter"]


@dataclass(frozen=True)
class Trade:
    """What was counted of one feed of flows.

    Attributes
    ----------
    feed
        Name of the feed.
    tallies
        One a field; by `CELL`.
    editions
        `CELL`, hs_revision (the editions that are published, joined by +), value (of all flows). Only cells
        with flows: an export of Comtrade holds what was asked for, so that nothing is no zero.
    chosen
        source, role, field, year, reporter (null for BACI), hs_revision: the edition of each.
    unknown
        source, role, field, year, field_unknown: flows of which it cannot be known whether they are of the
        field's goods (a heading that is cut above the depth of the list).
    set_aside
        year, reason, rows: stored flows that count nowhere.
    """

    feed: str
    tallies: tuple[TradeTally, ...]
    editions: pl.DataFrame
    chosen: pl.DataFrame
    unknown: pl.DataFrame
    set_aside: pl.DataFrame


def trade(resolved: Resolved, method: Method) -> Trade:
    """Tally the flows of one feed.

    ``rca`` needs trade in all goods, which only BACI holds; of a Comtrade export it is null.
    """
    flows = resolved.rows.select(
        pl.lit(resolved.feed).alias("source"),
        pl.col("reporter_side").alias("role"),
        "year", "exporter", "importer", "hs6", "hs_revision", "flow", "value",
    )  # fmt: skip
    counted = flows.filter(pl.col("flow").is_in(_FLOWS)).drop("flow").with_columns(_reporter())
    at_hand = counted.select(*_AT_HAND, "hs_revision").unique().collect(engine="streaming")
    goods = _goods(counted) if resolved.feed == "baci" else None
    judged = method.fields.trade(counted)
    tallies, editions = [], []
    by_reporter = [at_hand.clear().with_columns(field=pl.lit(None, pl.String))]
    for field in method.fields.names:
        chosen = _chosen(at_hand, field, method)
        if chosen.is_empty():
            continue
        by_reporter.append(chosen.with_columns(pl.lit(field).alias("field")))
        of_field = judged.filter(pl.col("field").list.contains(field)).join(
            chosen.lazy(), on=[*_AT_HAND, "hs_revision"], how="semi", nulls_equal=True
        )
        whole = None if goods is None else goods.join(chosen, on=["year", "hs_revision"], how="semi")
        tallies.append(
            tally_trade(
                of_field.with_columns(pl.lit(field).alias("field")),
                by=CELL,
                goods=whole,
                self_flows=method.self_flows,
                labels=method.labels,
                policy=method.policy,
            )
        )
        traded = tallies[-1].flows.group_by(CELL).agg(pl.col("value").sum())
        editions.append(_editions(chosen, field).join(traded, on=CELL))
    schema = {**dict.fromkeys(CELL, pl.String), "year": pl.Int16, "hs_revision": pl.String, "value": pl.Int64}
    return Trade(
        resolved.feed,
        tuple(tallies),
        pl.concat([pl.DataFrame(schema=schema), *editions]).sort(CELL),
        pl.concat(by_reporter),
        _unknown(judged),
        added_up([resolved.set_aside, _set_aside(flows)]),
    )


def _reporter() -> pl.Expr:
    said = [pl.when(pl.col("role") == role).then(pl.col(column)) for role, column in _REPORTER.items()]
    return pl.coalesce(said).alias("reporter")


def _goods(counted: pl.LazyFrame) -> pl.DataFrame:
    """Add all goods up, by edition."""
    totals = counted.group_by(*_GOODS, "hs_revision").agg(pl.col("value").sum())
    return totals.collect(engine="streaming")


def _chosen(at_hand: pl.DataFrame, field: str, method: Method) -> pl.DataFrame:
    """Choose an edition for each year, and reporter where each has its own."""
    rows = []
    for key, frame in at_hand.group_by(_AT_HAND):
        edition = method.fields.trade_revision(field, int(str(key[2])), frame["hs_revision"].to_list())
        if edition is not None:
            rows.append((*key, edition))
    return pl.DataFrame(rows, schema=at_hand.select(*_AT_HAND, "hs_revision").schema, orient="row")


def _editions(chosen: pl.DataFrame, field: str) -> pl.DataFrame:
    return (
        chosen.group_by("source", "role", "year")
        .agg(pl.col("hs_revision").unique().sort().str.join("+"))
        .select("source", "role", pl.lit(field).alias("field"), "year", "hs_revision")
    )


def _unknown(judged: pl.LazyFrame) -> pl.DataFrame:
    exploded = judged.select("source", "role", "year", field="field_unknown").explode("field")
    counts = exploded.drop_nulls("field").group_by(CELL).agg(pl.len().cast(pl.Int64).alias("field_unknown"))
    return counts.collect(engine="streaming")


def _set_aside(flows: pl.LazyFrame) -> pl.DataFrame:
    reason = pl.col("flow").str.replace_all("-", "_").alias("reason")
    apart = flows.filter(~pl.col("flow").is_in(_FLOWS)).group_by("year", reason)
    return apart.agg(pl.len().cast(pl.Int64).alias("rows")).collect(engine="streaming")
