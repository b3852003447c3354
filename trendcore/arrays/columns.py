"""A column of members as numbers, and what the numbers stand for."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

from trendcore.arrays.threads import blocks, in_threads
from trendcore.errors import SchemaError

Ints = npt.NDArray[np.int64]
Entries = npt.NDArray[np.integer[Any]]
Raw = int | str

#: a look-up table with an entry for every number between the least and the greatest may be this large
TABLE: Final = 1 << 24
#: of so many categories all count as there: those that no work has cost less than a pass over the data
_FEW: Final = 0xFF


@dataclass(frozen=True)
class Column:
    """A column of members, or of lists of them.

    Attributes
    ----------
    name
        For messages.
    offsets
        (n_works + 1,) where each list starts and ends in ``entries``, from 0; None: one member a work.
    entries
        (n_entries,) whole numbers; anything where they are null.
    nulls
        (n_entries,) whether an entry is null; None: none is.
    categories
        What the numbers stand for: names by number, or a type that knows them; None: they are the values.
    """

    name: str
    offsets: Ints | None
    entries: Entries
    nulls: npt.NDArray[np.bool_] | None
    categories: tuple[str, ...] | pl.Enum | pl.Categorical | None

    @cached_property
    def present(self) -> Entries:
        """Distinct numbers, ascending; where the categories of a type are few, all of them."""
        if isinstance(self.categories, tuple) and self.nulls is None:
            return np.arange(len(self.categories))
        if isinstance(self.categories, pl.Enum) and len(self.categories.categories) <= _FEW:
            return np.arange(len(self.categories.categories))
        entries = self.entries if self.nulls is None else self.entries[~self.nulls]
        return _distinct(entries)

    def values(self) -> pl.Series:
        """Values of the column that ``present`` stands for: strings, or whole numbers."""
        if self.categories is None:
            return pl.Series(self.present)
        if isinstance(self.categories, tuple):
            return pl.Series(self.categories, dtype=pl.String).gather(self.present)
        physical = pl.Series(self.present.astype(self.entries.dtype))
        return physical.cat.to(self.categories).cast(pl.String)


def column(series: pl.Series) -> Column:
    """Take a column of members apart; strings are numbered in their byte order.

    Parameters
    ----------
    series
        Strings, Categorical, Enum or whole numbers, or lists or arrays of them. Null lists are empty.

    Raises
    ------
    SchemaError
        It holds something else.

    Examples
    --------
    >>> taken = column(pl.Series("c", [["US", "JP"], None]))
    >>> taken.offsets.tolist(), taken.entries.tolist(), taken.categories
    ([0, 2, 2], [1, 0], ('JP', 'US'))
    """
    inner = _inner(series)
    offsets = None
    if isinstance(series.dtype, (pl.List, pl.Array)):
        offsets, values = flat(as_lists(series), views=inner == pl.String)
    else:
        values = _arrow(series, views=inner == pl.String)
    if inner == pl.Null:
        return Column(
            series.name, offsets, np.zeros(len(values), np.uint8), np.ones(len(values), np.bool_), ()
        )
    if inner == pl.String:
        from trendcore.arrays.texts import number  # brings Numba

        entries, names = number(values)
        return Column(series.name, offsets, entries, _nulls(values), names)
    categories = inner if isinstance(inner, (pl.Enum, pl.Categorical)) else None
    return Column(series.name, offsets, _buffer(values), _nulls(values), categories)


def as_lists(series: pl.Series) -> pl.Series:
    """Turn a column of arrays, or of single values, into one of lists; null lists become empty.

    Examples
    --------
    >>> as_lists(pl.Series("c", [["US"], None])).to_list(), as_lists(pl.Series("c", ["US", None])).to_list()
    ([['US'], []], [['US'], [None]])
    """
    if isinstance(series.dtype, pl.Array):
        series = series.arr.to_list()
    elif not isinstance(series.dtype, pl.List):
        return series.reshape((len(series), 1)).arr.to_list() if len(series) else series.implode().clear()
    # Arrow allows entries below a null list: filling the nulls takes them out
    return series.fill_null([]) if series.null_count() else series


def flat(series: pl.Series, *, views: bool = False) -> tuple[Ints, pa.Array]:
    """Offsets (n_works + 1,) from 0 and entries of a list column without null lists; entries may be null.

    Parameters
    ----------
    series
        Lists; of Enum and Categorical the entries are their numbers.
    views
        Whether strings come as they lie in memory, as views, rather than copied.

    Examples
    --------
    >>> offsets, values = flat(pl.Series([[1], [2, 3]])[1:])
    >>> offsets.tolist(), values.to_pylist()
    ([0, 2], [2, 3])
    """
    array = _arrow(series, views=views)
    offsets: Ints = array.offsets.to_numpy()
    if offsets.size == 0:
        return np.zeros(1, dtype=np.int64), array.values
    first, last = int(offsets[0]), int(offsets[-1])
    return offsets - first if first else offsets, array.values.slice(first, last - first)


def _arrow(series: pl.Series, *, views: bool) -> pa.Array:
    if views:
        return series.to_arrow(compat_level=pl.CompatLevel.newest())
    return series.to_physical().to_arrow()


def _inner(series: pl.Series) -> pl.DataType:
    """Type of the members of a column or of its lists."""
    dtype = series.dtype
    inner = dtype.inner if isinstance(dtype, (pl.List, pl.Array)) else dtype
    assert isinstance(inner, pl.DataType)
    named = isinstance(inner, (pl.String, pl.Categorical, pl.Enum, pl.Null))
    too_wide = isinstance(inner, (pl.Int128, pl.UInt128))
    if not named and (too_wide or not inner.is_integer()):
        raise SchemaError(
            f"column {series.name!r} holds {dtype}; members are lists of strings, Categorical, Enum or whole "
            "numbers (codes) of at most 64 bits"
        )
    return inner


def _nulls(values: pa.Array) -> npt.NDArray[np.bool_] | None:
    return values.is_null().to_numpy(zero_copy_only=False) if values.null_count else None


def _buffer(values: pa.Array) -> Entries:
    """Return the numbers of an Arrow array, whatever stands below its nulls; no copy."""
    width = values.type.bit_width // 8
    kind = "u" if pa.types.is_unsigned_integer(values.type) else "i"
    data = values.buffers()[1]
    if data is None or not len(values):  # NumPy refuses to begin behind the end of an empty buffer
        return np.zeros(len(values), dtype=f"{kind}{width}")
    return np.frombuffer(data, dtype=f"{kind}{width}", count=len(values), offset=values.offset * width)


def _distinct(entries: Entries) -> Entries:
    """Distinct whole numbers, ascending."""
    if entries.dtype.itemsize <= 2:  # as if they had no sign, and all of them may be there
        unsigned = entries.view(f"uint{8 * entries.dtype.itemsize}")
        size, low = 1 << 8 * entries.dtype.itemsize, 0
    else:
        ends = in_threads(lambda rows: _ends(entries[rows]), len(entries))
        low, high = min(end[0] for end in ends), max(end[1] for end in ends)
        if high - low >= TABLE:
            return pl.Series(entries).unique().sort().to_numpy()
        unsigned, size = entries, max(high - low + 1, 0)
    seen = np.logical_or.reduce(in_threads(lambda rows: _seen(unsigned[rows], low, size), len(unsigned)))
    found = np.flatnonzero(seen).astype(unsigned.dtype).view(entries.dtype)
    return np.sort(found) if low == 0 else found + low


def _ends(entries: Entries) -> tuple[int, int]:
    return (int(entries.min()), int(entries.max())) if len(entries) else (0, -1)


def _seen(entries: Entries, low: int, size: int) -> npt.NDArray[np.bool_]:
    """Which numbers from ``low`` on there are, of so many."""
    if entries.dtype == np.uint8:  # two at a time
        even = len(entries) // 2 * 2
        pairs = _seen(entries[:even].view(np.uint16), 0, 1 << 16).reshape(256, 256)
        bytes_seen = np.logical_or(pairs.any(axis=0), pairs.any(axis=1))
        bytes_seen[entries[even:]] = True
        return bytes_seen
    seen = np.zeros(size, dtype=np.bool_)
    for block in blocks(slice(0, len(entries))):
        seen[entries[block] - low if low else entries[block]] = True
    return seen
