"""Walking over JSON text in compiled loops: where strings, numbers and whole values end.

Each function takes the address of a byte and returns that of the byte after what it walked over, or -1 where
the text is not plain, sound JSON on one line. The text must end in a byte below 32: every `bytes` object of
Python does, in a zero behind its end, and so no loop runs away. Addresses rather than arrays are passed on,
as counting references to an array costs as much as walking over a short string.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, cast

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic
from numpy.typing import NDArray

from trendcore_kernels.cpu._jit import drop_stale_caches, jit

drop_stale_caches(Path(__file__).parent)

#: values may lie in each other this deep; a bit of a word stands for each
DEEPEST: Final = 60
#: characters of a number that is read
_LONGEST: Final = 40
_BLOCK: Final = 16
_STOPS: Final = np.zeros(256, dtype=np.bool_)
_STOPS[:32] = _STOPS[[ord('"'), ord("\\")]] = True
_NOT_PLAIN: Final = _STOPS.copy()
_NOT_PLAIN[128:] = True
_ESCAPES: Final = np.zeros(256, dtype=np.bool_)
_ESCAPES[list(b'"\\/bfnrt')] = True
_HEX: Final = np.zeros(256, dtype=np.bool_)
_HEX[list(b"0123456789abcdefABCDEF")] = True
_POWERS: Final = np.array([10.0**power for power in range(23)])
#: whole numbers up to here, and powers of ten up to 22, are exact, so that one division rounds rightly
_EXACT: Final = 1 << 53
_MOST_DIGITS: Final = 18

QUOTE, BACKSLASH, COMMA, COLON = 34, 92, 44, 58
OPEN_OBJECT, CLOSE_OBJECT, OPEN_ARRAY, CLOSE_ARRAY = 123, 125, 91, 93
ZERO, NINE, MINUS, PLUS, POINT, SMALL_E, LARGE_E, SMALL_U, LARGE_D, SMALL_D = (
    ord(mark) for mark in "09-+.eEuDd"
)
SMALL_T, SMALL_F, SMALL_N = 116, 102, 110


@intrinsic
def _at(typing_context: Any, address: Any) -> Any:  # noqa: ARG001 (Numba's signature)
    """Return the byte at an address."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:  # noqa: ARG001
        place = builder.inttoptr(arguments[0], ir.IntType(8).as_pointer())
        return builder.zext(builder.load(place), ir.IntType(64))

    return types.int64(types.int64), generate


@intrinsic
def _word_at(typing_context: Any, address: Any) -> Any:  # noqa: ARG001 (Numba's signature)
    """Return the eight bytes from an address on, the first one lowest."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:  # noqa: ARG001
        place = builder.inttoptr(arguments[0], ir.IntType(64).as_pointer())
        word = builder.load(place, align=1)
        return word if sys.byteorder == "little" else builder.bswap(word)

    return types.int64(types.int64), generate


@intrinsic
def _is_plain(typing_context: Any, address: Any) -> Any:  # noqa: ARG001 (Numba's signature)
    """Whether none of 16 bytes ends a string, escapes, or may not stand in one."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:  # noqa: ARG001
        block = ir.VectorType(ir.IntType(8), _BLOCK)
        place = builder.inttoptr(arguments[0], block.as_pointer())
        found = builder.load(place, align=1)
        marks = [ir.Constant(block, [mark] * _BLOCK) for mark in (QUOTE, BACKSLASH, 32)]
        stops = builder.or_(
            builder.icmp_unsigned("==", found, marks[0]), builder.icmp_unsigned("==", found, marks[1])
        )
        stops = builder.or_(stops, builder.icmp_unsigned("<", found, marks[2]))
        bits = builder.bitcast(stops, ir.IntType(_BLOCK))
        return builder.icmp_unsigned("==", bits, ir.Constant(ir.IntType(_BLOCK), 0))

    return types.boolean(types.int64), generate


at = cast(Callable[[int], int], _at)
word_at = cast(Callable[[int], int], _word_at)
_plain_block = cast(Callable[[int], bool], _is_plain)


@jit
def blank(i: int) -> int:
    """Walk over blanks."""
    if at(i) > 32:
        return i
    while at(i) == 32 or at(i) == 9 or at(i) == 13:
        i += 1
    return i


@jit
def next_part(i: int, close: int) -> tuple[int, bool]:
    """Walk from the end of a part of an array or object to the next one; or behind all of it, and True."""
    if i < 0:
        return -1, True
    i = blank(i)
    if at(i) == close:
        return i + 1, True
    return (blank(i + 1), False) if at(i) == COMMA else (-1, True)


@jit
def string_end(i: int, end: int) -> int:
    """Walk over a string, from behind its first quote; of escaped surrogates nothing is said but -1."""
    while True:
        while i + _BLOCK <= end and _plain_block(i):
            i += _BLOCK
        # eight at a time, as the processor guesses where a string ends better than it waits to be told
        while True:
            if _STOPS[at(i)]:
                break
            if _STOPS[at(i + 1)]:
                i += 1
                break
            if _STOPS[at(i + 2)]:
                i += 2
                break
            if _STOPS[at(i + 3)]:
                i += 3
                break
            if _STOPS[at(i + 4)]:
                i += 4
                break
            if _STOPS[at(i + 5)]:
                i += 5
                break
            if _STOPS[at(i + 6)]:
                i += 6
                break
            if _STOPS[at(i + 7)]:
                i += 7
                break
            i += 8
        mark = at(i)
        if mark == QUOTE:
            return i + 1
        if mark != BACKSLASH:
            return -1
        mark = at(i + 1)
        if _ESCAPES[mark]:
            i += 2
        elif mark == SMALL_U:
            if not (_HEX[at(i + 2)] and _HEX[at(i + 3)] and _HEX[at(i + 4)] and _HEX[at(i + 5)]):
                return -1
            surrogate = at(i + 2) == LARGE_D or at(i + 2) == SMALL_D
            if surrogate and at(i + 3) >= ZERO + 8:
                return -1
            i += 6
        else:
            return -1


@jit
def plain_end(i: int) -> int:
    """Return where a string's last quote is, from behind its first one; -1 if it is not plain ASCII."""
    while not _NOT_PLAIN[at(i)]:
        i += 1
    return i if at(i) == QUOTE else -1


@jit
def _digits(i: int) -> int:
    while ZERO <= at(i) <= NINE:
        i += 1
    return i


@jit
def _number_end(i: int) -> int:
    if at(i) == MINUS:
        i += 1
    start = i
    i = _digits(i)
    if i == start or (at(start) == ZERO and i > start + 1):
        return -1
    if at(i) == POINT:
        start = i + 1
        i = _digits(start)
        if i == start:
            return -1
    if at(i) == SMALL_E or at(i) == LARGE_E:
        i += 1
        if at(i) == PLUS or at(i) == MINUS:
            i += 1
        start = i
        i = _digits(i)
        if i == start:
            return -1
    return i


@jit
def is_null(i: int) -> bool:
    """Whether null stands here."""
    return at(i) == SMALL_N and at(i + 1) == 117 and at(i + 2) == 108 and at(i + 3) == 108


@jit
def true_end(i: int) -> int:
    """Walk over true."""
    return i + 4 if at(i) == SMALL_T and at(i + 1) == 114 and at(i + 2) == 117 and at(i + 3) == 101 else -1


@jit
def false_end(i: int) -> int:
    """Walk over false."""
    if at(i) == SMALL_F and at(i + 1) == 97 and at(i + 2) == 108 and at(i + 3) == 115 and at(i + 4) == 101:
        return i + 5
    return -1


@jit
def _scalar_end(i: int, end: int) -> int:
    mark = at(i)
    if mark == QUOTE:
        return string_end(i + 1, end)
    if mark == SMALL_N:
        return i + 4 if is_null(i) else -1
    if mark == SMALL_T:
        return true_end(i)
    if mark == SMALL_F:
        return false_end(i)
    return _number_end(i)


@jit
def key_end(i: int, end: int) -> int:
    """Walk over a key, from its first quote, to the value behind the colon."""
    if at(i) != QUOTE:
        return -1
    i = string_end(i + 1, end)
    return -1 if i < 0 else behind_colon(i)


@jit
def behind_colon(i: int) -> int:
    """Walk from behind a key to its value."""
    i = blank(i)
    return blank(i + 1) if at(i) == COLON else -1


@jit
def value_end(i: int, end: int) -> int:
    """Walk over any value, and what is in it."""
    depth = 0
    objects = np.uint64(0)
    one = np.uint64(1)
    while True:
        mark = at(i)
        if mark in (OPEN_OBJECT, OPEN_ARRAY):
            is_object = mark == OPEN_OBJECT
            i = blank(i + 1)
            if at(i) == mark + 2:
                i += 1
            else:
                if depth == DEEPEST:
                    return -1
                depth += 1
                objects = objects << one
                if is_object:
                    objects |= one
                    i = key_end(i, end)
                    if i < 0:
                        return -1
                continue
        else:
            i = _scalar_end(i, end)
            if i < 0:
                return -1
        while True:
            if depth == 0:
                return i
            i = blank(i)
            mark = at(i)
            inside = (objects & one) != 0
            if mark == COMMA:
                i = blank(i + 1)
                if inside:
                    i = key_end(i, end)
                    if i < 0:
                        return -1
                break
            if mark != (CLOSE_OBJECT if inside else CLOSE_ARRAY):
                return -1
            depth -= 1
            objects >>= one
            i += 1


@jit
def whole_number(i: int) -> tuple[int, int]:
    """Return the end and value of a whole number of at most 18 digits and no sign."""
    stop = _digits(i)
    if stop == i or stop - i > _MOST_DIGITS or (at(i) == ZERO and stop > i + 1):
        return -1, 0
    number = 0
    for j in range(i, stop):
        number = 10 * number + at(j) - ZERO
    return stop, number


@jit
def decimal_end(i: int) -> int:
    """Walk over a number of no sign and no power of ten, and not too long."""
    if at(i) == MINUS:
        return -1
    start = i
    i = _number_end(i)
    if i < 0 or i - start > _LONGEST:
        return -1
    for j in range(start, i):
        if at(j) == SMALL_E or at(j) == LARGE_E:
            return -1
    return i


@jit
def decimal(start: int, stop: int) -> float:
    """Return the float nearest to what `decimal_end` walked over; -1.0 if that takes more than a division."""
    number = 0
    n_behind = -1
    for j in range(start, stop):
        mark = at(j)
        if mark == POINT:
            n_behind = 0
            continue
        number = 10 * number + mark - ZERO
        if number >= _EXACT:
            return -1.0
        if n_behind >= 0:
            n_behind += 1
    if n_behind <= 0:
        return float(number)
    return number / _POWERS[n_behind] if n_behind < len(_POWERS) else -1.0


def n_parts(text: bytes, deepest: int) -> int:
    """Count the commas of a JSON text that lie in no more than so many brackets, those of strings left out.

    Examples
    --------
    >>> n_parts(b'[{"a": [1, 2], "b": "],"}, 7]', 1), n_parts(b'[{"a": [1, 2], "b": "],"}, 7]', 2)
    (1, 2)
    """
    return int(_commas(np.frombuffer(text, dtype=np.uint8), deepest))


@jit
def _commas(text: NDArray[np.uint8], deepest: int) -> int:
    n = depth = i = 0
    inside = False
    while i < len(text):
        mark = text[i]
        if mark == QUOTE:
            inside = not inside
        elif inside:
            i += mark == BACKSLASH
        elif mark in (OPEN_OBJECT, OPEN_ARRAY):
            depth += 1
        elif mark in (CLOSE_OBJECT, CLOSE_ARRAY):
            depth -= 1
        elif mark == COMMA and depth <= deepest:
            n += 1
        i += 1
    return n
