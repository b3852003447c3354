"""Sorting inside compiled loops: a few numbers, and words with what belongs to them."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from trendcore_kernels.cpu._jit import jit
from trendcore_kernels.spec import Ints, Words

_Numbers = npt.NDArray[Any]

#: so few words are sorted by insertion
_FEW: Final = 48
#: bits of a digit, and digits of a word
_DIGIT: Final = 8
_DIGITS: Final = 8


@jit
def insert_few(values: _Numbers, n: int) -> None:
    """Sort the first n values in place, each put among those before it; they are few."""
    for i in range(1, n):
        value = values[i]
        at = i
        while at > 0 and values[at - 1] > value:
            values[at] = values[at - 1]
            at -= 1
        values[at] = value


@jit
def sort_words(words: Words, things: Ints, other_words: Words, other_things: Ints) -> None:
    """Sort words, and what belongs to each, in place; the others are scratch of that size at least."""
    n = len(words)
    if n <= _FEW:
        _insert(words, things)
        return
    counts = np.zeros((_DIGITS, 1 << _DIGIT), dtype=np.int64)
    mask = np.uint64((1 << _DIGIT) - 1)
    for i in range(n):
        word = words[i]
        for digit in range(_DIGITS):
            counts[digit, word & mask] += 1
            word >>= np.uint64(_DIGIT)
    here = True
    for digit in range(_DIGITS):
        shift = np.uint64(_DIGIT * digit)
        if counts[digit, (words[0] >> shift) & mask] == n:  # all have the same digit
            continue
        place = 0
        for value in range(1 << _DIGIT):
            place, counts[digit, value] = place + counts[digit, value], place
        if here:
            _move(words, things, n, shift, counts[digit], other_words, other_things)
        else:
            _move(other_words, other_things, n, shift, counts[digit], words, things)
        here = not here
    if not here:
        words[:] = other_words[:n]
        things[:] = other_things[:n]


@jit
def _move(
    words: Words, things: Ints, n: int, shift: np.uint64, places: Ints, to_words: Words, to_things: Ints
) -> None:
    mask = np.uint64((1 << _DIGIT) - 1)
    for i in range(n):
        digit = (words[i] >> shift) & mask
        place = places[digit]
        places[digit] = place + 1
        to_words[place] = words[i]
        to_things[place] = things[i]


@jit
def _insert(words: Words, things: Ints) -> None:
    for i in range(1, len(words)):
        word, thing = words[i], things[i]
        at = i
        while at > 0 and words[at - 1] > word:
            words[at] = words[at - 1]
            things[at] = things[at - 1]
            at -= 1
        words[at] = word
        things[at] = thing
