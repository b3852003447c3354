"""Order of works in each round."""

from __future__ import annotations

from typing import Final

import numpy as np

from trendcore_kernels.cpu._jit import jit
from trendcore_kernels.cpu._philox import philox
from trendcore_kernels.cpu._threads import run, split
from trendcore_kernels.spec import Counts, Ints, Words

#: bits by which words are sorted at a time
_DIGIT: Final = 11


def null_orders(rounds: Ints, n_works: int, key: int) -> Counts:
    """Order works at random for each round, see `reference.null_orders`."""
    out = np.empty((len(rounds), n_works), dtype=np.int32)
    bounds = split(len(rounds), out.size)
    run(_order, [(rounds[i:j], key & 0xFFFFFFFF, key >> 32, out[i:j]) for i, j in bounds])
    return out


@jit
def _order(rounds: Ints, low: int, high: int, out: Counts) -> None:
    """Sort by word, ties by place: words stand above places in one number, and sorts by digit keep order."""
    n = out.shape[1]
    words, sorted_words = np.empty(n + 3, dtype=np.uint64), np.empty(n + 3, dtype=np.uint64)
    for row in range(len(rounds)):
        for place in range(0, n, 4):
            w0, w1, w2, w3 = philox(place >> 2, rounds[row], 0, 1, low, high)
            words[place], words[place + 1], words[place + 2], words[place + 3] = w0, w1, w2, w3
        for place in range(n):
            words[place] = words[place] << np.uint64(32) | np.uint64(place)
        for shift in range(32, 64, _DIGIT):
            _sort(words, sorted_words, n, np.uint64(shift))
            words, sorted_words = sorted_words, words
        for place in range(n):
            out[row, place] = words[place] & np.uint64(0xFFFFFFFF)


@jit
def _sort(words: Words, out: Words, n: int, shift: np.uint64) -> None:
    ends = np.zeros((1 << _DIGIT) + 1, dtype=np.int64)
    mask = np.uint64((1 << _DIGIT) - 1)
    for i in range(n):
        ends[(words[i] >> shift & mask) + np.uint64(1)] += 1
    for digit in range(1 << _DIGIT):
        ends[digit + 1] += ends[digit]
    for i in range(n):
        digit = words[i] >> shift & mask
        out[ends[digit]] = words[i]
        ends[digit] += 1
