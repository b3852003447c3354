"""Numbers for strings, in one pass over their views: most members have short names.

A view of a string, as Arrow lays it out, is 16 bytes: its length, and the string itself where it has up to 12
bytes, filled up with zeros. So two numbers of 64 bits are the same where two short strings are.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

from trendcore.arrays.members import translate
from trendcore.arrays.threads import in_threads, ranges
from trendcore_kernels.cpu._jit import drop_stale_caches, jit

Words = npt.NDArray[np.uint64]
Numbers = npt.NDArray[np.unsignedinteger[Any]]

#: longest string that lies in its view
_INLINE: Final = 12
_LONG, _MANY = -1, -2
#: slots of the tables that are tried one after the other; at most half are taken, and 255 of the first
_SLOTS: Final = (1 << 10, 1 << 16, 1 << 20, 1 << 24)
#: a view that no string has
_FREE: Final = np.uint64(0xFFFFFFFFFFFFFFFF)

drop_stale_caches(Path(__file__).parent)


def number(values: pa.Array) -> tuple[Numbers, tuple[str, ...]]:
    """Give each string its place among the distinct ones in byte order; those below nulls count too.

    Parameters
    ----------
    values
        (n,) an Arrow array of string views.

    Returns
    -------
    tuple
        (n,) numbers, of one byte where the strings are at most 255, and the distinct strings.

    Examples
    --------
    >>> numbers, names = number(pa.array(["US", "JP", "US"], pa.string_view()))
    >>> numbers.tolist(), names
    ([1, 0, 1], ('JP', 'US'))
    """
    words: Words = np.frombuffer(values.buffers()[1] or b"", dtype=np.uint64)
    views = words.reshape(-1, 2)[values.offset : values.offset + len(values)]
    for n_slots in _SLOTS:
        numbers, parts = _numbered(views, n_slots)
        counts = [n for n, _ in parts]
        if min(counts) >= 0:
            return _merged(numbers, [texts for _, texts in parts])
        if _LONG in counts:
            break
    texts = pl.Series(values)
    names = texts.drop_nulls().unique().sort()
    numbers = texts.cast(pl.Enum(names)).to_physical().fill_null(0).to_numpy()
    return numbers, tuple(names.to_list())


def _numbered(views: Words, n_slots: int) -> tuple[Numbers, list[tuple[int, pl.Series]]]:
    """Give numbers to strings in each thread's range for itself; how many these are, and the strings."""
    most = 0xFF if n_slots == _SLOTS[0] else n_slots // 2
    numbers: Numbers = np.empty(len(views), dtype=np.uint8 if most == 0xFF else np.uint32)

    def count(rows: slice) -> tuple[int, pl.Series]:
        slots = np.full((n_slots, 2), _FREE)
        numbers_of = np.zeros(n_slots, dtype=np.uint32)
        n = _number(views[rows], numbers[rows], most, slots, numbers_of)
        taken = np.flatnonzero(slots[:, 0] != _FREE)
        return n, _texts(slots[taken[np.argsort(numbers_of[taken])]])

    return numbers, in_threads(count, len(views))


def _merged(numbers: Numbers, texts: list[pl.Series]) -> tuple[Numbers, tuple[str, ...]]:
    """Bring the numbers of all ranges to those of all strings."""
    names = pl.concat(texts).unique().sort()
    if len(names) > np.iinfo(numbers.dtype).max:
        numbers = numbers.astype(np.uint32)
    for rows, own in zip(ranges(len(numbers)), texts, strict=True):
        table = own.cast(pl.Enum(names)).to_physical().to_numpy()
        if not np.array_equal(table, np.arange(len(table))):
            numbers[rows] = translate(numbers[rows], table.astype(numbers.dtype))
    return numbers, tuple(names.to_list())


def _texts(views: Words) -> pl.Series:
    """Strings of views that hold them."""
    strings = pa.Array.from_buffers(pa.string_view(), len(views), [None, pa.py_buffer(views)])
    return pl.Series(strings, dtype=pl.String)


@jit
def _number(
    views: Words, numbers: Numbers, most: int, slots: Words, numbers_of: npt.NDArray[np.uint32]
) -> int:
    """Give numbers to strings as they come, by a table of views and of their numbers; count the distinct.

    The count is `_LONG` where a string does not lie in its view, `_MANY` where there are more than ``most``.
    """
    n = 0
    mask = np.uint64(len(slots) - 1)
    shift = np.uint64(64 - np.log2(len(slots)))
    for i in range(len(views)):
        low, high = views[i, 0], views[i, 1]
        mixed = (low ^ (high * np.uint64(0xC2B2AE3D27D4EB4F))) * np.uint64(0x9E3779B97F4A7C15)
        slot = mixed >> shift  # the top bits are those that depend on all of the string
        while slots[slot, 0] != low or slots[slot, 1] != high:
            if slots[slot, 0] == _FREE:
                if low & np.uint64(0xFFFFFFFF) > _INLINE:
                    return _LONG
                if n == most:
                    return _MANY
                slots[slot, 0] = low
                slots[slot, 1] = high
                numbers_of[slot] = n
                n += 1
                break
            slot = (slot + np.uint64(1)) & mask
        numbers[i] = numbers_of[slot]
    return n
