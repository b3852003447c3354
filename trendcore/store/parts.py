"""Tables of a release in parts: a large table is a file for each cell, so that one that stays is not written.

What is a part follows from the rows alone, so that a table is the same parts however it was made. Parts are
hashed one by one; the hash of a table in parts is that of the list of its parts.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

import polars as pl
import pyarrow as pa

from trendcore.store.delta import DataFile, ParquetFile
from trendcore.store.frames import as_arrow, content_sha256, is_sparse, settled
from trendcore.store.releases import FileRecord
from trendcore.store.volumes import Volume, storage_errors

#: columns that tell parts apart: those of them with which a table begins, in this order
PART_BY: Final = ("source", "role", "field", "year")
#: a table of more rows is in parts, where it begins with such columns
LARGE: Final = 1 << 17
#: rows that are handed to a file at a time, which makes row groups of several such pieces
_PIECE: Final = 1 << 15
#: files that are written at a time
_AT_A_TIME: Final = 4

#: values of the columns of `PART_BY`; None: of a table that is not in parts
Key = tuple[Any, ...] | None


@dataclass(frozen=True)
class Anew:
    """A table of which some cells were made anew; the others are as in the release before.

    Attributes
    ----------
    rows
        Rows of the cells that were made anew, sorted by their full key.
    replaced
        Which cells were, as an expression of those columns of `PART_BY` that the table begins with; a cell
        for which it is true and that has no rows is gone.
    """

    rows: pl.DataFrame
    replaced: pl.Expr


@dataclass(frozen=True)
class Part:
    """Rows of one cell, or of a whole table that is not in parts.

    Attributes
    ----------
    key
        Values of the columns of `PART_BY`; None of a whole table.
    data
        The rows, as they are published.
    content
        Hash of them.
    """

    key: Key
    data: pa.Table
    content: str


def part_columns(frame: pl.DataFrame) -> list[str]:
    """Return the columns that tell the parts of a table apart.

    Examples
    --------
    >>> part_columns(pl.DataFrame(schema=["source", "role", "field", "a"]))
    ['source', 'role', 'field']
    """
    names = []
    for wanted, name in zip(PART_BY, frame.columns, strict=False):
        if wanted != name:
            break
        names.append(name)
    return names


def is_in_parts(frame: pl.DataFrame) -> bool:
    """Whether a table of these rows is in parts."""
    return frame.height > LARGE and bool(part_columns(frame))


def cells(frame: pl.DataFrame, columns: Sequence[str]) -> Iterator[tuple[Key, pl.DataFrame]]:
    """Give each run of rows that agree in some columns, and what they are there.

    Examples
    --------
    >>> frame = pl.DataFrame({"source": ["x", "x", "y"], "n": [1, 2, 3]})
    >>> [(key, rows["n"].to_list()) for key, rows in cells(frame, ["source"])]
    [(('x',), [1, 2]), (('y',), [3])]
    """
    runs = frame.select(pl.struct(*columns).rle().alias("run")).unnest("run")
    start = 0
    for length, value in runs.iter_rows():
        yield tuple(value[column] for column in columns), frame.slice(start, length)
        start += length


def write(
    volume: Volume,
    folder: str,
    name: str,
    frame: pl.DataFrame,
    known: Sequence[FileRecord],
    *,
    in_parts: bool,
) -> list[FileRecord]:
    """Write the parts of a frame that are not known yet, several at a time.

    Parameters
    ----------
    volume, folder
        Where.
    name
        Of the table, for messages.
    frame
        Rows, sorted by their key.
    known
        Parts that need not be written again.
    in_parts
        Whether the table that they are of is in parts.

    Returns
    -------
    list of FileRecord
        Of each part, in order; parts without rows have none.
    """
    there = {(_hashable(record.part), record.content_sha256): record for record in known}

    def record(item: tuple[Key, pl.DataFrame]) -> FileRecord:
        key, rows = item
        data = as_arrow(name, settled(rows))
        part = Part(key, data, content_sha256(data))
        found = there.get((key, part.content))
        return found if found is not None else _written(volume, folder, part)

    if not frame.height:
        return []
    items: list[tuple[Key, pl.DataFrame]] = (
        [*cells(frame, part_columns(frame))] if in_parts else [(None, frame)]
    )
    if len(items) < 2:
        return [record(item) for item in items]
    with ThreadPoolExecutor(_AT_A_TIME) as pool:
        return list(pool.map(record, items))


def measured(name: str, frame: pl.DataFrame, *, in_parts: bool) -> list[FileRecord]:
    """Return what `write` would of a frame, without a file."""
    items: list[tuple[Key, pl.DataFrame]] = (
        [*cells(frame, part_columns(frame))] if in_parts else [(None, frame)]
    )
    found = []
    for key, rows in items if frame.height else []:
        data = as_arrow(name, settled(rows))
        part = None if key is None else list(key)
        sparse = [column for column in data.column_names if is_sparse(column)]
        hashed = content_sha256(data)
        found.append(FileRecord("", "", 0, data.num_rows, hashed, part=part, sparse=sparse))
    return found


def in_order(records: Sequence[FileRecord]) -> list[FileRecord]:
    """Sort parts by their key, as the rows of the table are sorted."""
    return sorted(records, key=lambda record: [(value is None, value) for value in record.part or ()])


def kept(records: Sequence[FileRecord], columns: Sequence[str], replaced: pl.Expr) -> list[FileRecord]:
    """Return the parts whose cells were not made anew."""
    keys = pl.DataFrame([record.part for record in records], schema=list(columns), orient="row")
    # a column of the keys' length even where the expression is a literal
    stays = keys.with_columns(stays=~replaced.fill_null(value=False))["stays"]
    return [record for record, stay in zip(records, stays, strict=True) if stay]


def content_of(records: Sequence[FileRecord], empty: str) -> str:
    """Return the hash of a table's content from those of its parts, which are in order.

    Parameters
    ----------
    records
        Parts; the only part of a table that is not in parts has the hash of the table.
    empty
        Hash of a table without rows.
    """
    if not records:
        return empty
    if records[0].part is None:
        return records[0].content_sha256
    told = [[record.part, record.rows, record.content_sha256] for record in records]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()


def label(record: FileRecord) -> str:
    """Return the name of a part in the log of its Delta table.

    Examples
    --------
    >>> label(FileRecord("k", "s", 1, part=["openalex", "author", "a/b", 2020]))
    'openalex/author/a%2Fb/2020'
    """
    if record.part is None:
        return "all"
    return "/".join(quote("" if value is None else str(value), safe="") for value in record.part)


def sparse_columns(records: Sequence[FileRecord]) -> list[str]:
    """Return the sparse columns that some part holds, in order."""
    return sorted({name for record in records for name in record.sparse})


def _hashable(part: Sequence[Any] | None) -> Key:
    return None if part is None else tuple(part)


def _written(volume: Volume, folder: str, part: Part) -> FileRecord:
    data = part.data
    with storage_errors(volume.name(folder)):
        file = ParquetFile(volume, folder, data.schema)
        try:
            for batch in data.to_batches(max_chunksize=_PIECE):
                file.add(batch)
            done: DataFile = file.finish()
        except BaseException:
            file.give_up()
            raise
    return FileRecord(
        done.key,
        done.sha256,
        done.size,
        rows=data.num_rows,
        content_sha256=part.content,
        part=None if part.key is None else list(part.key),
        sparse=[column for column in data.column_names if is_sparse(column)],
    )
