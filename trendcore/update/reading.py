"""Published tables -> frames for people: indices in long form, stored rows with displayed countries."""

from __future__ import annotations

from typing import Final

import polars as pl

from trendcore import indices, taxonomy
from trendcore.errors import UnknownIndexError, UsageError
from trendcore.indices import request
from trendcore.store import Manifest, Store
from trendcore.tallies import Tally
from trendcore.tallies.types import NES
from trendcore.update.works import CELL, OWNED

#: wide tables that hold countries
_WIDE: Final = ("indices", "ownership_indices", "trade_indices")
_OF_BLOCS: Final = "bloc_indices"
_COLUMNS: Final = [
    *CELL, "product", "a", "b", "index", "value", "value_flag", "lo", "hi", "interval", "interval_flag",
    "counting", "marginals", "universe", "neutral", "policy",
]  # fmt: skip
#: columns of canonical tables that hold codes of countries
_CODES: Final = ("exporter", "importer", "first_country")
_LISTS: Final = (
    "countries", "units", "inventor_countries", "inventor_units", "applicant_countries", "applicant_units",
)  # fmt: skip


def long_indices(
    store: Store,
    manifest: Manifest,
    *,
    pair: str | None = None,
    field: str | None = None,
    source: str | None = None,
    role: str | None = None,
    index: str | None = None,
    bloc: str | None = None,
) -> pl.LazyFrame:
    """Long form of the published indices, lazily; see `trendcore.Workspace.indices`."""
    table = store.read(manifest, "conventions").collect()
    if "interval" not in table.columns:  # a release of before there were intervals
        table = table.with_columns(interval=pl.lit(None, pl.String))
    if index is not None:
        table = _of_index(table, index)
    complete = store.read(manifest, "coverage").select(*CELL, "year_complete")
    parts = []
    for name in (_OF_BLOCS,) if bloc is not None else _WIDE:
        conventions = table.filter(pl.col("table") == name)
        if conventions.is_empty():
            continue
        chosen = [
            pl.col(column) == value
            for column, value in (("field", field), ("source", source), ("role", role))
            if value is not None
        ]
        if bloc is not None:
            node = taxonomy.blocs().get(bloc).name if _is_shipped(bloc) else bloc.removeprefix("bloc:")
            chosen.append(pl.col("bloc") == node)
            conventions = conventions.with_columns(universe=pl.lit(f"bloc:{node}"))
        if pair is not None:
            chosen.append(is_pair(pair))
        wide = _with_intervals(store, manifest, name, conventions["column"].to_list(), chosen)
        product = pl.lit(None, pl.String).alias("product")
        part = indices.to_long(wide, conventions, CELL).with_columns(product)
        if name == "trade_indices":
            none = pl.when(pl.col("interval").is_null()).then(pl.lit("no_works"))
            part = part.with_columns(none.alias("interval_flag"))
        parts.append(part)
    if not parts:
        raise UsageError(f"{index} is not published" if index else "no index is published")
    incomplete = pl.col("value_flag").is_null() & ~pl.col("year_complete").fill_null(value=True)
    return (
        pl.concat(parts)
        .join(complete, on=list(CELL), how="left")
        .with_columns(
            pl.when(incomplete).then(pl.lit("incomplete_year")).otherwise("value_flag").alias("value_flag")
        )
        .select(_COLUMNS)
    )


def _with_intervals(
    store: Store, manifest: Manifest, name: str, columns: list[str], chosen: list[pl.Expr]
) -> pl.LazyFrame:
    """Read the chosen rows of a wide table, with the intervals of some of its columns where there are any."""
    wide = _chosen(store, manifest, name, chosen)
    beside = name.replace("indices", "intervals")
    if beside not in manifest.tables:
        return wide
    intervals = _chosen(store, manifest, beside, chosen)
    there = set(intervals.collect_schema().names())
    parts = [f"{column}__{part}" for column in columns for part in ("lo", "hi", "interval", "interval_flag")]
    held = [part for part in parts if part in there]
    key = [column for column in ("bloc", *CELL, "a", "b") if column in there]
    if not held:
        return wide
    return wide.join(intervals.select(*key, *held), on=key, how="left", nulls_equal=True)


def _chosen(store: Store, manifest: Manifest, name: str, chosen: list[pl.Expr]) -> pl.LazyFrame:
    rows = store.read(manifest, name)
    return rows.filter(chosen) if chosen else rows


def published_tally(
    store: Store, manifest: Manifest, source: str, *, role: str | None, field: str | None
) -> Tally:
    """Read published counts as a tally; see `trendcore.Workspace.tally`."""
    chosen = [pl.col("source") == source]
    more = {"role": role, "field": field}
    chosen += [pl.col(name) == value for name, value in more.items() if value is not None]
    directed = role == OWNED
    prefix = "ownership_" if directed else ""
    parts = {
        name: store.read(manifest, f"{prefix}{name}").filter(chosen).collect()
        for name in ("pairs", "members", "patterns")
    }
    # a cell whose works are not known to be in the field was not tallied
    cells = store.read(manifest, "coverage").filter(*chosen, pl.col("works") > 0)
    totals = cells.filter((pl.col("role") == OWNED) == directed).collect()
    if totals.is_empty():
        there = store.read(manifest, "coverage").filter(pl.col("works") > 0).select("source", "role", "field")
        known = sorted(" ".join(row) for row in there.unique().collect().iter_rows())
        asked = " ".join(word for word in (source, role, field) if word)
        raise UsageError(f"no works are published of {asked}; there are {', '.join(known)}")
    return Tally.from_frames(
        parts["pairs"],
        parts["members"],
        totals,
        by=CELL,
        patterns=parts["patterns"],
        kind="directed" if directed else "works",
        credit="none" if directed else "author",
        policy=str(manifest.settings["policy"]["sha256"]),
        backend=str(manifest.versions["backend"]),
        shares="equal" if directed else "authors",
        validate=False,
    )


def canonical(store: Store, table: str) -> pl.LazyFrame:
    """Read the stored rows of a canonical table, of the inputs that count, with displayed countries."""
    rows = store.scan(table, list(store.ledger().active()))
    known = taxonomy.countries()
    labels = dict.fromkeys(known.remainders(), NES) | known.labels()
    names = rows.collect_schema().names()
    shown = [pl.col(name).replace_strict(labels, return_dtype=pl.String) for name in _CODES if name in names]
    shown += [
        pl.col(name).list.eval(pl.element().replace_strict(labels, return_dtype=pl.String))
        for name in _LISTS
        if name in names
    ]
    return rows.with_columns(shown)


def releases(store: Store) -> pl.DataFrame:
    """List the releases, the oldest first."""
    rows = []
    for number in store.releases():
        manifest = store.manifest(number)
        rows_of = {name: record.rows for name, record in manifest.tables.items()}
        cells = rows_of.get("coverage", 0)
        pairs = sum(rows_of.get(name, 0) for name in _WIDE)
        # of a rollback the reasons of the release that it goes back to are not its own
        again = manifest.rolled_back_to
        reason = manifest.accepted_change if again is None else manifest.rollback_reason
        rows.append((number, manifest.created, len(manifest.inputs), cells, pairs, again, reason or None))
    schema = {
        "release": pl.Int64, "created": pl.String, "inputs": pl.Int64, "cells": pl.Int64, "rows": pl.Int64,
        "rolled_back_to": pl.Int64, "reason": pl.String,
    }  # fmt: skip
    return pl.DataFrame(rows, schema=schema, orient="row")


def _of_index(table: pl.DataFrame, index: str) -> pl.DataFrame:
    """Conventions of one index: by its name in its default form, or by its column (``salton:docs_all``)."""
    wanted = request(index).column
    found = table.filter(pl.col("column") == wanted)
    if found.is_empty():
        there = ", ".join(sorted(table["column"].unique()))
        raise UnknownIndexError(f"{wanted} is not published; there are {there}")
    return found


def is_pair(pair: str) -> pl.Expr:
    """Return which rows are of a pair, in either order; see `long_indices`.

    Raises
    ------
    UsageError
        It is not two codes with a dash between.
    """
    a, dash, b = pair.partition("-")
    if not dash or not a or not b:
        raise UsageError(f"a pair is two displayed codes with a dash between, such as JP-US, not {pair!r}")
    forth = (pl.col("a") == a) & (pl.col("b") == b)
    return forth | ((pl.col("a") == b) & (pl.col("b") == a))


def _is_shipped(bloc: str) -> bool:
    try:
        taxonomy.blocs().get(bloc)
    except UsageError:
        return False
    return True
