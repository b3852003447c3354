"""Two releases -> what moved between them, by how much, whether beyond its interval, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import polars as pl

from trendcore.errors import TrendcoreError, UsageError
from trendcore.indices import request
from trendcore.store import Manifest, Store
from trendcore.update import reasons, reasons_trade
from trendcore.update.method import TABLES
from trendcore.update.past import method_of
from trendcore.update.reading import is_pair
from trendcore.update.reasons import OF_WORKS, UnexplainedError
from trendcore.update.reasons_trade import OF_TRADE
from trendcore.update.scope import SOURCES_OF, TABLE_OF
from trendcore.update.works import CELL

KEY: Final = [*CELL, "a", "b"]
#: what may move, in the order in which it is told
MEASURES: Final = ("joint", "works", "value")
#: all reasons that something moved for
REASONS: Final = tuple(dict.fromkeys([*OF_WORKS, *OF_TRADE, "method"]))
#: table -> its measure, and the columns that are a and b
_COUNTED: Final = {
    "pairs": ("joint", "a", "b"),
    "ownership_pairs": ("joint", "a", "b"),
    "members": ("works", "member", None),
    "ownership_members": ("works", "member", None),
    "trade_flows": ("value", "exporter", "importer"),
}
_WIDE: Final = ("indices", "ownership_indices", "trade_indices")
#: what of a method decides counts
_DECIDES: Final = ("tables", "taxonomy", "policy", "countries", "self_flows")
#: joint works from which a relative change says something
SOME: Final = 20


@dataclass(frozen=True)
class _Chosen:
    """What is asked for."""

    pair: str | None
    field: str | None
    source: str | None

    def of(self, rows: pl.LazyFrame) -> pl.LazyFrame:
        for column, value in (("field", self.field), ("source", self.source)):
            if value is not None:
                rows = rows.filter(pl.col(column) == value)
        return rows

    def check(self, store: Store, *manifests: Manifest) -> None:
        """Refuse what neither release has: nothing of it would seem to have moved."""
        if self.pair is not None:
            labels = pl.concat(
                [store.read(each, "countries").select("label") for each in manifests]
            ).collect()
            strangers = sorted(set(self.pair.upper().split("-")) - set(labels["label"]))
            if strangers:
                raise UsageError(
                    f"neither release knows the country {strangers[0]!r} of the pair {self.pair}"
                )
        cells = pl.concat([store.read(each, "coverage").select("source", "field") for each in manifests])
        there = cells.unique().collect()
        for column, value in (("field", self.field), ("source", self.source)):
            known = sorted(there[column].drop_nulls().unique())
            if value is not None and value not in known:
                raise UsageError(f"neither release has the {column} {value!r}; there are {', '.join(known)}")


def diff(
    store: Store,
    first: int,
    second: int,
    *,
    pair: str | None = None,
    field: str | None = None,
    source: str | None = None,
    index: str = "salton",
) -> pl.DataFrame:
    """Compare two releases; see `trendcore.Workspace.diff`."""
    chosen = _Chosen(pair, field, source)
    column = request(index).column
    wanted = None if pair is None else is_pair(pair)
    before, after = store.manifest(first), store.manifest(second)
    chosen.check(store, before, after)
    moved = _moved(store, before, after, chosen)
    explained = _explained(store, before, after, moved, chosen)
    if wanted is not None:
        explained = explained.filter(wanted)
    shown = _with_index(store, before, after, explained.filter(pl.col("moved") != 0), column)
    order = pl.col("measure").replace_strict(dict(zip(MEASURES, range(3), strict=True)), return_dtype=pl.Int8)
    return shown.sort(
        order, pl.col("moved").abs(), *KEY, descending=[False, True, *[False] * len(KEY)], nulls_last=True
    )


def summary(moves: pl.DataFrame) -> dict[str, Any]:
    """Say in a few numbers what moved.

    Returns
    -------
    dict
        cells: cells in which anything moved. pairs: pairs and cells whose joint works moved; of those with
        at least `SOME` joint works before the median and largest relative_change (null where there are
        none). with_interval, beyond: values of the index with an interval before, and those that left it.
        reasons: measure -> reason -> sum; of what has no split nothing is in it. unexplained: why there is
        none, for each source.
    """
    joint = moves.filter(pl.col("measure") == "joint")
    relative = (
        joint.filter(pl.col("before") >= SOME)
        .select(pl.col("moved").abs() / pl.col("before"))
        .to_series()
        .to_list()
    )
    known = joint["beyond"].drop_nulls()
    # totals of exporters would count their flows twice
    once = moves.filter((pl.col("measure") != "value") | pl.col("b").is_not_null())
    sums = once.group_by("measure").agg(pl.col("moved", *REASONS).sum()).to_dicts()
    why = moves.drop_nulls("unexplained").select("source", "unexplained").unique().sort("source")
    return {
        "cells": moves.select(CELL).unique().height,
        "pairs": joint.height,
        "relative_change": {
            "pairs": len(relative),
            "median": pl.Series(relative, dtype=pl.Float64).median(),
            "largest": max(relative, default=None),
        },
        "with_interval": known.len(),
        "beyond": int(known.sum()),
        "reasons": {row.pop("measure"): row for row in sorted(sums, key=_place)},
        "unexplained": dict(why.iter_rows()),
    }


def _place(row: Mapping[str, Any]) -> int:
    return MEASURES.index(row["measure"])


def _moved(store: Store, before: Manifest, after: Manifest, chosen: _Chosen) -> pl.DataFrame:
    """Return the counts that are not the same in both releases, side by side."""
    schema: Any = {"measure": pl.String, **dict.fromkeys(KEY, pl.String), "year": pl.Int16}
    found = [pl.DataFrame(schema=schema | dict.fromkeys(("before", "after", "moved"), pl.Int64))]
    for table in _COUNTED:
        hashes = {
            each.tables[table].content_sha256 if table in each.tables else "" for each in (before, after)
        }
        if len(hashes) == 1:
            continue
        sides = [_counts(store, each, table, chosen) for each in (before, after)]
        both = sides[0].join(sides[1], on=KEY, how="full", coalesce=True, nulls_equal=True, suffix="_after")
        n, n_after = (pl.col(name).fill_null(0) for name in ("n", "n_after"))
        measure = pl.lit(_COUNTED[table][0]).alias("measure")
        side_by_side = both.select(measure, *KEY, before=n, after=n_after, moved=n_after - n).cast(schema)
        found.append(side_by_side.filter(pl.col("moved") != 0))
    return pl.concat(found)


def _counts(store: Store, manifest: Manifest, table: str, chosen: _Chosen) -> pl.DataFrame:
    """Return the counts of a table: `KEY`, n; of trade the totals of exporters too."""
    if table not in manifest.tables:
        return pl.DataFrame(schema=dict.fromkeys(KEY, pl.String) | {"year": pl.Int16, "n": pl.Int64})
    name, a, b = _COUNTED[table]
    of_b = pl.lit(None, pl.String) if b is None else pl.col(b)
    rows = chosen.of(store.read(manifest, table)).select(*CELL, pl.col(a).alias("a"), of_b.alias("b"), n=name)
    if name != "value":
        return rows.collect()
    alone = rows.with_columns(b=pl.lit(None, pl.String))
    return pl.concat([rows, alone]).group_by(KEY).agg(pl.col("n").sum()).collect()


def _explained(
    store: Store, before: Manifest, after: Manifest, moved: pl.DataFrame, chosen: _Chosen
) -> pl.DataFrame:
    """Split what moved by reason, feed by feed."""
    parts = []
    for feed, table in TABLE_OF.items():
        own = moved.filter(pl.col("source").is_in(SOURCES_OF.get(feed, (feed,))))
        if own.is_empty():
            continue
        try:
            found = _reasons(store, before, after, feed)
            of_these = None if found is None else chosen.of(found.lazy()).collect()
            parts.append(_split(own, of_these, before, after, table))
        except (UnexplainedError, TrendcoreError) as error:
            nothing = [pl.lit(None, pl.Int64).alias(name) for name in REASONS]
            parts.append(own.with_columns(*nothing, unexplained=pl.lit(str(error))))
    nothing = [pl.lit(None, pl.Int64).alias(name) for name in REASONS]
    return pl.concat([moved.clear().with_columns(*nothing, unexplained=pl.lit(None, pl.String)), *parts])


def _reasons(store: Store, before: Manifest, after: Manifest, feed: str) -> pl.DataFrame | None:
    """Add up reasons of a feed; None where the inputs are the same."""
    if after.settings.get("tables") != TABLES:
        raise UnexplainedError(f"release {after.number} was made by a trendcore that counts in another way")
    given = reasons.inputs_of(store, store.ledger(), before, after, feed, method_of(store, after))
    if not given.changed:
        return None
    if given.table == "trade":
        return reasons_trade.flows(given, store.read(after, "trade_flows"))
    return reasons.works(given)


def _split(
    own: pl.DataFrame, found: pl.DataFrame | None, before: Manifest, after: Manifest, table: str
) -> pl.DataFrame:
    """Put reasons beside what moved; what they leave over is due to the method."""
    names = list(OF_TRADE if table == "trade" else OF_WORKS)
    if found is None:
        joined = own.with_columns(pl.lit(0, pl.Int64).alias(name) for name in names)
    else:
        # where reasons cancel out nothing moved, and no table has the pair perhaps
        joined = own.join(found, on=KEY, how="full", coalesce=True, nulls_equal=True)
        joined = joined.with_columns(pl.col("before", "after", "moved", *names).fill_null(0))
    rest = pl.col("moved") - pl.sum_horizontal(names)
    joined = joined.with_columns(rest.alias("method"))
    allowed = pl.col("edition").fill_null(0) if "edition" in joined.columns else pl.lit(0, pl.Int64)
    strange = joined.filter(pl.col("method") != allowed)
    same = all(before.settings.get(name) == after.settings.get(name) for name in _DECIDES)
    if same and not strange.is_empty():
        raise UnexplainedError(
            f"the reasons found do not add up to what moved in {strange.height:,} of {joined.height:,} rows"
        )
    others = [pl.lit(None, pl.Int64).alias(name) for name in REASONS if name not in joined.columns]
    columns = [*own.columns, *REASONS, "unexplained"]
    return joined.with_columns(*others, unexplained=pl.lit(None, pl.String)).select(columns)


def _with_index(
    store: Store, before: Manifest, after: Manifest, moved: pl.DataFrame, column: str
) -> pl.DataFrame:
    """Add the index before and after, with its interval before."""
    old = _values(store, before, moved, column, "__lo", "__hi")
    new = _values(store, after, moved, column)
    joined = moved.join(old, on=KEY, how="left", nulls_equal=True).join(
        new, on=KEY, how="left", nulls_equal=True, suffix="_after"
    )
    value = pl.col("value_after")
    return joined.select(
        "measure",
        *KEY,
        "before",
        "after",
        "moved",
        value_before="value",
        value_after=value,
        lo="lo",
        hi="hi",
        beyond=(value < pl.col("lo")) | (value > pl.col("hi")),
        **{name: pl.col(name) for name in (*REASONS, "unexplained")},
    )


def _values(store: Store, manifest: Manifest, moved: pl.DataFrame, column: str, *ends: str) -> pl.DataFrame:
    """Return an index where something moved: `KEY`, value, and its lo and hi where they are asked for."""
    wanted = moved.select(KEY).unique().lazy()
    names = [end.strip("_") for end in ends]
    schema = dict.fromkeys(KEY, pl.String) | {"year": pl.Int16} | dict.fromkeys(["value", *names], pl.Float64)
    found = [pl.LazyFrame(schema=schema)]
    for table in _WIDE:
        if table not in manifest.tables:
            continue
        rows = store.read(manifest, table)
        if column not in rows.collect_schema().names():
            continue
        rows = rows.select(*KEY, value=pl.col(column).cast(pl.Float64))
        rows = rows.join(wanted, on=KEY, how="semi", nulls_equal=True)
        beside = table.replace("indices", "intervals")
        held = store.read(manifest, beside) if beside in manifest.tables else None
        if held is not None and f"{column}__lo" in held.collect_schema().names() and ends:
            bounds = held.select(*KEY, *(pl.col(f"{column}{end}").alias(end.strip("_")) for end in ends))
            rows = rows.join(bounds, on=KEY, how="left", nulls_equal=True)
        found.append(rows)
    return pl.concat(found, how="diagonal_relaxed").collect()
