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
from trendcore.arrays.threads import in_threads
from trendcore_kernels.cpu._jit import drop_stale_caches, jit

Words = npt.NDArray[np.uint64]
Numbers = npt.NDArray[np.unsignedinteger[Any]]

#: longest string that lies in its view
_INLINE: Final = 12
#: strings looked at to guess how many different ones there are
_SAMPLE: Final = 1 << 16
_LONG, _MANY = -1, -2

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
    if len(values) == 0:
        return np.zeros(0, dtype=np.uint8), ()
    words: Words = np.frombuffer(values.buffers()[1], dtype=np.uint64)
    views = words.reshape(-1, 2)[values.offset : values.offset + len(values)]
    narrow: Numbers = np.zeros(min(len(views), _SAMPLE), dtype=np.uint8)
    found, _ = _number(views[: len(narrow)], narrow)
    if found == _LONG:
        return _number_long(values)
    numbers: Numbers = np.empty(len(views), dtype=np.uint32 if found == _MANY else np.uint8)
    parts = in_threads(lambda rows: (rows, *_number(views[rows], numbers[rows])), len(views))
    if any(n == _MANY for _, n, _ in parts):  # the sample had fewer
        numbers = np.empty(len(views), dtype=np.uint32)
        parts = in_threads(lambda rows: (rows, *_number(views[rows], numbers[rows])), len(views))
    if any(n == _LONG for _, n, _ in parts):
        return _number_long(values)
    texts = [_texts(distinct) for _, _, distinct in parts]
    names = pl.concat(texts).unique().sort()
    if len(names) > np.iinfo(numbers.dtype).max:
        numbers = numbers.astype(np.uint32)
    for (rows, _, _), own in zip(parts, texts, strict=True):
        numbers[rows] = translate(numbers[rows], own.cast(pl.Enum(names)).to_physical().to_numpy())
    return numbers, tuple(names.to_list())


def _number_long(values: pa.Array) -> tuple[Numbers, tuple[str, ...]]:
    """Do what `number` does where some strings do not lie in their view."""
    texts = pl.Series(values)
    names = texts.drop_nulls().unique().sort()
    numbers: Numbers = texts.cast(pl.Enum(names)).to_physical().fill_null(0).to_numpy()
    return numbers, tuple(names.to_list())


def _texts(views: Words) -> pl.Series:
    """Strings of views that hold them."""
    return pl.Series(pa.Array.from_buffers(pa.string_view(), len(views), [None, pa.py_buffer(views)]))


@jit
def _number(views: Words, numbers: Numbers) -> tuple[int, Words]:
    """Give numbers to strings as they come; return how many are distinct, and their views.

    The former is `_LONG` where a string does not lie in its view, `_MANY` where numbers are too narrow.
    """
    most = 0xFF if numbers.itemsize == 1 else 0xFFFFFFFF
    distinct = np.empty((256, 2), np.uint64)
    slots = np.full(1024, -1, np.int64)
    n = 0
    for i in range(len(views)):
        low, high = views[i, 0], views[i, 1]
        if low & np.uint64(0xFFFFFFFF) > _INLINE:
            return _LONG, distinct[:0].copy()
        slot = _hash(low, high) & (len(slots) - 1)
        while slots[slot] >= 0 and (distinct[slots[slot], 0] != low or distinct[slots[slot], 1] != high):
            slot = (slot + 1) & (len(slots) - 1)
        if slots[slot] < 0:
            if n > most:
                return _MANY, distinct[:0].copy()
            if n == len(distinct):
                distinct = _twice(distinct)
                slots = _placed(distinct, n, 4 * len(distinct))
                slot = _free(slots, low, high)
            distinct[n, 0] = low
            distinct[n, 1] = high
            slots[slot] = n
            n += 1
        numbers[i] = slots[slot]
    return n, distinct[:n].copy()


@jit
def _hash(low: int, high: int) -> int:
    mixed = (low ^ (high * np.uint64(0xC2B2AE3D27D4EB4F))) * np.uint64(0x9E3779B97F4A7C15)
    return int(np.int64(mixed >> np.uint64(33)))


@jit
def _free(slots: npt.NDArray[np.int64], low: int, high: int) -> int:
    slot = _hash(low, high) & (len(slots) - 1)
    while slots[slot] >= 0:
        slot = (slot + 1) & (len(slots) - 1)
    return slot


@jit
def _placed(distinct: Words, n: int, size: int) -> npt.NDArray[np.int64]:
    """Return a table of ``size`` slots, a power of two, with the first n views in their places."""
    slots = np.full(size, -1, np.int64)
    for i in range(n):
        slots[_free(slots, distinct[i, 0], distinct[i, 1])] = i
    return slots


@jit
def _twice(distinct: Words) -> Words:
    larger = np.empty((2 * len(distinct), 2), np.uint64)
    larger[: len(distinct)] = distinct
    return larger
