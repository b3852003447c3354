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
from trendcore_kernels.cpu._threads import run, split
from trendcore_kernels.spec import Ints, Words
from trendcore_kernels.spec.draws import TOP_LEVEL

_Draws = npt.NDArray[np.int32]
_Halves = npt.NDArray[np.uint32]
#: pairs of replicates whose words are made together: they stay in the first cache
_BLOCK: Final = 512
#: levels below this one compare with all thresholds
_COMPARED: Final = 3
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
    draws = np.empty((len(key), n_replicates), dtype=np.int32)
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
    words = np.empty((4, _BLOCK), dtype=np.uint32)
    counts = np.empty((2, _BLOCK), dtype=np.int32)
    tops = (thresholds >> half).astype(np.uint32)
    guides = np.zeros((TOP_LEVEL + 1, 1 << _LOOKED), dtype=np.int32)
    for level in range(_COMPARED, TOP_LEVEL + 1):
        _guide(thresholds[starts[level] : starts[level + 1]], guides[level])
    odd = first & 1
    n_pairs = (odd + draws.shape[1] + 1) >> 1
    for p in range(start, stop):
        low, high = key[p] & mask, key[p] >> half
        for at in range(0, n_pairs, _BLOCK):
            size = min(_BLOCK, n_pairs - at)
            counts[:] = 0
            rest = n[p]
            number = 0
            while rest > 0:
                level = min(number, TOP_LEVEL)
                if level == TOP_LEVEL or rest & 1:
                    _fill(low, high, (first >> 1) + at, number, k0, k1, size, words)
                    begin, end = starts[level], starts[level + 1]
                    for side in range(2):
                        lower, upper = words[2 * side, :size], words[2 * side + 1, :size]
                        out = counts[side, :size]
                        if level < _COMPARED:
                            _compare(upper, lower, thresholds[begin:end], tops[begin:end], least[level], out)
                        else:
                            _look_up(upper, lower, thresholds[begin:end], guides[level], least[level], out)
                rest = rest - 1 if level == TOP_LEVEL else rest >> 1
                number += 1
            _interleave(counts, size, 2 * at - odd, draws[p])


@jit
def _fill(low: int, high: int, pair: int, number: int, k0: int, k1: int, size: int, words: _Halves) -> None:
    """Write the blocks of `philox` of some pairs of replicates; written out, so that it becomes vectors."""
    half, mask = np.uint64(32), np.uint64(0xFFFFFFFF)
    for i in range(size):
        x0, x1 = np.uint64(low), np.uint64(high)
        x2, x3 = np.uint64(pair + i) & mask, np.uint64(number)
        y0, y1 = np.uint64(k0), np.uint64(k1)
        for _ in range(10):
            one, two = np.uint64(0xD2511F53) * (x0 & mask), np.uint64(0xCD9E8D57) * (x2 & mask)
            x0, x1 = (two >> half) ^ x1 ^ y0, two & mask
            x2, x3 = (one >> half) ^ x3 ^ y1, one & mask
            y0, y1 = (y0 + np.uint64(0x9E3779B9)) & mask, (y1 + np.uint64(0xBB67AE85)) & mask
        words[0, i], words[1, i] = np.uint32(x0), np.uint32(x1)
        words[2, i], words[3, i] = np.uint32(x2), np.uint32(x3)


@jit
def _interleave(counts: _Draws, size: int, at: int, out: _Draws) -> None:
    """Write the counts of even and of odd replicates where these are; the ends may be outside."""
    inside = max(min(size, (len(out) - at) >> 1), 0)
    for i in range(1, inside):
        out[at + 2 * i] = counts[0, i]
        out[at + 2 * i + 1] = counts[1, i]
    for i in (0, inside):
        for side in range(2):
            place = at + 2 * i + side
            if i < size and 0 <= place < len(out):
                out[place] = counts[side, i]


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
        equal |= np.uint32(upper[i] == np.uint32(0xFFFFFFFF))
    for t in range(last):
        top = tops[t]
        for i in range(len(out)):
            out[i] += np.int32(upper[i] > top)
            equal |= np.uint32(upper[i] == top)
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
