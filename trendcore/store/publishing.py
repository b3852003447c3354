"""Frames -> tables of a release, and back."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

import msgspec
import polars as pl
import pyarrow as pa
from deltalake import Schema

from trendcore.errors import StorageError, UsageError
from trendcore.store import delta, parts, releases
from trendcore.store.delta import DataFile, delta_errors, scan_files
from trendcore.store.frames import as_arrow, content_sha256, is_sparse, published, settled
from trendcore.store.parts import Anew
from trendcore.store.releases import FileRecord, Manifest, ReleaseInfo, TableRecord
from trendcore.store.volumes import Volume

_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,63}")

#: rows of a table, whole or those of some cells
Table = pl.DataFrame | pl.LazyFrame | Anew


def publish(
    volume: Volume,
    tables: Mapping[str, Table],
    info: ReleaseInfo,
    base: Manifest | None,
) -> Manifest:
    """Publish a release of a workspace; see `Store.publish`."""
    for name in tables:
        if not _NAME.fullmatch(name):
            raise ValueError(f"a table's name is lower-case letters, digits and _, not {name!r}")
    there = releases.numbers(volume)
    manifest = Manifest(
        **msgspec.structs.asdict(info),
        number=there[-1] + 1 if there else 1,
        created=datetime.now(UTC).isoformat(),
        previous=there[-1] if there else None,
        tables={name: _write(volume, name, given, base) for name, given in tables.items()},
    )
    releases.write(volume, manifest)
    return manifest


def read(volume: Volume, manifest: Manifest, table: str) -> pl.LazyFrame:
    """Read a table of a release; see `Store.read`."""
    record = manifest.tables.get(table)
    if record is None:
        listed = ", ".join(sorted(manifest.tables))
        raise UsageError(f"release {manifest.number} has no table {table!r}; it has {listed}")
    damaged = f"release {manifest.number} is damaged: the columns of {table} cannot be read"
    try:
        with delta_errors(damaged):
            schema = pa.schema(Schema.from_json(json.dumps(record.columns)).to_arrow())
    except ValueError as error:
        raise StorageError(f"{damaged}: {error}") from error
    return scan_files(volume, [(file.path, file.size) for file in record.files], schema)


def content(name: str, frame: pl.DataFrame, record: TableRecord) -> str:
    """Return the hash that a table of these rows has, in parts where the recorded one is."""
    rows = published(name, frame)
    in_parts = record.files[0].part is not None if record.files else parts.is_in_parts(rows)
    files = parts.in_order(parts.measured(name, rows, in_parts=in_parts))
    return parts.content_of(files, content_sha256(_whole_schema(name, rows, files).empty_table()))


def difference(name: str, frame: pl.DataFrame, there: pl.DataFrame) -> str:
    """Say in what rows are not those that were published."""
    mine = settled(published(name, frame))
    names = [f"+{each}" for each in mine.columns if each not in there.columns]
    names += [f"-{each}" for each in there.columns if each not in mine.columns]
    if names:
        return f"other columns: {', '.join(names)}"
    if mine.height != there.height:
        return f"{mine.height:,} rows, {there.height:,} were published"
    there = there.cast(mine.schema, strict=False)
    other = [each for each in mine.columns if not mine[each].equals(there[each], null_equal=True)]
    return f"other values in {', '.join(other)}" if other else "the same rows, hashed or typed in another way"


def _write(volume: Volume, name: str, given: Table, base: Manifest | None) -> TableRecord:
    """Write a table, unless the release before has its content; of its parts those that it has not."""
    current = None if base is None else base.tables.get(name)
    stay: list[FileRecord] = []
    if isinstance(given, Anew):
        if base is None or current is None:
            raise ValueError(f"table {name}: there is no release whose other cells could stay")
        frame, stay, in_parts = _with_others(volume, name, given, base, current)
    else:
        frame = published(name, given.collect() if isinstance(given, pl.LazyFrame) else given)
        in_parts = parts.is_in_parts(frame)
    folder = f"{releases.RESULTS}/{name}"
    known = () if current is None else current.files
    files = parts.in_order([*stay, *parts.write(volume, folder, name, frame, known, in_parts=in_parts)])
    schema = _whole_schema(name, frame, files)
    hashed = parts.content_of(files, content_sha256(schema.empty_table()))
    if current is not None and current.content_sha256 == hashed:
        return current
    version = _commit(volume, folder, schema, files, current)
    rows = sum(file.rows for file in files)
    return TableRecord(version, rows, hashed, _columns(volume.name(folder), schema), files)


def _with_others(
    volume: Volume, name: str, given: Anew, base: Manifest, current: TableRecord
) -> tuple[pl.DataFrame, list[FileRecord], bool]:
    """Return the rows that are to be written, the parts that stay, and whether the table is in parts."""
    columns = parts.part_columns(given.rows)
    rows = published(name, given.rows)
    if current.files and current.files[0].part is not None:
        stay = parts.kept(current.files, columns, given.replaced)
        if rows.height + sum(file.rows for file in stay) > parts.LARGE:
            return rows, stay, True
    others = read(volume, base, name).filter(~given.replaced.fill_null(value=False)).collect()
    # within a cell rows are in order already, and no cell has rows in both
    whole = pl.concat([others, rows], how="diagonal").sort(columns, nulls_last=True, maintain_order=True)
    return whole, [], parts.is_in_parts(whole)


def _whole_schema(name: str, frame: pl.DataFrame, files: Sequence[FileRecord]) -> pa.Schema:
    """Return the schema of a table of some files, whose rows, or some of them, are in a frame."""
    fields = [field for field in as_arrow(name, frame.clear()).schema if not is_sparse(field.name)]
    return pa.schema(fields + [pa.field(name, pa.large_string()) for name in parts.sparse_columns(files)])


def _commit(
    volume: Volume,
    folder: str,
    schema: pa.Schema,
    files: Sequence[FileRecord],
    current: TableRecord | None,
) -> int:
    """Name the files of a table in its log: all, or those of the parts that are not the same as before."""
    held = schema.append(pa.field(delta.PART, pa.string()))
    old = {} if current is None else {file.path: file for file in current.files}
    in_parts = [bool(each) and each[0].part is not None for each in (files, list(old.values()))]
    new = [file for file in files if file.path not in old]
    replaced = after = None
    if all(in_parts) and current is not None:
        there = {file.path for file in files}
        gone = [file for file in current.files if file.path not in there]
        replaced = sorted({parts.label(file) for file in [*new, *gone]})
        after = current.delta_version
    else:
        new = list(files)
    named = [DataFile(file.path, file.size, file.rows, file.sha256, parts.label(file)) for file in new]
    return delta.commit(volume, folder, held, named, replaced, partition=delta.PART, after=after)


def _columns(table: str, schema: pa.Schema) -> dict[str, Any]:
    with delta_errors(table):
        columns: dict[str, Any] = json.loads(Schema.from_arrow(schema).to_json())
    return columns
