"""Why counts of works differ between two releases: a work that came, went or was re-assigned has one reason.

Of two releases R1 and R2, the inputs of R1 are resolved again under the method of R2, as those of R2 were. A
work that counts in a cell on one side only is `late` or `withdrawn` if it counts nowhere on the other side;
`redated` if it has another year there; `topic` if another field, or none; else `country`. What is left of a
difference is due to the method, since it is the same works.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import msgspec
import polars as pl

from trendcore.store import Content, Ledger, Manifest, Store, Unit
from trendcore.tallies.naming import Naming
from trendcore.update.method import Method
from trendcore.update.past import ledger_of
from trendcore.update.resolve import Resolved, resolve
from trendcore.update.scope import TABLE_OF
from trendcore.update.works import ALL, CELL, OWNED, judged_papers, judged_patents

#: what a work is counted by on one side only
OF_WORKS: Final = ("late", "withdrawn", "country", "topic", "redated")
#: works that are compared at a time
_AT_ONCE: Final = 2_000_000
_OUT_OF_FIELD: Final = "out_of_field"
#: role -> columns of the two members of a pair
_SIDES: Final = {
    "papers": {"author": ("countries", "countries")},
    "patents": {
        "inventor": ("inventor_countries", "inventor_countries"),
        "applicant": ("applicant_countries", "applicant_countries"),
        OWNED: ("inventor_countries", "applicant_countries"),
    },
}
_KEY: Final = [*CELL, "a", "b"]
Parity = Literal[1, -1]


class UnexplainedError(Exception):
    """A difference cannot be split; the message says why."""


@dataclass(frozen=True)
class Inputs:
    """Inputs of a feed for two releases, both as the method of the later one reads them.

    Attributes
    ----------
    store, feed
        What is stored, and the feed.
    method
        Of the later release.
    before, after
        Contents that count, in their order.
    changed
        Ids of those that count on one side only; of both, where they have another order.
    """

    store: Store
    feed: str
    method: Method
    before: Ledger
    after: Ledger
    changed: frozenset[str]

    @property
    def table(self) -> str:
        """Table of the feed's rows."""
        return TABLE_OF[self.feed]

    @property
    def all_works(self) -> bool:
        """Whether the pseudo-field of all works is published of the feed."""
        side = self.after if self.after.contents else self.before
        return all(content.keep == "all" for content in side.contents.values())


def inputs_of(
    store: Store, ledger: Ledger, first: Manifest, second: Manifest, feed: str, method: Method
) -> Inputs:
    """Find the inputs of a feed for two releases.

    Raises
    ------
    UnexplainedError
        An input of the earlier release cannot be had as the later one would read it.
    StorageError
        Rows are damaged.
    """
    now = list(ledger_of(ledger, _of_feed(second, feed)).contents.values())
    same_table = first.settings["countries"] == second.settings["countries"]
    was = [
        _as_read(ledger, content, now, method, same_table=same_table)
        for content in ledger_of(ledger, _of_feed(first, feed)).contents.values()
    ]
    old, new = [each.id for each in was], [each.id for each in now]
    changed = set(old) ^ set(new)
    if [each for each in old if each in set(new)] != [each for each in new if each in set(old)]:
        changed = set(old) | set(new)
    if changed:
        damage = store.verify_inputs({*old, *new})
        if damage:
            raise UnexplainedError(next(iter(damage.values())))
    before, after = (_ledger(ledger, feed, ids) for ids in (old, new))
    return Inputs(store, feed, method, before, after, frozenset(changed))


def _of_feed(manifest: Manifest, feed: str) -> Manifest:
    return msgspec.structs.replace(
        manifest, inputs=[each for each in manifest.inputs if each["feed"] == feed]
    )


def _ledger(ledger: Ledger, feed: str, ids: Sequence[str]) -> Ledger:
    """Return the ledger of some contents in an order of their own."""
    contents = {key: msgspec.structs.replace(ledger.contents[key], seq=n) for n, key in enumerate(ids)}
    return Ledger(units=[Unit(feed, key, [], key, "") for key in ids], contents=contents)


def _as_read(
    ledger: Ledger, old: Content, now: Sequence[Content], method: Method, *, same_table: bool
) -> Content:
    """Return the content of an input of the earlier release as the later release reads it."""
    if old.id in {content.id for content in now}:
        return old
    twins = [each for each in now if each.origin and each.origin == old.origin]
    twins += [each for each in ledger.contents.values() if each.origin and each.origin == old.origin]
    for each in [*twins[:1], old, *twins[1:]]:
        in_use = each.id in {content.id for content in now}
        taxonomy = each.taxonomy in ("", method.fields.sha256)
        reader = all(each.reader == other.reader for other in now)
        kept = each.keep == "all" or all(other.keep == "fields" for other in now)
        if in_use or (taxonomy and reader and kept and same_table):
            return each
    raise UnexplainedError(
        "an input of the earlier release was read with another taxonomy or reader, and not again since"
    )


def works(given: Inputs) -> pl.DataFrame:
    """Add up by reason the works that count on one side only.

    Returns
    -------
    pl.DataFrame
        `CELL`, a, b (null: works of the country a), and of `OF_WORKS` the sums: lost works are negative.
    """
    before, after = (
        resolve(given.store, ledger, given.feed, given.table) for ledger in (given.before, given.after)
    )
    ids = _touched(given)
    buckets = max(1, -(-ids.height // _AT_ONCE))
    found = [pl.DataFrame(schema=_schema())]
    for bucket in range(buckets):
        some = ids.filter(pl.col("id").hash() % buckets == bucket)
        one = _Side.of(given, given.before, before, some)
        two = _Side.of(given, given.after, after, some)
        found += _compared(given, *_without_same(one, two))
    return _added(pl.concat(found))


def _touched(given: Inputs) -> pl.DataFrame:
    """Return the ids of works of which the sides hold other versions."""
    changed = sorted(given.changed)
    ids = [given.store.scan(given.table, changed).select("id")]
    if given.table == "papers":
        ids.append(given.store.scan("tombstones", changed).select("id"))
    return pl.concat(ids).unique().collect(engine="streaming")


@dataclass(frozen=True)
class _Side:
    """Works of one side: id, source, year, field and columns of members; and ids that left every field."""

    works: pl.DataFrame
    out_of_field: pl.Series

    @classmethod
    def of(cls, given: Inputs, ledger: Ledger, resolved: Resolved, ids: pl.DataFrame) -> _Side:
        rows = resolved.rows.join(ids.lazy(), on="id", how="semi")
        columns = _columns(given.table)
        judge = judged_papers if given.table == "papers" else judged_patents
        fields = pl.concat_list("field", pl.lit(ALL)) if given.all_works else pl.col("field")
        counted = judge(rows, given.method, "id", *columns).select(
            "id", pl.col("source").cast(pl.String), "year", fields.alias("field"), *columns
        )
        gone = pl.Series(dtype=pl.String)
        if given.table == "papers":
            there = rows.select("id").collect(engine="streaming")
            absent = ids.join(there, on="id", how="anti")
            stones = given.store.scan("tombstones", list(ledger.contents))
            last = stones.join(absent.lazy(), on="id", how="semi").sort("updated", "reason").group_by("id")
            reasons = last.agg(pl.col("reason").last()).collect(engine="streaming")
            gone = reasons.filter(pl.col("reason") == _OUT_OF_FIELD)["id"]
        return cls(counted.collect(engine="streaming"), gone)


def _columns(table: str) -> list[str]:
    return list(dict.fromkeys(name for pair in _SIDES[table].values() for name in pair))


def _without_same(one: _Side, two: _Side) -> tuple[_Side, _Side]:
    """Leave out works that are the same on both sides."""
    keyed = [side.works.with_columns(_said(side.works)) for side in (one, two)]
    same = keyed[0].select("id", "said").join(keyed[1].select("id", "said"), on=["id", "said"], how="semi")
    left = [frame.join(same, on="id", how="anti").drop("said") for frame in keyed]
    return _Side(left[0], one.out_of_field), _Side(left[1], two.out_of_field)


def _said(frame: pl.DataFrame) -> pl.Expr:
    """Write all that is counted of a work as a text."""
    lists = [name for name, dtype in frame.schema.items() if isinstance(dtype, pl.List)]
    texts = [pl.col(name).cast(pl.List(pl.String)).list.join(",") for name in lists]
    return pl.concat_str("source", pl.col("year").cast(pl.String), *texts, separator="|").alias("said")


def _compared(given: Inputs, one: _Side, two: _Side) -> list[pl.DataFrame]:
    found = []
    for role, columns in _SIDES[given.table].items():
        keys = [_keys(side.works, role, columns, given.method) for side in (one, two)]
        place = ["id", *_KEY]
        lost = keys[0].join(keys[1], on=place, how="anti", nulls_equal=True)
        gained = keys[1].join(keys[0], on=place, how="anti", nulls_equal=True)
        found += [_by_reason(gained, one, "late", 1), _by_reason(lost, two, "withdrawn", -1)]
    return found


def _keys(works: pl.DataFrame, role: str, columns: tuple[str, str], method: Method) -> pl.DataFrame:
    """Return where each work counts: id, `CELL`, a, b; b is null for the country itself."""
    cells = works.select("id", "source", pl.lit(role).alias("role"), "field", "year").explode("field")
    cells = cells.drop_nulls("field")
    of_a, of_b = (_members(works, column, method) for column in columns)
    pairs = of_a.join(of_b, on="id", suffix="_b").rename({"member": "a", "member_b": "b"})
    apart = pl.col("a") != pl.col("b") if columns[0] != columns[1] else pl.col("a") < pl.col("b")
    # a country's patents are those of which both sides are known
    counted = of_a if columns[0] == columns[1] else of_a.join(of_b, on="id", how="semi")
    alone = counted.select("id", a="member", b=pl.lit(None, pl.String))
    return cells.join(pl.concat([pairs.filter(apart), alone]), on="id").select("id", *_KEY)


def _members(works: pl.DataFrame, column: str, method: Method) -> pl.DataFrame:
    """Return the displayed countries of each work, once: id, member."""
    exploded = works.select("id", member=column).explode("member").drop_nulls("member")
    codes = exploded["member"].unique()
    names = pl.DataFrame({"member": codes, "name": Naming(method.labels, method.policy).names(codes)})
    named = exploded.join(names, on="member").select("id", member="name").drop_nulls("member")
    return named.unique()


def _by_reason(keys: pl.DataFrame, other: _Side, absent: str, sign: Parity) -> pl.DataFrame:
    """Say why works count on one side only, by what they are on the other."""
    there = other.works.select("id", other_year="year", other_source="source", other_field="field")
    inside = pl.col("other_field").list.contains(pl.col("field")) & (
        pl.col("source") == pl.col("other_source")
    )
    reason = (
        pl.when(pl.col("other_year").is_null() & pl.col("id").is_in(other.out_of_field.implode()))
        .then(pl.lit("topic"))
        .when(pl.col("other_year").is_null())
        .then(pl.lit(absent))
        .when(pl.col("other_year") != pl.col("year"))
        .then(pl.lit("redated"))
        .when(~inside.fill_null(value=False))
        .then(pl.lit("topic"))
        .otherwise(pl.lit("country"))
    )
    judged = keys.join(there, on="id", how="left").select(*_KEY, reason=reason)
    sums = [
        pl.when(pl.col("reason") == name).then(sign).otherwise(0).cast(pl.Int64).alias(name)
        for name in OF_WORKS
    ]
    return _added(judged.select(*_KEY, *sums))


def _added(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.cast(_schema()).group_by(_KEY).agg(pl.col(OF_WORKS).sum())


def _schema() -> Any:
    key: Any = {**dict.fromkeys(_KEY, pl.String), "year": pl.Int16}
    return key | dict.fromkeys(OF_WORKS, pl.Int64)
