"""Which of the stored rows count: later versions win, what is gone is gone, nothing counts twice.

Feeds are never added to one another. Rows that do not count are counted by reason.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Final

import polars as pl

from trendcore import taxonomy
from trendcore.sources.comtrade_rows import mark_levels
from trendcore.store import Content, Ledger, Store

#: an undated version of a work is older than every dated one
_UNDATED: Final = date(1, 1, 1)
#: where a stored row is: unique
_PLACE: Final = ["input", "source_file", "source_line"]
_TRADE_KEY: Final = ["year", "exporter", "importer", "hs6", "hs_revision", "flow", "reporter_side"]


@dataclass(frozen=True)
class Resolved:
    """The rows of one feed that count.

    Attributes
    ----------
    feed
        Name of the feed.
    rows
        Canonical rows and ``input``, each work or flow once.
    stored
        Number of rows stored.
    set_aside
        Stored rows that do not count, by reason: superseded, merged, out_of_field and the like.
    """

    feed: str
    rows: pl.LazyFrame
    stored: int
    set_aside: Mapping[str, int] = field(default_factory=dict)


def resolve(store: Store, ledger: Ledger, feed: str, table: str) -> Resolved:
    """Find the rows of a feed that count.

    Papers: of several versions of a work the one of the latest snapshot, unless a tombstone of that date or
    later says that it was merged away or left every field. Patents: the set of tables that was ingested last.
    BACI: of an edition and year the file that was ingested last, whole. Comtrade: of a flow the row that was
    ingested last, and of a heading and what it is made of one level only, whichever files they are from.
    """
    contents = [content for content in ledger.active().values() if content.feed == feed]
    rows = store.scan(table, [content.id for content in contents])
    stored = sum(content.rows.get(table, 0) for content in contents)
    if table == "papers":
        ids = [content.id for content in contents]
        return _papers(feed, rows, store.scan("tombstones", ids), stored)
    if len(contents) < 2:
        return Resolved(feed, rows, stored)
    rows = rows.join(_order(contents).lazy(), on="input")
    if feed == "baci":
        return _whole_years(feed, rows, stored)
    if table == "patents":
        return _latest(feed, rows, ["id"], stored)
    return _one_level(_latest(feed, rows, _TRADE_KEY, stored))


def _papers(feed: str, rows: pl.LazyFrame, tombstones: pl.LazyFrame, stored: int) -> Resolved:
    dated = pl.col("updated").fill_null(_UNDATED)
    ids = rows.select("id")
    several = ids.group_by("id").len().filter(pl.col("len") > 1).select("id").collect(engine="streaming")
    graves = (
        tombstones.with_columns(dated)
        .join(ids.unique(), on="id", how="semi")
        .sort("updated", "reason")
        .group_by("id")
        .agg(pl.col("updated").last().alias("gone"), pl.col("reason").last())
        .collect(engine="streaming")
    )
    doubtful = pl.concat([several, graves.select("id")]).unique()
    if doubtful.is_empty():
        return Resolved(feed, rows, stored)
    versions = (
        rows.select("id", dated, *_PLACE)
        .join(doubtful.lazy(), on="id", how="semi")
        .collect(engine="streaming")
        # file and line decide between versions of one date, so that the order of ingestion does not
        .sort("id", "updated", "source_file", "source_line", "input")
        .with_columns(latest=pl.col("id") != pl.col("id").shift(-1, fill_value=""))
        .join(graves, on="id", how="left")
    )
    is_gone = pl.col("latest") & (pl.col("gone") >= pl.col("updated"))
    dead = versions.select(
        *_PLACE,
        why=pl.when(is_gone).then("reason").when(~pl.col("latest")).then(pl.lit("superseded")),
    ).drop_nulls("why")
    kept = rows.join(dead.lazy(), on=_PLACE, how="anti")
    return Resolved(feed, kept, stored, _by_reason(dead))


def _latest(feed: str, rows: pl.LazyFrame, key: Sequence[str], stored: int) -> Resolved:
    """Of rows with one key, keep that of the input that was ingested last."""
    several = rows.select(*key).group_by(key).len().filter(pl.col("len") > 1).drop("len")
    dead = (
        rows.select(*key, *_PLACE, "order")
        .join(several, on=list(key), how="semi", nulls_equal=True)
        .collect(engine="streaming")
        # rows of one input with one key (old and new numbers of a country) are parts of one flow
        .filter(pl.col("order") < pl.col("order").max().over(key))
        .select(*_PLACE, why=pl.lit("superseded"))
    )
    rows = rows.drop("order")
    if dead.is_empty():
        return Resolved(feed, rows, stored)
    return Resolved(feed, rows.join(dead.lazy(), on=_PLACE, how="anti"), stored, _by_reason(dead))


def _one_level(resolved: Resolved) -> Resolved:
    """Set aside what another file holds at another level of the HS: a heading here, its codes there."""
    arrives = pl.col("reporter_side") == "importer"
    rows = resolved.rows.with_columns(
        reporter=pl.when(arrives).then("importer").otherwise("exporter"),
        partner=pl.when(arrives).then("exporter").otherwise("importer"),
        chapter=pl.col("hs6").str.slice(0, 2),
    )
    heading = ["year", "reporter", "flow", "hs_revision", "chapter"]
    mixed = rows.group_by(heading).agg(n=pl.col("hs6").str.len_bytes().n_unique()).filter(pl.col("n") > 1)
    doubtful = (
        rows.join(mixed, on=heading, how="semi")
        .select("year", "reporter", "partner", "flow", "hs_revision", "hs6", "value", *_PLACE)
        .with_columns(aside=pl.lit(None, pl.String))
        .collect(engine="streaming")
    )
    marked = mark_levels(doubtful, taxonomy.countries().remainders())
    dead = marked.select(*_PLACE, why="aside").drop_nulls("why")
    if dead.is_empty():
        return resolved
    kept = resolved.rows.join(dead.lazy(), on=_PLACE, how="anti")
    set_aside = Counter(resolved.set_aside) + Counter(_by_reason(dead))
    return replace(resolved, rows=kept, set_aside=dict(sorted(set_aside.items())))


def _whole_years(feed: str, rows: pl.LazyFrame, stored: int) -> Resolved:
    """Of the files of one edition and year, keep that which was ingested last: flows may vanish in it."""
    sizes = rows.group_by("hs_revision", "year", "order", "input").len().collect(engine="streaming")
    last = sizes.sort("order").group_by("hs_revision", "year").last().select("hs_revision", "year", "input")
    dead = sizes.join(last, on=["hs_revision", "year", "input"], how="anti")
    rows = rows.drop("order")
    if dead.is_empty():
        return Resolved(feed, rows, stored)
    kept = rows.join(last.lazy(), on=["hs_revision", "year", "input"], how="semi")
    return Resolved(feed, kept, stored, {"superseded": int(dead["len"].sum())})


def _order(contents: Sequence[Content]) -> pl.DataFrame:
    return pl.DataFrame(
        {"input": [content.id for content in contents], "order": [content.seq for content in contents]},
        schema={"input": pl.String, "order": pl.Int64},
    )


def _by_reason(dead: pl.DataFrame) -> dict[str, int]:
    return dict(dead.group_by("why").len().sort("why").iter_rows())
