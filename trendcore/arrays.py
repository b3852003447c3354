"""The one bridge between frames and kernels: columns become codes and offsets, counts become frames.

Nothing here knows what is counted. Lists of Enum or of whole numbers are handed on without a copy where their
codes already are what kernels take; strings are encoded once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

from trendcore.errors import InputError, SchemaError, UsageError

Codes = npt.NDArray[np.unsignedinteger[Any]]
Ints = npt.NDArray[np.int64]
Raw = int | str

#: entries translated at a time: small enough for the cache, large enough to make the loop free
_BLOCK: Final = 1 << 16
#: a look-up table with an entry for every number between the least and the greatest may be this large
_TABLE: Final = 1 << 20
#: so many combinations of `by` values get a look-up table; more are sorted
_COMBINATIONS: Final = 1 << 24
_STRINGS: Final = (pl.String, pl.Categorical, pl.Enum)


@dataclass(frozen=True)
class Lists:
    """A list column as kernels take it.

    Attributes
    ----------
    offsets
        (n_works + 1,) where each list starts and ends in ``codes``.
    codes
        (n_entries,) uint8, uint16 or uint32; the type's maximum stands for an unknown member.
    """

    offsets: Ints
    codes: Codes


@dataclass(frozen=True)
class Cells:
    """The combinations of `by` values, sorted, and the one of each work.

    Attributes
    ----------
    frame
        One row a cell; without columns where there is no `by` column.
    n
        Number of cells (a frame without columns has no height).
    of_work
        (n_works,) int32 row of ``frame``.
    """

    frame: pl.DataFrame
    n: int
    of_work: npt.NDArray[np.int32]

    def columns(self, rows: npt.NDArray[Any]) -> dict[str, pl.Series]:
        """Return the `by` values of some rows as columns of a new frame."""
        return {name: self.frame[name].gather(rows) for name in self.frame.columns}


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

    def series(self) -> pl.Series:
        """Names as a column, to be gathered by code."""
        return pl.Series(self.names, dtype=pl.String)


def code_type(n_members: int) -> np.dtype[Any]:
    """Return the type of member codes: uint8 up to 255 members, uint16 up to 65535, else uint32.

    Examples
    --------
    >>> [str(code_type(n)) for n in (255, 256, 65536)]
    ['uint8', 'uint16', 'uint32']
    """
    return np.dtype(np.uint8 if n_members <= 0xFF else np.uint16 if n_members <= 0xFFFF else np.uint32)


# ---------------------------------------------------------------------------------------------- dictionaries


def dictionary(columns: Sequence[pl.Series], display: Callable[[Raw], str | None]) -> Dictionary:
    """Number the members of one or more columns by the byte order of what is displayed.

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
    shown = {value: display(value) for value in sorted(values)}  # type: ignore[type-var]
    names = tuple(sorted({name for name in shown.values() if name}))
    code = {name: at for at, name in enumerate(names)}
    return Dictionary(names, {value: code[name] if name else None for value, name in shown.items()})


def _inner(column: pl.Series) -> pl.DataType:
    """Type of the members of a column or of its lists."""
    dtype = column.dtype
    inner = dtype.inner if isinstance(dtype, pl.List) else dtype
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
    flat = (
        column.explode(empty_as_null=False, keep_nulls=False)
        if isinstance(column.dtype, pl.List)
        else column.drop_nulls()
    )
    if inner.is_integer() and flat.dtype in (pl.Int8, pl.UInt8, pl.Int16, pl.UInt16):
        return _distinct_small(flat.drop_nulls())
    return flat.unique().drop_nulls().cast(pl.Int64 if inner.is_integer() else pl.String).to_list()


def _distinct_small(flat: pl.Series) -> Sequence[int]:
    """Distinct whole numbers of 16 bits, by counting."""
    seen = np.zeros(1 << 16, dtype=bool)
    for block in flat.get_chunks():
        values = block.to_numpy()
        shifted = values.view(np.uint16) if values.dtype == np.int16 else values
        for at in range(0, len(shifted), _BLOCK):
            part = shifted[at : at + _BLOCK]
            seen[part if part.dtype != np.int8 else part.astype(np.int16).view(np.uint16)] = True
    found = np.flatnonzero(seen)
    if flat.dtype in (pl.Int8, pl.Int16):
        found = found.astype(np.uint16).view(np.int16)
    return [int(value) for value in found]


# ------------------------------------------------------------------------------------------------- encoding


def encode_lists(column: pl.Series, members: Dictionary) -> Lists:
    """Turn a list column into offsets and codes; null lists are empty, null entries are unknown.

    Parameters
    ----------
    column
        Lists of members.
    members
        Dictionary made with this column.

    Examples
    --------
    >>> column = pl.Series("c", [["US", None, "JP"], None, []])
    >>> lists = encode_lists(column, dictionary([column], str))
    >>> lists.offsets.tolist(), lists.codes.tolist()
    ([0, 3, 3, 3], [1, 255, 0])
    """
    inner = _inner(column)
    if inner == pl.Null:
        column, inner = column.cast(pl.List(pl.Enum([]))), pl.Enum([])
    if isinstance(inner, (pl.String, pl.Categorical)):
        inner = _enum(members)
        column = column.cast(pl.List(inner))
    offsets, values = flat(column.to_physical())
    first, last = int(offsets[0]), int(offsets[-1])
    if first:  # a slice of a longer column: translate its own entries only
        offsets = offsets - first
    values = values.slice(first, last - first)
    codes = _codes(values, inner, members)
    hidden = _hidden(column, offsets)
    if hidden is not None:
        codes = codes.copy()
        codes[hidden] = np.iinfo(members.dtype).max
    return Lists(offsets, codes)


def encode(column: pl.Series, members: Dictionary) -> Codes:
    """Turn a column of one member a work into codes (n_works,); nulls are unknown.

    Examples
    --------
    >>> column = pl.Series("first", ["US", None])
    >>> encode(column, dictionary([column], str)).tolist()
    [0, 255]
    """
    inner = _inner(column)
    if inner == pl.Null:
        return np.full(len(column), np.iinfo(members.dtype).max, dtype=members.dtype)
    if isinstance(inner, (pl.String, pl.Categorical)):
        inner = _enum(members)
        column = column.cast(inner)
    values = column.to_physical().to_arrow()
    return _codes(values, inner, members)


def flat(column: pl.Series) -> tuple[Ints, pa.Array]:
    """Offsets (n_works + 1,) and entries of a list column, without a copy; entries may be null.

    Entries begin at the first offset where the column is a slice of another.
    """
    array = column.to_arrow()
    return array.offsets.to_numpy(), array.values


def _enum(members: Dictionary) -> pl.Enum:
    return pl.Enum([value for value in members.code_of if isinstance(value, str)])


def _hidden(column: pl.Series, offsets: Ints) -> npt.NDArray[np.bool_] | None:
    """Find the entries that lie below null lists, which Arrow allows; None where there are none."""
    if not column.null_count():
        return None
    null = column.is_null().to_numpy()
    lengths = np.diff(offsets)
    if not lengths[null].any():
        return None
    hidden: npt.NDArray[np.bool_] = np.repeat(null, lengths)
    return hidden


def _codes(values: pa.Array, inner: pl.DataType, members: Dictionary) -> Codes:
    """Translate entries to codes by a look-up table; the entries themselves where they are the codes."""
    unknown = np.iinfo(members.dtype).max
    # the values below nulls are arbitrary but in range of their type, and are overwritten below
    entries = _buffer(values)
    if isinstance(inner, pl.Enum):
        table = _table([members.code_of.get(value) for value in inner.categories], members)
        same = np.array_equal(table, np.arange(len(table))) and entries.dtype == members.dtype
        codes = entries if same else _translate(entries, table, 0)
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
    unknown = int(np.iinfo(members.dtype).max)
    return np.array([unknown if code is None else code for code in codes], dtype=members.dtype)


def _from_numbers(entries: npt.NDArray[Any], members: Dictionary) -> Codes:
    """Translate whole numbers; those that the dictionary lacks can only stand below nulls."""
    numbers = sorted(value for value in members.code_of if isinstance(value, int))
    if not numbers:
        return np.full(len(entries), np.iinfo(members.dtype).max, dtype=members.dtype)
    low, high = numbers[0], numbers[-1]
    if high - low < _TABLE:
        span = [members.code_of.get(value) for value in range(low, high + 1)]
        return _translate(entries, _table(span, members), low)
    known = np.array(numbers, dtype=np.uint64 if low >= 0 else np.int64)
    at = np.clip(np.searchsorted(known, entries.astype(known.dtype)), 0, len(known) - 1)
    return _table([members.code_of[value] for value in numbers], members)[at]


def _translate(entries: npt.NDArray[Any], table: Codes, low: int) -> Codes:
    """Look entries up, block by block: the index that NumPy makes of them then stays in the cache."""
    codes = np.empty(len(entries), dtype=table.dtype)
    if not len(table):
        codes[:] = np.iinfo(table.dtype).max
        return codes
    for start in range(0, len(entries), _BLOCK):
        block = entries[start : start + _BLOCK]
        at = block if low == 0 and block.dtype.kind == "u" else block.astype(np.int64) - low
        np.take(table, at, out=codes[start : start + _BLOCK], mode="clip")
    return codes


# ---------------------------------------------------------------------------------------------------- cells


def cells(works: pl.DataFrame, by: Sequence[str]) -> Cells:
    """Number the combinations of the `by` columns in their order, and find that of each work.

    Parameters
    ----------
    works
        A frame whose `by` columns hold no lists.
    by
        Names of columns of whole numbers, strings, Categorical, Enum, booleans or dates.

    Raises
    ------
    InputError
        A `by` column holds nulls; the message has the column and how many.
    SchemaError
        A `by` column is of another type.

    Examples
    --------
    >>> found = cells(pl.DataFrame({"year": [2023, 2022, 2023]}), ["year"])
    >>> found.frame["year"].to_list(), found.of_work.tolist()
    ([2022, 2023], [1, 0, 1])
    """
    for name in by:
        check_by(works[name])
    if not by or not works.height:
        n = min(works.height, 1)
        return Cells(works.select(by).clear(), n, np.zeros(works.height, dtype=np.int32))
    combined, size = _combine(works, by)
    example = np.full(size, -1, dtype=np.int64)
    for rows in _blocks(works.height):
        example[combined[rows]] = np.arange(rows.start, rows.stop)
    found = np.flatnonzero(example >= 0)
    frame = works.select(pl.col(by).gather(example[found]))
    order = frame.with_row_index("_row").sort(by)["_row"].to_numpy()
    place = np.zeros(size, dtype=np.int32)
    place[found[order]] = np.arange(len(found), dtype=np.int32)
    for rows in _blocks(works.height):
        combined[rows] = place[combined[rows]]
    return Cells(frame[order], len(found), combined)


def check_by(column: pl.Series) -> None:
    """Refuse a `by` column that holds nulls, or is of a type that has no clear equality.

    Raises
    ------
    InputError, SchemaError
        See `cells`.

    Examples
    --------
    >>> check_by(pl.Series("year", [2022, None]))
    Traceback (most recent call last):
    trendcore.errors.InputError: by column 'year' is null in 1 of 2 rows: filter them out or fill them first
    """
    dtype = column.dtype
    allowed = dtype.is_integer() or dtype in (pl.String, pl.Boolean, pl.Date) or isinstance(dtype, _STRINGS)
    if not allowed and dtype != pl.Null:
        raise SchemaError(
            f"by column {column.name!r} holds {dtype}; cells are of strings, Categorical, Enum, whole "
            "numbers, booleans or dates, or of lists of these"
        )
    if column.null_count():
        raise InputError(
            f"by column {column.name!r} is null in {column.null_count():,} of {len(column):,} rows: filter "
            "them out or fill them first"
        )


def _combine(works: pl.DataFrame, by: Sequence[str]) -> tuple[npt.NDArray[np.int32], int]:
    """Return one number a work for its combination of `by` values, and how many there may be."""
    combined = np.zeros(works.height, dtype=np.int32)
    size = 1
    for name in by:
        codes, low, radix = _axis(works[name])
        if size * radix > _COMBINATIONS:
            present, combined = _compress(combined)
            size = present
        if size * radix > np.iinfo(np.int32).max:
            raise UsageError(
                f"the by columns {', '.join(by)} have more combinations than can be counted apart: "
                f"{size:,} x {radix:,}"
            )
        for rows in _blocks(works.height):
            combined[rows] *= radix
            combined[rows] += (codes[rows].astype(np.int64) - low).astype(np.int32)
        size *= radix
    if size > _COMBINATIONS:
        size, combined = _compress(combined)
    return combined, size


def _axis(column: pl.Series) -> tuple[npt.NDArray[Any], int, int]:
    """Whole numbers that tell the values of a column apart, the least of them and their range."""
    if isinstance(column.dtype, (pl.String, pl.Categorical)):
        column = column.cast(pl.Enum(column.unique().cast(pl.String).sort()))
    if column.dtype == pl.Boolean:
        column = column.cast(pl.UInt8)
    physical = column.to_physical()
    low, high = physical.min(), physical.max()
    assert isinstance(low, int)
    assert isinstance(high, int)
    if high - low >= _TABLE or high > np.iinfo(np.int64).max:
        physical = physical.rank("dense")
        low, high = 1, physical.n_unique()
    return physical.to_numpy(), low, high - low + 1


def _compress(combined: npt.NDArray[np.int32]) -> tuple[int, npt.NDArray[np.int32]]:
    found, inverse = np.unique(combined, return_inverse=True)
    return len(found), inverse.astype(np.int32)


def _blocks(n: int) -> Iterator[slice]:
    for start in range(0, n, _BLOCK):
        yield slice(start, min(start + _BLOCK, n))
