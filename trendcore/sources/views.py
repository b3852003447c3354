"""Texts as Arrow lays them out (string views), in compiled loops: fields of rows, and numbers in them.

A view is 16 bytes, here two integers: the length, then the text itself if it has at most 12 bytes, else its
first four and where it stands in a buffer. So columns of text are cut out of a file without copying it.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from trendcore.sources.json_scan import at, word_at
from trendcore_kernels.cpu._jit import jit

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Bytes = NDArray[np.uint8]

_INLINE: Final = 12
_SPACE, _TAB, _LAST_BLANK, _RETURN = 32, 9, 13, 13
_QUOTE, _POINT, _ZERO, _NINE, _MINUS = (ord(mark) for mark in '".09-')
_FIRST_LETTER, _LAST_LETTER = ord("A"), ord("Z")
_POWERS: Final = np.array([10.0**power for power in range(_INLINE)])
#: the first n bytes of a word
_MASKS: Final = np.array([(1 << 8 * n) - 1 if n < 8 else -1 for n in range(9)])
_TENS: Final = np.array([10**power for power in range(_INLINE)])


def column(views: Ints, text: bytes) -> pl.Series:
    """Make a column of views into a text.

    Examples
    --------
    >>> column(np.array([[2 | ord("J") << 32 | ord("P") << 40, 0]]), b"").to_list()
    ['JP']
    """
    buffers = [None, pa.py_buffer(views), pa.py_buffer(text)]
    return pl.Series(pa.Array.from_buffers(pa.string_view(), len(views), buffers))


def views_of(texts: pl.Series) -> Ints:
    """Return the views of a column without nulls, shape ``(n, 2)``.

    Examples
    --------
    >>> views_of(pl.Series(["JP"]))[:, 0] & 0xFF
    array([2])
    """
    array = texts.rechunk().to_arrow(compat_level=pl.CompatLevel.newest())
    held = np.frombuffer(array.buffers()[1] or b"", dtype=np.int64).reshape(-1, 2)
    return held[array.offset : array.offset + len(array)]


def line_index(text: bytes, number: int) -> tuple[Ints, Ints, Ints, int]:
    r"""Find the lines of a text that are not blank.

    Returns
    -------
    tuple
        Where each starts, where it ends (before a carriage return), its number, and the number after all.

    Examples
    --------
    >>> [found.tolist() for found in line_index(b"a,b\r\n\nc", 7)[:3]]
    [[0, 6], [3, 7], [7, 9]]
    """
    array = np.frombuffer(text, dtype=np.uint8)
    ends = np.append(np.flatnonzero(array == 10), len(array))
    starts = np.append(0, ends[:-1] + 1)
    blank = np.empty(len(ends), dtype=np.bool_)
    numbers = number + np.arange(len(ends))
    _trim(array, starts, ends, blank)
    if blank.any():
        starts, ends, numbers = starts[~blank], ends[~blank], numbers[~blank]
    return starts, ends, numbers, number + len(blank)


@jit
def _trim(text: Bytes, starts: Ints, ends: Ints, blank: Bools) -> None:
    for row in range(len(starts)):
        i, end = starts[row], ends[row]
        while i < end and (text[i] == _SPACE or _TAB <= text[i] <= _LAST_BLANK):
            i += 1
        blank[row] = i == end
        if i < end and text[end - 1] == _RETURN:
            ends[row] = end - 1


@jit
def _view(start: int, stop: int, base: int, end: int) -> tuple[int, int]:
    """Return the view of a part of a text that lies from one address to another."""
    length = stop - start
    if length > _INLINE:
        return length | (word_at(start) & _MASKS[4]) << 32, (start - base) << 32
    if start + 16 <= end:
        return length | (word_at(start) & _MASKS[min(length, 4)]) << 32, word_at(start + 4) & _MASKS[
            max(length - 4, 0)
        ]
    low, high = length, 0
    for k in range(min(length, 4)):
        low |= at(start + k) << (32 + 8 * k)
    for k in range(4, length):
        high |= at(start + k) << (8 * (k - 4))
    return low, high


@jit
def cut(
    text: Bytes, starts: Ints, ends: Ints, separator: int, columns: Ints, views: Ints, good: Bools
) -> None:
    """Cut rows at their separators.

    Parameters
    ----------
    text, starts, ends
        The rows.
    separator
        One byte.
    columns
        For each field of a row the column that it goes to, -1 for none. A row may end in a spare separator.
    views
        Gets the views of each column; shape ``(n_columns, n_rows, 2)``.
    good
        Gets whether cutting at separators is the whole story: as many fields as there should be, and no quote
        but around whole fields, which are taken off.
    """
    n_fields = len(columns)
    base = text.ctypes.data
    last = base + len(text)
    for row in range(len(starts)):
        i, end = base + starts[row], base + ends[row]
        field = 0
        fine = True
        while True:
            begin = i
            if i < end and at(i) == _QUOTE:
                i += 1
                while i < end and at(i) != _QUOTE and at(i) != separator:
                    i += 1
                if i == end or at(i) == separator or (i + 1 < end and at(i + 1) != separator):
                    fine = False
                    break
                begin += 1
                stop = i
                i += 1
            else:
                while i < end and at(i) != separator:
                    fine &= at(i) != _QUOTE
                    i += 1
                stop = i
            if field < n_fields and columns[field] >= 0:
                low, high = _view(begin, stop, base, last)
                views[columns[field], row, 0] = low
                views[columns[field], row, 1] = high
            field += 1
            if i >= end:
                break
            i += 1
        spare = field == n_fields + 1 and at(end - 1) == separator
        good[row] = fine and (field == n_fields or spare)


@jit
def whole(text: Bytes, starts: Ints, ends: Ints, views: Ints) -> None:
    """Write the views of whole rows."""
    base = text.ctypes.data
    for row in range(len(starts)):
        low, high = _view(base + starts[row], base + ends[row], base, base + len(text))
        views[row, 0] = low
        views[row, 1] = high


@jit
def _byte(low: int, high: int, k: int) -> int:
    """Return a byte of a text that is in its view."""
    return (low >> (32 + 8 * k)) & 0xFF if k < 4 else (high >> (8 * (k - 4))) & 0xFF


@jit
def _bounds(low: int, high: int) -> tuple[int, int]:
    """Where a text without the spaces around it starts and stops; -1 if it is not in its view."""
    stop = low & 0xFFFFFFFF
    if stop > _INLINE:
        return 0, -1
    start = 0
    while start < stop and _byte(low, high, start) == _SPACE:
        start += 1
    while stop > start and _byte(low, high, stop - 1) == _SPACE:
        stop -= 1
    return start, stop


@jit
def whole_numbers(views: Ints, most_digits: int, values: Ints, good: Bools) -> None:
    """Read numbers of so many digits at most; `good` says where one stands, and nothing else."""
    for row in range(len(views)):
        low, high = views[row, 0], views[row, 1]
        start, stop = _bounds(low, high)
        good[row] = start < stop <= start + most_digits
        number = 0
        for k in range(start, stop):
            mark = _byte(low, high, k)
            if not _ZERO <= mark <= _NINE:
                good[row] = False
                break
            number = 10 * number + mark - _ZERO
        values[row] = number


@jit
def scaled_numbers(views: Ints, shift: int, values: Ints, good: Bools) -> None:
    """Read decimal numbers times ``10**shift``, rounded half up; `good` says where one stands."""
    for row in range(len(views)):
        low, high = views[row, 0], views[row, 1]
        start, stop = _bounds(low, high)
        good[row] = start < stop and _byte(low, high, start) != _POINT
        number = 0
        left = -1
        for k in range(start, stop):
            mark = _byte(low, high, k)
            if mark == _POINT and left < 0:
                left = shift + 1
                continue
            if not _ZERO <= mark <= _NINE:
                good[row] = False
                break
            if left != 0:
                number = 10 * number + mark - _ZERO
                left -= left > 0
        # twelve digits could be too many for the integers here
        good[row] = good[row] and (left >= 0 or stop - start < _INLINE)
        # one digit more than is kept decides on rounding
        values[row] = (number * _TENS[shift + 1 if left < 0 else left] + 5) // 10


@jit
def floats(views: Ints, values: NDArray[np.float64], good: Bools) -> None:
    """Read decimal numbers as the nearest floats; `good` says where one stands."""
    for row in range(len(views)):
        low, high = views[row, 0], views[row, 1]
        start, stop = _bounds(low, high)
        good[row] = (
            start < stop and _byte(low, high, start) != _POINT and _byte(low, high, stop - 1) != _POINT
        )
        number = 0
        n_behind = -1
        for k in range(start, stop):
            mark = _byte(low, high, k)
            if mark == _POINT and n_behind < 0:
                n_behind = 0
                continue
            if not _ZERO <= mark <= _NINE:
                good[row] = False
                break
            number = 10 * number + mark - _ZERO
            n_behind += n_behind >= 0
        # at most 12 digits: one division of exact numbers rounds rightly
        values[row] = number / _POWERS[max(n_behind, 0)]


@jit
def numbered_names(views: Ints, span: int, values: Ints, good: Bools) -> None:
    """Read up to two capital letters and a number as one number, ``span`` apart for each letters.

    The first letter counts once, from A = 1 on, the second 27 times. `good` says where such a name stands.
    """
    for row in range(len(views)):
        low, high = views[row, 0], views[row, 1]
        k, stop = _bounds(low, high)
        number, weight, letters = 0, 1, 0
        while k < stop and weight <= 27 and _FIRST_LETTER <= _byte(low, high, k) <= _LAST_LETTER:
            letters += weight * (_byte(low, high, k) - _FIRST_LETTER + 1)
            weight *= 27
            k += 1
        good[row] = k < stop
        while k < stop:
            mark = _byte(low, high, k)
            if not _ZERO <= mark <= _NINE:
                good[row] = False
                break
            number = 10 * number + mark - _ZERO
            k += 1
        values[row] = letters * span + number
