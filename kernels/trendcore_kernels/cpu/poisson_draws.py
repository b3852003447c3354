"""Weight of each pattern in some replicates: words of many replicates at a time, so that loops are vectors.

Small levels compare the upper halves of all words with the upper halves of all thresholds, without a branch;
where such halves are equal (once in billions of words) the whole words decide. Large levels look a word up by
its first bits, and go on from there.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from trendcore_kernels.cpu._jit import frozen, jit
from trendcore_kernels.cpu._philox import philox
from trendcore_kernels.cpu._threads import run, split
from trendcore_kernels.spec import Ints, Words
from trendcore_kernels.spec.draws import TOP_LEVEL

_Draws = npt.NDArray[np.int32]
_Halves = npt.NDArray[np.uint32]
#: replicates whose words are made together: they stay in the first cache
_BLOCK: Final = 1024
#: levels below this one compare with all thresholds
_COMPARED: Final = 6
#: first bits of a word by which large levels look it up
_LOOKED: Final = 10


def poisson_draws(
    key: Words,
    n: Ints,
    thresholds: Words,
    starts: Ints,
    least: Ints,
    seed: int,
    first: int,
    n_replicates: int,
) -> _Draws:
    """Draw the weight of each pattern in each replicate, see `reference.poisson_draws`."""
    draws = np.zeros((len(key), n_replicates), dtype=np.int32)
    tables = frozen(thresholds), frozen(starts), frozen(least)
    rows = split(len(key), len(key) * n_replicates)
    run(
        _draw,
        [
            (frozen(key), frozen(n), *tables, seed & 0xFFFFFFFF, seed >> 32, first, *part, draws)
            for part in rows
        ],
    )
    return draws


@jit
def _draw(
    key: Words,
    n: Ints,
    thresholds: Words,
    starts: Ints,
    least: Ints,
    k0: int,
    k1: int,
    first: int,
    start: int,
    stop: int,
    draws: _Draws,
) -> None:
    half, mask = np.uint64(32), np.uint64(0xFFFFFFFF)
    upper = np.empty(_BLOCK + 2, dtype=np.uint32)
    lower = np.empty(_BLOCK + 2, dtype=np.uint32)
    tops = (thresholds >> half).astype(np.uint32)
    guides = np.zeros((TOP_LEVEL + 1, (1 << _LOOKED) + 1), dtype=np.int32)
    for level in range(_COMPARED, TOP_LEVEL + 1):
        _guide(thresholds[starts[level] : starts[level + 1]], guides[level])
    n_replicates = draws.shape[1]
    for p in range(start, stop):
        low, high = key[p] & mask, key[p] >> half
        for at in range(0, n_replicates, _BLOCK):
            size = min(_BLOCK, n_replicates - at)
            odd = (first + at) & 1
            pair = (first + at) >> 1
            rest = n[p]
            number = 0
            while rest > 0:
                level = min(number, TOP_LEVEL)
                if level == TOP_LEVEL or rest & 1:
                    for i in range((size + odd + 1) >> 1):
                        x0, x1, x2, x3 = philox(low, high, pair + i, number, k0, k1)
                        lower[2 * i], upper[2 * i], lower[2 * i + 1], upper[2 * i + 1] = x0, x1, x2, x3
                    begin, end = starts[level], starts[level + 1]
                    words = upper[odd : odd + size], lower[odd : odd + size]
                    out = draws[p, at : at + size]
                    if level < _COMPARED:
                        _compare(*words, thresholds[begin:end], tops[begin:end], least[level], out)
                    else:
                        _look_up(*words, thresholds[begin:end], guides[level], least[level], out)
                rest = rest - 1 if level == TOP_LEVEL else rest >> 1
                number += 1


@jit
def _compare(
    upper: _Halves, lower: _Halves, thresholds: Words, tops: _Halves, least: int, out: _Draws
) -> None:
    """Add the number of thresholds that are not above the words, and `least`."""
    last = len(tops)
    while last > 0 and tops[last - 1] == np.uint32(0xFFFFFFFF):
        last -= 1
    equal = np.uint32(0)
    for i in range(len(out)):
        out[i] += np.int32(least)
    for t in range(last):
        top = tops[t]
        for i in range(len(out)):
            out[i] += np.int32(upper[i] > top)
            equal |= np.uint32(upper[i] == top)
    for i in range(len(out)):
        equal |= np.uint32(upper[i] == np.uint32(0xFFFFFFFF))
    if equal:
        for i in range(len(out)):
            word = np.uint64(upper[i]) << np.uint64(32) | np.uint64(lower[i])
            for t in range(len(tops)):
                if tops[t] == upper[i]:
                    out[i] += np.int32(word >= thresholds[t])


@jit
def _guide(thresholds: Words, guide: _Draws) -> None:
    """Write how many thresholds are at most as large as the least word that has these first bits."""
    at = 0
    for bits in range(1 << _LOOKED):
        word = np.uint64(bits) << np.uint64(64 - _LOOKED)
        while at < len(thresholds) and thresholds[at] <= word:
            at += 1
        guide[bits] = at


@jit
def _look_up(
    upper: _Halves, lower: _Halves, thresholds: Words, guide: _Draws, least: int, out: _Draws
) -> None:
    """Add the number of thresholds that are not above the words, and `least`."""
    for i in range(len(out)):
        word = np.uint64(upper[i]) << np.uint64(32) | np.uint64(lower[i])
        at = guide[upper[i] >> np.uint32(32 - _LOOKED)]
        while at < len(thresholds) and thresholds[at] <= word:
            at += 1
        out[i] += np.int32(least) + np.int32(at)
