"""Frames -> tables of a release, and back."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

import msgspec
import polars as pl
import pyarrow as pa
from deltalake import Schema

from trendcore.errors import StorageError, UsageError
from trendcore.store import delta, releases
from trendcore.store.delta import DataFile, ParquetFile, delta_errors, scan_files
from trendcore.store.frames import as_arrow, content_sha256
from trendcore.store.releases import FileRecord, Manifest, ReleaseInfo, TableRecord
from trendcore.store.volumes import Volume, storage_errors

_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,63}")
#: rows that are handed to the file at a time, which makes row groups of several such pieces
_PIECE: Final = 1 << 15


def publish(volume: Volume, tables: Mapping[str, pl.DataFrame | pl.LazyFrame], info: ReleaseInfo) -> Manifest:
    """Publish a release of a workspace; see `Store.publish`."""
    for name in tables:
        if not _NAME.fullmatch(name):
            raise ValueError(f"a table's name is lower-case letters, digits and _, not {name!r}")
    there = releases.numbers(volume)
    current = releases.read(volume, there[-1]) if there else None
    before = {} if current is None else current.tables
    manifest = Manifest(
        **msgspec.structs.asdict(info),
        number=there[-1] + 1 if there else 1,
        created=datetime.now(UTC).isoformat(),
        previous=None if current is None else current.number,
        tables={name: _write(volume, name, frame, before.get(name)) for name, frame in tables.items()},
    )
    releases.write(volume, manifest)
    return manifest


def read(volume: Volume, manifest: Manifest, table: str) -> pl.LazyFrame:
    """Read a table of a release; see `Store.read`."""
    record = manifest.tables.get(table)
    if record is None:
        listed = ", ".join(sorted(manifest.tables))
        raise UsageError(f"release {manifest.number} has no table {table!r}; it has {listed}")
    try:
        schema = pa.schema(Schema.from_json(json.dumps(record.columns)).to_arrow())
    except ValueError as error:
        raise StorageError(
            f"release {manifest.number} is damaged: the columns of {table} cannot be read: {error}"
        ) from error
    return scan_files(volume, [(file.path, file.size) for file in record.files], schema)


def problems(volume: Volume, record: TableRecord) -> list[str]:
    """Return what is wrong with the files of a table."""
    found = [volume.damage(file.path, file.sha256) for file in record.files]
    return [problem for problem in found if problem is not None]


def _write(
    volume: Volume, name: str, frame: pl.DataFrame | pl.LazyFrame, current: TableRecord | None
) -> TableRecord:
    """Write a table, unless the current release has its content and every byte of it."""
    data = as_arrow(name, frame.collect() if isinstance(frame, pl.LazyFrame) else frame)
    content = content_sha256(data)
    if current is not None and current.content_sha256 == content and not problems(volume, current):
        return current
    folder = f"published/{name}"
    files = [_write_file(volume, folder, data)] if data.num_rows else []
    version = delta.commit(volume, folder, data.schema, files)
    return TableRecord(
        version,
        data.num_rows,
        content,
        _columns(volume.name(folder), data.schema),
        [FileRecord(file.key, file.sha256, file.size) for file in files],
    )


def _write_file(volume: Volume, folder: str, data: pa.Table) -> DataFile:
    with storage_errors(volume.name(folder)):
        file = ParquetFile(volume, folder, data.schema)
        try:
            for batch in data.to_batches(max_chunksize=_PIECE):
                file.add(batch)
            return file.finish()
        except BaseException:
            file.give_up()
            raise


def _columns(table: str, schema: pa.Schema) -> dict[str, Any]:
    with delta_errors(table):
        columns: dict[str, Any] = json.loads(Schema.from_arrow(schema).to_json())
    return columns
