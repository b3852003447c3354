"""Why values of trade differ between two releases: flows that came, went or were revised, by product.

Flows of goods in another edition of the Harmonized System are not comparable by product: what moved of a
reporter and field whose edition is another one is due to the method.
"""

from __future__ import annotations

from typing import Any, Final

import polars as pl

from trendcore import taxonomy
from trendcore.store import Ledger
from trendcore.tallies.naming import Naming
from trendcore.tallies.types import NES
from trendcore.update import trade
from trendcore.update.reasons import Inputs, UnexplainedError
from trendcore.update.resolve import resolve
from trendcore.update.works import CELL

#: why a value moved, beside the method
OF_TRADE: Final = ("late", "withdrawn", "revised")
_FLOW: Final = [*CELL, "product", "exporter", "importer"]
_EDITION: Final = [*CELL, "reporter"]


def flows(given: Inputs, published: pl.LazyFrame) -> pl.DataFrame:
    """Add up by reason the values of flows that differ.

    Parameters
    ----------
    given
        Inputs of a feed of trade.
    published
        Flows of the later release, which those made again must be.

    Returns
    -------
    pl.DataFrame
        `CELL`, a (exporter), b (importer; null: all of them), late, withdrawn, revised, edition: values; the
        last of them for flows in another edition of the Harmonized System.

    Raises
    ------
    UnexplainedError
        The flows made again are not those that were published.
    """
    years = _years(given)
    before, after = (_made(given, ledger, years) for ledger in (given.before, given.after))
    mine = (pl.col("source") == given.feed) & pl.col("year").is_in(years)
    there = published.filter(mine).select(*_FLOW, "value").collect()
    if not there.sort(_FLOW).equals(_flows(after).sort(_FLOW)):
        raise UnexplainedError("flows made again from the inputs of the later release are not its own")
    both = _flows(before).join(
        _flows(after), on=_FLOW, how="full", coalesce=True, nulls_equal=True, suffix="_after"
    )
    one, two = pl.col("value"), pl.col("value_after")
    moved = (two.fill_null(0) - one.fill_null(0)).alias("moved")
    judged = both.select(*_FLOW, _reporter(), moved, new=one.is_null(), gone=two.is_null()).join(
        _other_editions(before.chosen, after.chosen, given), on=_EDITION, how="left", nulls_equal=True
    )
    judged = judged.with_columns(pl.col("other").fill_null(value=False))
    late = pl.col("new") & ~pl.col("other")
    withdrawn = pl.col("gone") & ~pl.col("other")
    revised = ~(pl.col("new") | pl.col("gone") | pl.col("other"))
    found = judged.select(
        *CELL,
        a="exporter",
        b="importer",
        late=_where(late),
        withdrawn=_where(withdrawn),
        revised=_where(revised),
        edition=_where(pl.col("other")),
    )
    alone = found.with_columns(b=pl.lit(None, pl.String))
    return pl.concat([found, alone]).group_by([*CELL, "a", "b"]).agg(pl.col(*OF_TRADE, "edition").sum())


def _where(which: pl.Expr) -> pl.Expr:
    return pl.when(which).then("moved").otherwise(0).cast(pl.Int64)


def _years(given: Inputs) -> list[int]:
    rows = given.store.scan("trade", sorted(given.changed)).select(pl.col("year").unique())
    return sorted(rows.collect(engine="streaming").to_series().to_list())


def _made(given: Inputs, ledger: Ledger, years: list[int]) -> trade.Trade:
    return trade.trade(resolve(given.store, ledger, given.feed, "trade", frozenset(years)), given.method)


def _flows(made: trade.Trade) -> pl.DataFrame:
    schema: Any = {**dict.fromkeys(_FLOW, pl.String), "year": pl.Int16, "value": pl.Int64}
    empty = pl.DataFrame(schema=schema)
    return pl.concat([empty, *(each.flows.select(*_FLOW, "value").cast(schema) for each in made.tallies)])


def _reporter() -> pl.Expr:
    said = [pl.when(pl.col("role") == side).then(pl.col(side)) for side in ("importer", "exporter")]
    return pl.coalesce(said).alias("reporter")


def _other_editions(before: pl.DataFrame, after: pl.DataFrame, given: Inputs) -> pl.DataFrame:
    """Return of whom the goods of a field are of another edition than before: `_EDITION`, other (true)."""
    labels = dict.fromkeys(taxonomy.countries().remainders(), NES) | dict(given.method.labels)
    name = Naming(labels, given.method.policy)
    both = before.join(after, on=_EDITION, nulls_equal=True, suffix="_after")
    changed = both.filter(pl.col("hs_revision") != pl.col("hs_revision_after")).select(_EDITION)
    codes = changed["reporter"].drop_nulls().unique()
    names = pl.DataFrame({"reporter": codes, "name": name.names(codes)})
    named = changed.join(names, on="reporter", how="left").select(*CELL, reporter="name")
    schema: Any = {**dict.fromkeys(_EDITION, pl.String), "year": pl.Int16}
    return named.cast(schema).unique().with_columns(other=pl.lit(value=True))
