"""The one bridge between frames and kernels: columns become codes and offsets.

Nothing here knows what is counted. Lists of Enum or of whole numbers are handed on without a copy where their
codes already are what kernels take; strings are encoded once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, TypeVar

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

from trendcore.errors import SchemaError

Codes = npt.NDArray[np.unsignedinteger[Any]]
Ints = npt.NDArray[np.int64]
Raw = int | str

_T = TypeVar("_T")
#: entries looked at together: few enough for the cache, enough to make the loop free
_BLOCK: Final = 1 << 16
#: entries that make a thread worth its start
_GRAIN: Final = 1 << 20
#: a look-up table with an entry for every number between the least and the greatest may be this large
_TABLE: Final = 1 << 20
_STRINGS: Final = (pl.String, pl.Categorical, pl.Enum)


@dataclass(frozen=True)
class Lists:
    """A list column as kernels take it.

    Attributes
    ----------
    offsets
        (n_works + 1,) where each list starts and ends in ``codes``; the first need not be 0.
    codes
        (n_entries,) uint8, uint16 or uint32; the type's maximum stands for an unknown member.
    """

    offsets: Ints
    codes: Codes

    def take(self, rows: Ints) -> Lists:
        """Return the lists of some rows.

        Examples
        --------
        >>> lists = Lists(np.array([0, 1, 3]), np.array([7, 8, 9], dtype=np.uint8))
        >>> lists.take(np.array([1])).codes.tolist()
        [8, 9]
        """
        lengths = np.diff(self.offsets)[rows]
        offsets = np.concatenate(([0], np.cumsum(lengths)))
        moved = np.repeat(self.offsets[rows] - offsets[:-1], lengths)
        return Lists(offsets, self.codes[moved + np.arange(offsets[-1])])

    def slice(self, rows: slice) -> Lists:
        """Return the lists of a range of rows, without a copy: their offsets begin elsewhere than at 0.

        Examples
        --------
        >>> lists = Lists(np.array([0, 1, 3]), np.array([7, 8, 9], dtype=np.uint8))
        >>> lists.slice(slice(1, 2)).offsets.tolist()
        [1, 3]
        """
        return Lists(self.offsets[rows.start : rows.stop + 1], self.codes)

    def alone(self) -> Lists:
        """Return the same lists with offsets from 0, and no other entries.

        Examples
        --------
        >>> lists = Lists(np.array([1, 3]), np.array([7, 8, 9], dtype=np.uint8)).alone()
        >>> lists.offsets.tolist(), lists.codes.tolist()
        ([0, 2], [8, 9])
        """
        first, last = self.offsets[0], self.offsets[-1]
        return Lists(self.offsets - first, self.codes[first:last])


@dataclass(frozen=True)
class Dictionary:
    """Members by code: names in byte order, so that a < b for codes is a < b for what is displayed.

    Attributes
    ----------
    names
        (n_members,) displayed names, sorted.
    code_of
        Value of the column to code; values left out, or mapped to None, are unknown.
    """

    names: tuple[str, ...]
    code_of: Mapping[Raw, int | None]

    @property
    def dtype(self) -> np.dtype[Any]:
        """Narrowest type that leaves its maximum free for unknown members."""
        return code_type(len(self.names))


def code_type(n_members: int) -> np.dtype[Any]:
    """Return the type of member codes: uint8 up to 255 members, uint16 up to 65535, else uint32.

    Examples
    --------
    >>> [str(code_type(n)) for n in (255, 256, 65536)]
    ['uint8', 'uint16', 'uint32']
    """
    return np.dtype(np.uint8 if n_members <= 0xFF else np.uint16 if n_members <= 0xFFFF else np.uint32)


def in_threads(task: Callable[[slice], _T], n: int) -> list[_T]:
    """Call a task for ranges that make up 0 to n, in as many threads as Polars has where that is worth it.

    Examples
    --------
    >>> in_threads(lambda rows: (rows.start, rows.stop), 5)
    [(0, 5)]
    """
    parts = max(min(pl.thread_pool_size(), n // _GRAIN), 1)
    ranges = [slice(n * part // parts, n * (part + 1) // parts) for part in range(parts)]
    if parts == 1:
        return [task(ranges[0])]
    with ThreadPoolExecutor(parts) as pool:
        return list(pool.map(task, ranges))


def blocks(rows: slice) -> list[slice]:
    """Cut a range into blocks that fit the cache, so that what NumPy makes of one stays there.

    Examples
    --------
    >>> blocks(slice(1, 5))
    [slice(1, 5, None)]
    """
    starts = range(rows.start, rows.stop, _BLOCK)
    return [slice(start, min(start + _BLOCK, rows.stop)) for start in starts]


# ---------------------------------------------------------------------------------------------- dictionaries


def dictionary(columns: Sequence[pl.Series], display: Callable[[Raw], str | None]) -> Dictionary:
    """Give codes to the members of one or more columns, in the byte order of what is displayed.

    Parameters
    ----------
    columns
        Columns of members, or of lists of members: all of strings, or all of whole numbers.
    display
        Value of a column to the name that is displayed; None: unknown. Two values with one name are one
        member.

    Raises
    ------
    SchemaError
        A column holds neither strings nor whole numbers, or the columns differ in that.

    Examples
    --------
    >>> dictionary([pl.Series("c", [[392, 840], [36]])], {392: "JP", 840: "US", 36: "AU"}.get).names
    ('AU', 'JP', 'US')
    """
    values: set[Raw] = set()
    kinds: dict[str, str] = {}
    for column in columns:
        inner = _inner(column)
        if inner != pl.Null:
            kinds["whole numbers" if inner.is_integer() else "strings"] = column.name
            values.update(_distinct(column, inner))
    if len(kinds) > 1:
        texts, numbers = kinds["strings"], kinds["whole numbers"]
        raise SchemaError(
            f"columns {texts!r} and {numbers!r} name the same members, one by strings and one by whole "
            f"numbers: turn {numbers!r} into strings, or {texts!r} into codes"
        )
    shown = {value: display(value) for value in sorted(values)}
    names = tuple(sorted({name for name in shown.values() if name}))
    code = {name: at for at, name in enumerate(names)}
    return Dictionary(names, {value: code[name] if name else None for value, name in shown.items()})


def _inner(column: pl.Series) -> pl.DataType:
    """Type of the members of a column or of its lists."""
    dtype = column.dtype
    inner = dtype.inner if isinstance(dtype, (pl.List, pl.Array)) else dtype
    assert isinstance(inner, pl.DataType)
    if inner != pl.Null and not inner.is_integer() and not isinstance(inner, _STRINGS):
        raise SchemaError(
            f"column {column.name!r} holds {dtype}; members are lists of strings, Categorical, Enum or whole "
            "numbers (codes)"
        )
    return inner


def _distinct(column: pl.Series, inner: pl.DataType) -> Sequence[Raw]:
    if isinstance(inner, pl.Enum) and len(inner.categories) <= 0xFF:
        return inner.categories.to_list()  # those that no work has cost nothing worth a pass over the data
    if isinstance(column.dtype, (pl.List, pl.Array)):
        column = as_lists(column).explode(empty_as_null=False, keep_nulls=False)
    column = column.drop_nulls()
    if column.dtype in (pl.Int8, pl.UInt8, pl.Int16, pl.UInt16):
        return _distinct_small(column)
    values = column.unique()
    return values.to_list() if inner.is_integer() else values.cast(pl.String).to_list()


def _distinct_small(column: pl.Series) -> Sequence[int]:
    """Distinct whole numbers of up to 16 bits, by counting them as if they had no sign."""
    bits = 8 if column.dtype in (pl.Int8, pl.UInt8) else 16
    seen = np.zeros(1 << bits, dtype=np.bool_)
    for chunk in column.get_chunks():
        values = chunk.to_numpy().view(f"uint{bits}")
        seen |= np.logical_or.reduce(in_threads(partial(_seen_in, values), len(values)))
    found = np.flatnonzero(seen).astype(f"uint{bits}")
    if not column.dtype.is_unsigned_integer():
        found = found.view(f"int{bits}")
    return [int(value) for value in found]


def _seen_in(values: Codes, rows: slice) -> npt.NDArray[np.bool_]:
    return _seen(values[rows])


def _seen(values: Codes) -> npt.NDArray[np.bool_]:
    """Which numbers of 8 or 16 bits there are."""
    if values.dtype == np.uint8:  # two at a time
        even = len(values) // 2 * 2
        pairs = _seen(values[:even].view(np.uint16)).reshape(256, 256)
        bytes_seen = np.logical_or(pairs.any(axis=0), pairs.any(axis=1))
        bytes_seen[values[even:]] = True
        return bytes_seen
    seen = np.zeros(1 << 16, dtype=np.bool_)
    for block in blocks(slice(0, len(values))):
        seen[values[block]] = True
    return seen


# ------------------------------------------------------------------------------------------------- encoding


def as_lists(column: pl.Series) -> pl.Series:
    """Turn a column of arrays, or of single values, into one of lists; null lists become empty.

    Examples
    --------
    >>> as_lists(pl.Series("c", [["US"], None])).to_list(), as_lists(pl.Series("c", ["US", None])).to_list()
    ([['US'], []], [['US'], [None]])
    """
    if isinstance(column.dtype, pl.Array):
        column = column.arr.to_list()
    elif not isinstance(column.dtype, pl.List):
        return column.reshape((len(column), 1)).arr.to_list() if len(column) else column.implode().clear()
    # Arrow allows entries below a null list: filling the nulls takes them out
    return column.fill_null([]) if column.null_count() else column


def encode_lists(column: pl.Series, members: Dictionary) -> Lists:
    """Turn a list column into offsets and codes; null lists are empty, null entries are unknown.

    Parameters
    ----------
    column
        Lists of members, or one member a work.
    members
        Dictionary made with this column.

    Examples
    --------
    >>> column = pl.Series("c", [["US", None, "JP"], None, []])
    >>> lists = encode_lists(column, dictionary([column], str))
    >>> lists.offsets.tolist(), lists.codes.tolist()
    ([0, 3, 3, 3], [1, 255, 0])
    """
    if not isinstance(column.dtype, (pl.List, pl.Array)):
        return Lists(np.arange(len(column) + 1), encode(column, members))
    column, inner = as_lists(column), _inner(column)
    if inner == pl.Null or isinstance(inner, (pl.String, pl.Categorical)):
        inner = _enum(members)
        column = column.cast(pl.List(inner))
    offsets, values = flat(column.to_physical())
    return Lists(offsets, _codes(values, inner, members))


def encode(column: pl.Series, members: Dictionary) -> Codes:
    """Turn a column of one member a work into codes (n_works,); nulls are unknown.

    Examples
    --------
    >>> column = pl.Series("first", ["US", None])
    >>> encode(column, dictionary([column], str)).tolist()
    [0, 255]
    """
    inner = _inner(column)
    if inner == pl.Null or isinstance(inner, (pl.String, pl.Categorical)):
        inner = _enum(members)
        column = column.cast(inner)
    return _codes(column.to_physical().to_arrow(), inner, members)


def flat(column: pl.Series) -> tuple[Ints, pa.Array]:
    """Offsets (n_works + 1,) from 0 and entries of a list column without null lists; entries may be null.

    Examples
    --------
    >>> offsets, values = flat(pl.Series([[1], [2, 3]])[1:])
    >>> offsets.tolist(), values.to_pylist()
    ([0, 2], [2, 3])
    """
    array = column.to_arrow()
    offsets: Ints = array.offsets.to_numpy()
    if offsets.size == 0:
        return np.zeros(1, dtype=np.int64), array.values
    first, last = int(offsets[0]), int(offsets[-1])
    return offsets - first if first else offsets, array.values.slice(first, last - first)


def translate(entries: npt.NDArray[Any], table: Codes, low: int = 0) -> Codes:
    """Look entries up in a table whose first row is for `low`; those beyond it are taken for its last row.

    Examples
    --------
    >>> translate(np.array([0, 2, 255], dtype=np.uint8), np.array([5, 6, 7, 9], dtype=np.uint8)).tolist()
    [5, 7, 9]
    """
    codes = np.empty(len(entries), dtype=table.dtype)

    def look_up(rows: slice) -> None:
        for block in blocks(rows):
            part = entries[block] if entries.dtype.kind == "u" else entries[block].astype(np.int64)
            at = part - low if low else part
            at = at.astype(np.int64) if at.dtype == np.uint64 else at
            np.take(table, at, out=codes[block], mode="clip")

    in_threads(look_up, len(entries))
    return codes


def _enum(members: Dictionary) -> pl.Enum:
    return pl.Enum([value for value in members.code_of if isinstance(value, str)])


def _codes(values: pa.Array, inner: pl.DataType, members: Dictionary) -> Codes:
    """Translate entries to codes by a look-up table; the entries themselves where they are the codes."""
    unknown = np.iinfo(members.dtype).max
    # the values below nulls are arbitrary but in range of their type, and are overwritten below
    entries = _buffer(values)
    if isinstance(inner, pl.Enum):
        table = _table([members.code_of.get(value) for value in inner.categories], members)
        same = np.array_equal(table[:-1], np.arange(len(table) - 1)) and entries.dtype == members.dtype
        codes = entries if same else translate(entries, table)
    else:
        codes = _from_numbers(entries, members)
    if values.null_count:
        codes = codes.copy() if codes is entries else codes
        codes[values.is_null().to_numpy(zero_copy_only=False)] = unknown
    return codes


def _buffer(values: pa.Array) -> npt.NDArray[Any]:
    """Return the numbers of an Arrow array, whatever stands below its nulls; no copy."""
    width = values.type.bit_width // 8
    kind = "u" if pa.types.is_unsigned_integer(values.type) else "i"
    data = values.buffers()[1]
    if data is None:
        return np.zeros(len(values), dtype=f"{kind}{width}")
    return np.frombuffer(data, dtype=f"{kind}{width}", count=len(values), offset=values.offset * width)


def _table(codes: Sequence[int | None], members: Dictionary) -> Codes:
    """Look-up table of codes, with a last row for what is unknown."""
    unknown = int(np.iinfo(members.dtype).max)
    return np.array([unknown if code is None else code for code in (*codes, None)], dtype=members.dtype)


def _from_numbers(entries: npt.NDArray[Any], members: Dictionary) -> Codes:
    """Translate whole numbers; those that the dictionary lacks can only stand below nulls."""
    numbers = sorted(value for value in members.code_of if isinstance(value, int))
    if not numbers:
        return np.full(len(entries), np.iinfo(members.dtype).max, dtype=members.dtype)
    low, high = numbers[0], numbers[-1]
    if high - low < _TABLE:
        span = [members.code_of.get(value) for value in range(low, high + 1)]
        return translate(entries, _table(span, members), low)
    known = np.array(numbers, dtype=np.uint64 if low >= 0 else np.int64)
    at = np.clip(np.searchsorted(known, entries.astype(known.dtype)), 0, len(known) - 1)
    return _table([members.code_of[value] for value in numbers], members)[at]
