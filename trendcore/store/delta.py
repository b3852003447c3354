"""Delta tables whose Parquet files we write ourselves: their log, and which files are active in it.

deltalake's own writer brings nothing to disk and does not keep the order of rows, so files are written,
hashed and brought to disk here; only then are they named in the log.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Final

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
from deltalake import CommitProperties, DeltaTable, PostCommitHookProperties
from deltalake.exceptions import CommitFailedError, DeltaError, TableNotFoundError
from deltalake.transaction import AddAction

from trendcore.errors import ConflictError, StorageError
from trendcore.store.failpoints import hit
from trendcore.store.volumes import Volume, in_a_line, storage_errors

#: column of canonical tables that says which content a row is of
INPUT: Final = "input"
#: column that Delta readers see beside those of a published table: which part of it a row is in
PART: Final = "part"
#: rows are gathered up to this many bytes of Arrow, then written as a row group
_BUFFER: Final = 64 << 20
#: opening a table reads the log since the last checkpoint
_SETTINGS: Final = {"delta.checkpointInterval": "20"}
#: logs are never cleaned: a release names its table's version
_HOOKS: Final = PostCommitHookProperties(create_checkpoint=True, cleanup_expired_logs=False)
#: a transaction that was prepared from a version may only follow that version
_NO_RETRY: Final = CommitProperties(max_commit_retries=0)


@dataclass(frozen=True)
class DataFile:
    """A Parquet file of a table.

    Attributes
    ----------
    key
        Its key in the volume.
    size, rows
        Bytes and rows.
    sha256
        Of its bytes, in hex.
    input
        Content that its rows are of; in published tables the part of the table.
    """

    key: str
    size: int
    rows: int
    sha256: str
    input: str | None = None


@contextmanager
def delta_errors(table: str) -> Iterator[None]:
    """Say of an error of deltalake or the operating system which table it concerns."""
    try:
        with storage_errors(table):
            yield
    except CommitFailedError as error:
        raise ConflictError(
            f"{table}: another process has written to the table: {in_a_line(error)}"
        ) from error
    except DeltaError as error:
        raise StorageError(f"{table}: {in_a_line(error)}") from error
    except Exception as error:
        # what deltalake has no class for it raises as a plain Exception, which nothing else does
        if type(error) is not Exception:
            raise
        raise StorageError(f"{table}: {in_a_line(error)}") from error


class ParquetFile:
    """Writes record batches to one new Parquet file, in bounded memory.

    Parameters
    ----------
    volume, folder
        Where; made if it is not there.
    schema
        Of the batches.
    """

    def __init__(self, volume: Volume, folder: str, schema: pa.Schema) -> None:
        self._schema = schema
        self._batches: list[pa.RecordBatch] = []
        self._bytes = 0
        self.rows = 0
        self._file = volume.new_file(folder)
        try:
            self._writer = pq.ParquetWriter(
                self._file, schema, compression="zstd", compression_level=1, write_page_checksum=True
            )
        except BaseException:
            self._file.give_up()
            raise

    def add(self, batch: pa.RecordBatch) -> None:
        """Append a batch."""
        self._batches.append(batch)
        self._bytes += batch.nbytes
        self.rows += batch.num_rows
        if self._bytes >= _BUFFER:
            self._write()

    def finish(self, of: str | None = None) -> DataFile:
        """Bring the file to disk."""
        self._write()
        self._writer.close()
        key = self._file.finish()
        return DataFile(key, self._file.size, self.rows, self._file.sha256, of)

    def give_up(self) -> None:
        """Remove the file, finished or not."""
        self._batches.clear()
        self._file.give_up()
        # else it would be closed, and so written to, when it is collected
        with suppress(OSError, pa.ArrowException):
            self._writer.close()

    def _write(self) -> None:
        if self._batches:
            table = pa.Table.from_batches(self._batches, self._schema)
            self._writer.write_table(table, row_group_size=max(table.num_rows, 1))
        self._batches, self._bytes = [], 0


def commit(
    volume: Volume,
    folder: str,
    schema: pa.Schema,
    files: Sequence[DataFile],
    replaced: Sequence[str] | None = None,
    *,
    partition: str = INPUT,
    after: int | None = None,
) -> int:
    """Name files in a table's log, in one transaction; the log is on disk on return.

    Parameters
    ----------
    volume, folder
        Where the table is; made if it is not there.
    schema
        Of the table, with the column of its partitions.
    files
        New files.
    replaced
        Contents, or parts, whose files they take the place of; None: the whole table's.
    partition
        Name of the column of contents or parts.
    after
        Version whose other files stay; None: the latest.

    Returns
    -------
    int
        The table's new version.

    Raises
    ------
    ConflictError
        Another process wrote at the same time.
    StorageError
        The table cannot be read or written.
    """
    with delta_errors(volume.name(folder)):
        volume.prepare(folder)
        table = _open(volume, folder) or _create(volume, folder, schema, [partition])
        before = table.version()
        volume.check()
        if after is not None and after != before:
            # what an interrupted update wrote, or a rollback left behind, is no part of the release
            hit("delta_restore", volume.name(folder))
            table.restore(after, commit_properties=_NO_RETRY)
        version = table.version() + 1
        volume.check()
        hit("delta_commit", volume.name(folder))
        table.create_write_transaction(
            [_action(folder, file, partition) for file in files],
            mode="overwrite",
            schema=schema,
            partition_by=[partition],
            partition_filters=None if replaced is None else [(partition, "in", list(replaced))],
            commit_properties=_NO_RETRY,
            post_commithook_properties=_HOOKS,
        )
        hit("delta_committed", volume.name(folder))
        volume.sync_log(folder, before)
    return version


def active(volume: Volume, folder: str) -> list[DataFile]:
    """Return the files of a canonical table's latest version, in a fixed order.

    Raises
    ------
    StorageError
        The table cannot be read, or names files outside itself.
    """
    with delta_errors(f"{volume.name(folder)}: the table's log cannot be read"):
        table = _open(volume, folder)
        if table is None:
            return []
        actions = table.get_add_actions(flatten=True)
    found = pl.DataFrame(actions)
    needed = ["path", "size_bytes", "num_records", f"partition.{INPUT}"]
    if lacks := [name for name in needed if name not in found.columns]:
        raise StorageError(f"{volume.name(folder)}: the table's log is damaged: it has no {lacks[0]}")
    found = found.select(needed)
    files = []
    for path, size, rows, content in found.sort("path").iter_rows():
        parent, _, name = path.rpartition("/")
        sound = parent == f"{INPUT}={content}" and name not in ("", "..") and path.isprintable()
        if not sound or rows is None:
            raise StorageError(f"{volume.name(folder)}: the table's log is damaged: it names {path!r}")
        files.append(DataFile(f"{folder}/{path}", size, rows, name.partition("-")[0], content))
    return files


def scan_files(volume: Volume, files: Sequence[tuple[str, int]], schema: pa.Schema) -> pl.LazyFrame:
    """Read Parquet files of a schema, lazily.

    Parameters
    ----------
    volume
        Where they are.
    files
        Key and bytes of each.
    schema
        What they hold.

    Raises
    ------
    StorageError
        One is missing, or has another size.
    """
    keys = [key for key, _ in files]
    with storage_errors(volume.name()):
        sizes = volume.sizes(keys)
    for (key, size), found in zip(files, sizes, strict=True):
        if found != size:
            raise StorageError(
                f"{volume.name(key)} is damaged: it has {found:,} bytes, {size:,} were written"
            )
    types = pl.DataFrame(schema.empty_table()).schema
    if not files:
        return pl.LazyFrame(schema=types)
    # the workspace's own path may hold `name=value` or `*`, which mean nothing here
    return pl.scan_parquet(
        [volume.uri(key) for key in keys],
        schema=types,
        hive_partitioning=False,
        glob=False,
        missing_columns="insert",
        storage_options=volume.storage_options,
        credential_provider=None,
    )


def _open(volume: Volume, folder: str) -> DeltaTable | None:
    """Open a table's latest version; None if there is no table."""
    hit("delta_open", volume.name(folder))
    try:
        return DeltaTable(volume.uri(folder), storage_options=volume.storage_options)
    except TableNotFoundError:
        return None
    except ValueError as error:
        # so Arrow says of a log that holds what it cannot
        raise StorageError(f"{volume.name(folder)}: its log is damaged: {in_a_line(error)}") from error


def _create(volume: Volume, folder: str, schema: pa.Schema, partitions: list[str]) -> DeltaTable:
    hit("delta_create", volume.name(folder))
    return DeltaTable.create(
        volume.uri(folder),
        schema=schema,
        partition_by=partitions,
        configuration=_SETTINGS,
        storage_options=volume.storage_options,
    )


def _action(folder: str, file: DataFile, partition: str) -> AddAction:
    return AddAction(
        path=file.key.removeprefix(f"{folder}/"),
        size=file.size,
        partition_values={partition: file.input},
        modification_time=time.time_ns() // 1_000_000,
        data_change=True,
        stats=json.dumps({"numRecords": file.rows}),
    )
