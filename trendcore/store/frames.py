"""Published frames -> Arrow tables that Delta can hold, and the hash of their content."""

from __future__ import annotations

import hashlib
from typing import Final

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from trendcore.errors import SchemaError

#: columns of these endings hold words for few rows: a table has them where they hold any
SPARSE: Final = ("__flag", "__interval", "__interval_flag")

_SAME: Final = {
    pl.Int8, pl.Int16, pl.Int32, pl.Int64, pl.Float32, pl.Float64, pl.String, pl.Boolean, pl.Date, pl.Binary,
}  # fmt: skip
_UNSIGNED: Final = {pl.UInt8, pl.UInt16, pl.UInt32, pl.UInt64}


def is_sparse(column: str) -> bool:
    """Whether a column says something of few rows only.

    Examples
    --------
    >>> is_sparse("salton__flag"), is_sparse("salton__lo"), is_sparse("flag")
    (True, False, False)
    """
    return column.endswith(SPARSE)


def settled(frame: pl.DataFrame) -> pl.DataFrame:
    """Put sparse columns last, in the order of their names, and leave out those that hold nothing.

    So the columns of a table follow from its rows, however it was put together.

    Examples
    --------
    >>> settled(pl.DataFrame({"z__flag": ["x"], "a__flag": [None], "z": [1]})).columns
    ['z', 'z__flag']
    """
    names = [name for name in frame.columns if is_sparse(name)]
    if not names:
        return frame
    held = [name for name in sorted(names) if frame[name].null_count() < frame.height]
    return frame.select(*(name for name in frame.columns if name not in names), *held)


def published(name: str, frame: pl.DataFrame) -> pl.DataFrame:
    """Cast columns to the types in which they are published; see `as_arrow`."""
    if not frame.width or "" in frame.columns or len({each.lower() for each in frame.columns}) < frame.width:
        raise SchemaError(f"table {name}: columns need names that differ in more than case: {frame.columns}")
    types = pl.Schema({column: _held(name, column, dtype) for column, dtype in frame.schema.items()})
    try:
        return frame.cast(types)
    except pl.exceptions.InvalidOperationError as error:
        raise SchemaError(f"table {name}: a value does not fit: {error}") from error


def as_arrow(name: str, frame: pl.DataFrame) -> pa.Table:
    """Turn a frame into an Arrow table of types that Delta can hold.

    Enum and Categorical become String, unsigned integers Int64, at any depth.

    Parameters
    ----------
    name
        The table's name, for messages.
    frame
        The rows, in order.

    Returns
    -------
    pa.Table
        Same rows and columns, in one batch.

    Raises
    ------
    SchemaError
        A column has a type that Delta cannot hold (Int128, Null, Array, times), or an unsigned value is too
        large; the message names it. Or there are no columns, or their names differ in case only.

    Examples
    --------
    >>> frame = pl.DataFrame({"n": [1]}, schema={"n": pl.UInt32})
    >>> as_arrow("t", frame).schema.field("n").type
    DataType(int64)
    >>> as_arrow("t", pl.DataFrame({"n": [None]}))
    Traceback (most recent call last):
    trendcore.errors.SchemaError: table t, column n: cannot be published as Null
    """
    held = published(name, frame)
    return held.rechunk().to_arrow(compat_level=pl.CompatLevel.oldest()).combine_chunks()


def content_sha256(table: pa.Table) -> str:
    """Return the SHA-256 of a table's content, in hex: schema, rows and their order, and nothing else.

    It is that of the Arrow IPC stream of one uncompressed batch in which values that are null are zero or
    empty and bitmaps end in zeros, as Arrow leaves both open.

    Examples
    --------
    >>> left = as_arrow("t", pl.DataFrame({"n": [1, 2, 3]})).slice(1)
    >>> right = as_arrow("t", pl.DataFrame({"n": [2, 3]}))
    >>> content_sha256(left) == content_sha256(right)
    True
    """
    columns = [_definite(_one(column)) for column in table.columns]
    batch = pa.RecordBatch.from_arrays(columns, schema=table.schema.remove_metadata())
    sink = _HashSink()
    options = pa.ipc.IpcWriteOptions(metadata_version=pa.ipc.MetadataVersion.V5, compression=None)
    with pa.ipc.new_stream(pa.PythonFile(sink, mode="w"), batch.schema, options=options) as writer:
        writer.write_batch(batch)
    return sink.sha256.hexdigest()


class _HashSink:
    """A file that keeps nothing but the hash of what is written to it."""

    closed = False

    def __init__(self) -> None:
        self.sha256 = hashlib.sha256()
        self._length = 0

    def write(self, data: bytes | memoryview) -> int:
        self.sha256.update(data)
        length = data.nbytes if isinstance(data, memoryview) else len(data)
        self._length += length
        return length

    def tell(self) -> int:
        return self._length

    def flush(self) -> None:
        pass

    def close(self) -> None:
        pass


def _held(table: str, column: str, dtype: pl.DataType) -> pl.DataType:
    """Return the type in which a column is published."""
    if isinstance(dtype, pl.List):
        return pl.List(_held(table, column, _instance(dtype.inner)))
    if isinstance(dtype, pl.Struct):
        return pl.Struct({field.name: _held(table, column, _instance(field.dtype)) for field in dtype.fields})
    if dtype in _SAME:
        return dtype
    if dtype in _UNSIGNED:
        return pl.Int64()
    if isinstance(dtype, (pl.Enum, pl.Categorical)):
        return pl.String()
    raise SchemaError(f"table {table}, column {column}: cannot be published as {dtype}")


def _instance(dtype: pl.DataType | pl.datatypes.DataTypeClass) -> pl.DataType:
    return dtype if isinstance(dtype, pl.DataType) else dtype()


def _one(column: pa.ChunkedArray) -> pa.Array:
    """Return a column as one array."""
    if column.num_chunks == 1:
        return column.chunk(0)
    return pa.concat_arrays(column.chunks) if column.num_chunks else pa.array([], column.type)


def _definite(array: pa.Array) -> pa.Array:
    """Return an array of equal values whose every byte follows from them."""
    kind, n = array.type, len(array)
    if n == 0:  # a slice of no rows may keep the buffers of others
        return pa.array([], kind)
    valid = _bitmap(array.is_valid()) if array.null_count else None
    if pa.types.is_large_list(kind):
        lengths = pc.fill_null(pc.list_value_length(array), 0).to_numpy(zero_copy_only=False)
        offsets = np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)])
        buffers = [valid, pa.py_buffer(offsets.tobytes())]
        return pa.Array.from_buffers(kind, n, buffers, children=[_definite(array.flatten())])
    if pa.types.is_struct(kind):
        return pa.Array.from_buffers(
            kind, n, [valid], children=[_definite(child) for child in array.flatten()]
        )
    if pa.types.is_boolean(kind):
        return pa.Array.from_buffers(kind, n, [valid, _bitmap(pc.fill_null(array, False))])
    if array.null_count:
        empty = pa.scalar(0, pa.int32()).cast(kind) if not _is_text(kind) else pa.scalar(b"").cast(kind)
        array = pc.fill_null(array, empty)
    return pa.Array.from_buffers(kind, n, [valid, *_exact(array)])


def _exact(array: pa.Array) -> list[pa.Buffer]:
    """Return the values of an array without those of the rows beside it, of which it may be a slice."""
    kind, n, start = array.type, len(array), array.offset
    values = array.buffers()[1:]
    if not _is_text(kind):
        width = kind.bit_width // 8
        return [values[0].slice(start * width, n * width)]
    offsets = np.frombuffer(values[0], np.int64)[start : start + n + 1]
    data = values[1] if values[1] is not None else pa.py_buffer(b"")
    first, last = int(offsets[0]), int(offsets[-1])
    return [pa.py_buffer((offsets - first).tobytes()), data.slice(first, last - first)]


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_large_string(kind) or pa.types.is_large_binary(kind))


def _bitmap(flags: pa.BooleanArray) -> pa.Buffer:
    packed = np.packbits(flags.to_numpy(zero_copy_only=False), bitorder="little")
    return pa.py_buffer(packed.tobytes())
