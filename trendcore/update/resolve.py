"""Which of the stored rows count: later versions win, what is gone is gone, nothing counts twice.

Feeds are never added to one another. Rows that do not count are counted by reason.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Final

import polars as pl

from trendcore import taxonomy
from trendcore.sources.comtrade_rows import mark_levels
from trendcore.store import Content, Ledger, Store
from trendcore.update.scope import Years, is_in

#: an undated version of a work is older than every dated one
_UNDATED: Final = date(1, 1, 1)
#: where a stored row is: unique
PLACE: Final = ["input", "source_file", "source_line"]
_TRADE_KEY: Final = ["year", "exporter", "importer", "hs6", "hs_revision", "flow", "reporter_side"]


#: rows that are set aside
SET_ASIDE: Final = pl.Schema({"year": pl.Int16, "reason": pl.String, "rows": pl.Int64})


@dataclass(frozen=True)
class Resolved:
    """The rows of one feed that count.

    Attributes
    ----------
    feed
        Name of the feed.
    rows
        Canonical rows and ``input``, each work or flow once, of the years asked for.
    stored
        The rows that are stored, of all years.
    set_aside
        year, reason, rows: stored rows of the years asked for that do not count: superseded, merged,
        out_of_field and the like.
    years, dead
        Of works: the years asked for, and the places (`PLACE`) of stored rows that do not count; see
        `counting`.
    """

    feed: str
    rows: pl.LazyFrame
    stored: pl.LazyFrame
    set_aside: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=SET_ASIDE))
    years: Years = None
    dead: pl.DataFrame | None = None


def counting(stored: pl.LazyFrame, years: Years, dead: pl.DataFrame | None) -> pl.LazyFrame:
    """Return which of some stored works count: what `Resolved` holds of all of them.

    Examples
    --------
    >>> stored = pl.LazyFrame({"input": "a", "source_file": "f", "source_line": [1, 2], "year": 2020})
    >>> dead = pl.DataFrame({"input": ["a"], "source_file": ["f"], "source_line": [2]})
    >>> counting(stored, frozenset([2020]), dead).collect()["source_line"].to_list()
    [1]
    """
    rows = stored if years is None else stored.filter(is_in(years))
    return rows if dead is None else rows.join(dead.lazy(), on=PLACE, how="anti")


def resolve(store: Store, ledger: Ledger, feed: str, table: str, years: Years = None) -> Resolved:
    """Find the rows of a feed that count.

    Papers: of several versions of a work the one of the latest snapshot, unless a tombstone of that date or
    later says that it was merged away or left every field. Patents: the set of tables that was ingested last.
    BACI: of an edition and year the file that was ingested last, whole. Comtrade: of a flow the row that was
    ingested last, and of a heading and what it is made of one level only, whichever files they are from.

    Parameters
    ----------
    store, ledger
        What is stored, and which of it is ingested.
    feed, table
        The feed, and the table of its rows.
    years
        Only rows of these years; other versions of a work count as such whatever their year.
    """
    contents = [content for content in ledger.active().values() if content.feed == feed]
    stored = store.scan(table, [content.id for content in contents])
    if table == "papers":
        tombstones = store.scan("tombstones", [content.id for content in contents])
        return _papers(feed, stored, tombstones, years)
    rows = stored if years is None else stored.filter(is_in(years))
    if len(contents) < 2:
        return Resolved(feed, rows, stored, years=years)
    order = _order(contents).lazy()
    if table == "patents":
        latest = _latest(feed, stored.join(order, on="input"), ["id"], stored)
        return latest if years is None else _only(latest, years)
    rows = rows.join(order, on="input")
    if feed == "baci":
        return _whole_years(feed, rows, stored)
    return _one_level(_latest(feed, rows, _TRADE_KEY, stored))


def _only(resolved: Resolved, years: Collection[int]) -> Resolved:
    of_years = is_in(years)
    return replace(
        resolved,
        rows=resolved.rows.filter(of_years),
        set_aside=resolved.set_aside.filter(of_years),
        years=frozenset(years),
    )


def _papers(feed: str, stored: pl.LazyFrame, tombstones: pl.LazyFrame, years: Years) -> Resolved:
    rows = stored if years is None else stored.filter(is_in(years))
    dated = pl.col("updated").fill_null(_UNDATED)
    ids, versions = rows.select("id"), stored.select("id")
    if years is not None:
        ids = ids.unique().collect(engine="streaming").lazy()
        versions = versions.join(ids, on="id", how="semi")
    several = versions.group_by("id").len().filter(pl.col("len") > 1).select("id").collect(engine="streaming")
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
        return Resolved(feed, rows, stored, years=years)
    found = (
        stored.select("id", "year", dated, *PLACE)
        .join(doubtful.lazy(), on="id", how="semi")
        .collect(engine="streaming")
        # file and line decide between versions of one date, so that the order of ingestion does not
        .sort("id", "updated", "source_file", "source_line", "input")
        .with_columns(latest=pl.col("id") != pl.col("id").shift(-1, fill_value=""))
        .join(graves, on="id", how="left")
    )
    is_gone = pl.col("latest") & (pl.col("gone") >= pl.col("updated"))
    dead = found.select(
        *PLACE,
        "year",
        why=pl.when(is_gone).then("reason").when(~pl.col("latest")).then(pl.lit("superseded")),
    ).drop_nulls("why")
    if years is not None:
        dead = dead.filter(is_in(years))
    return Resolved(
        feed, counting(stored, years, dead), stored, _by_reason(dead), years=years, dead=dead.select(PLACE)
    )


def _latest(feed: str, rows: pl.LazyFrame, key: Sequence[str], stored: pl.LazyFrame) -> Resolved:
    """Of rows with one key, keep that of the input that was ingested last."""
    several = rows.select(*key).group_by(key).len().filter(pl.col("len") > 1).drop("len")
    dead = (
        rows.select(*dict.fromkeys([*key, *PLACE, "year", "order"]))
        .join(several, on=list(key), how="semi", nulls_equal=True)
        .collect(engine="streaming")
        # rows of one input with one key (old and new numbers of a country) are parts of one flow
        .filter(pl.col("order") < pl.col("order").max().over(key))
        .select(*PLACE, "year", why=pl.lit("superseded"))
    )
    rows = rows.drop("order")
    if dead.is_empty():
        return Resolved(feed, rows, stored)
    kept = rows.join(dead.lazy(), on=PLACE, how="anti")
    return Resolved(feed, kept, stored, _by_reason(dead), dead=dead.select(PLACE))


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
        .select("year", "reporter", "partner", "flow", "hs_revision", "hs6", "value", *PLACE)
        .with_columns(aside=pl.lit(None, pl.String))
        .collect(engine="streaming")
    )
    marked = mark_levels(doubtful, taxonomy.countries().remainders())
    dead = marked.select(*PLACE, "year", why="aside").drop_nulls("why")
    if dead.is_empty():
        return resolved
    kept = resolved.rows.join(dead.lazy(), on=PLACE, how="anti")
    return replace(resolved, rows=kept, set_aside=added_up([resolved.set_aside, _by_reason(dead)]))


def _whole_years(feed: str, rows: pl.LazyFrame, stored: pl.LazyFrame) -> Resolved:
    """Of the files of one edition and year, keep that which was ingested last: flows may vanish in it."""
    sizes = rows.group_by("hs_revision", "year", "order", "input").len().collect(engine="streaming")
    last = sizes.sort("order").group_by("hs_revision", "year").last().select("hs_revision", "year", "input")
    dead = sizes.join(last, on=["hs_revision", "year", "input"], how="anti")
    rows = rows.drop("order")
    if dead.is_empty():
        return Resolved(feed, rows, stored)
    kept = rows.join(last.lazy(), on=["hs_revision", "year", "input"], how="semi")
    aside = dead.select("year", reason=pl.lit("superseded"), rows=pl.col("len").cast(pl.Int64))
    return Resolved(feed, kept, stored, added_up([aside]))


def _order(contents: Sequence[Content]) -> pl.DataFrame:
    return pl.DataFrame(
        {"input": [content.id for content in contents], "order": [content.seq for content in contents]},
        schema={"input": pl.String, "order": pl.Int64},
    )


def _by_reason(dead: pl.DataFrame) -> pl.DataFrame:
    return added_up([dead.select("year", reason="why", rows=pl.lit(1, pl.Int64))])


def added_up(frames: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """Add up rows that are set aside, by year and reason.

    Examples
    --------
    >>> one = pl.DataFrame({"year": [2020], "reason": ["merged"], "rows": [1]})
    >>> added_up([one, one]).rows()
    [(2020, 'merged', 2)]
    """
    whole = pl.concat([frame.cast(SET_ASIDE) for frame in frames])
    return whole.group_by("year", "reason").agg(pl.col("rows").sum()).sort("year", "reason")
