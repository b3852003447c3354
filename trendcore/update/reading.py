"""Published tables -> frames for people: indices in long form, stored rows with displayed countries."""

from __future__ import annotations

from typing import Final

import polars as pl

from trendcore import indices, taxonomy
from trendcore.errors import UnknownIndexError, UsageError
from trendcore.indices import request
from trendcore.store import Manifest, Store
from trendcore.tallies.types import NES
from trendcore.update.works import CELL

#: wide tables that hold countries
_WIDE: Final = ("indices", "ownership_indices", "trade_indices")
_OF_BLOCS: Final = "bloc_indices"
_COLUMNS: Final = [
    *CELL, "product", "a", "b", "index", "value", "value_flag", "counting", "marginals", "universe",
    "neutral", "policy",
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
    if index is not None:
        table = _of_index(table, index)
    complete = store.read(manifest, "coverage").select(*CELL, "year_complete")
    parts = []
    for name in (_OF_BLOCS,) if bloc is not None else _WIDE:
        conventions = table.filter(pl.col("table") == name)
        if conventions.is_empty():
            continue
        wide = store.read(manifest, name)
        if bloc is not None:
            node = taxonomy.blocs().get(bloc).name if _is_shipped(bloc) else bloc.removeprefix("bloc:")
            wide = wide.filter(pl.col("bloc") == node)
            conventions = conventions.with_columns(universe=pl.lit(f"bloc:{node}"))
        for column, value in (("field", field), ("source", source), ("role", role)):
            if value is not None:
                wide = wide.filter(pl.col(column) == value)
        if pair is not None:
            wide = wide.filter(_is_pair(pair))
        product = pl.lit(None, pl.String).alias("product")
        parts.append(indices.to_long(wide, conventions, CELL).with_columns(product))
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
        cells = manifest.counts.get("coverage", 0)
        pairs = sum(manifest.counts.get(name, 0) for name in _WIDE)
        rows.append((number, manifest.created, len(manifest.inputs), cells, pairs))
    schema = {
        "release": pl.Int64, "created": pl.String, "inputs": pl.Int64, "cells": pl.Int64, "rows": pl.Int64,
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


def _is_pair(pair: str) -> pl.Expr:
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
