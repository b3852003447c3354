"""Joint works of pairs of members in draws of the null that keeps both margins.

Draws go through the rounds side by side: works that meet, their sizes and so the steps of an exchange are the
same for all. Then the works of each draw are counted by themselves.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Final

import numpy as np
import numpy.typing as npt

from trendcore_kernels.cpu._jit import frozen, jit
from trendcore_kernels.cpu._lanes import LANES, fill_words, offer
from trendcore_kernels.cpu._threads import n_threads, run
from trendcore_kernels.spec import Codes, Counts, Ints, Words

#: up to so many members, rows of pairs are looked up in a table of all pairs: 16 MiB
_TABLE_MEMBERS: Final = 2048


def null_joint(
    draws: Ints,
    rounds: Ints,
    meetings: Counts,
    offsets: Ints,
    codes: Codes,
    a: Ints,
    b: Ints,
    n_members: int,
    key: int,
) -> Counts:
    """Count joint works of pairs in draws of the null, see `reference.null_joint`."""
    out = np.zeros((len(draws), len(a)), dtype=np.int32)
    works = frozen(rounds), frozen(meetings), frozen(offsets), frozen(codes)
    rows = _rows(a, b, n_members)
    halves = np.uint64(key & 0xFFFFFFFF), np.uint64(key >> 32)
    n_blocks = -(-len(draws) // LANES)
    parts = max(min(n_threads(len(draws) * (meetings.size + len(codes))), n_blocks), 1)
    starts = [min(n_blocks * i // parts * LANES, len(draws)) for i in range(parts + 1)]
    run(_draw, [(draws[i:j], *works, *rows, *halves, out[i:j]) for i, j in pairwise(starts)])
    return out


def _rows(a: Ints, b: Ints, n_members: int) -> tuple[Counts, Ints, Ints]:
    """Table of the rows of all pairs, -1 where there is none; or where the rows of each a begin, and b."""
    if n_members > _TABLE_MEMBERS:
        return np.zeros((0, 0), dtype=np.int32), np.searchsorted(a, np.arange(n_members + 1)), frozen(b)
    table = np.full((n_members, n_members), -1, dtype=np.int32)
    table[a, b] = table[b, a] = np.arange(len(a))
    return table, np.zeros(0, dtype=np.int64), frozen(b)


def _draw(
    draws: Ints,
    rounds: Ints,
    meetings: Counts,
    offsets: Ints,
    codes: Codes,
    table: Counts,
    starts: Ints,
    b: Ints,
    low: np.uint64,
    high: np.uint64,
    out: Counts,
) -> None:
    """Draw `LANES` by `LANES`; lanes that are over repeat the last draw and are not counted."""
    words = np.empty(4 * LANES, dtype=np.uint32)
    for start in range(0, len(draws), LANES):
        some = draws[start : start + LANES]
        lanes = np.pad(some, (0, LANES - len(some)), mode="edge").astype(np.uint64)
        state = np.repeat(codes, LANES)
        _exchange(lanes, rounds, meetings, offsets, state, words, low, high, int(np.iinfo(codes.dtype).max))
        _count(offsets, state, table, starts, b, out[start : start + LANES])


@jit
def _exchange(
    lanes: Words,
    rounds: Ints,
    meetings: Counts,
    offsets: Ints,
    state: Codes,
    words: npt.NDArray[np.uint32],
    low: np.uint64,
    high: np.uint64,
    most: int,
) -> None:
    """Let works meet; one with more than ``most`` members has all that there are, and exchanges none."""
    for number in range(len(rounds) - 1):
        offers, block = 0, -1
        for place in range(rounds[number], rounds[number + 1]):
            few, many = meetings[place, 0], meetings[place, 1]
            n_few, n_many = offsets[few + 1] - offsets[few], offsets[many + 1] - offsets[many]
            if n_many < n_few:
                few, many, n_few, n_many = many, few, n_many, n_few
            n_offers = n_few - (n_few == n_many)
            if n_many > most:
                offers += n_offers
                continue
            few_at, many_at = offsets[few] * LANES, offsets[many] * LANES
            for i in range(n_offers):
                if offers >> 2 != block:
                    block = offers >> 2
                    fill_words(np.uint64(block), np.uint64(number), lanes, low, high, words)
                offer(state, few_at, n_few, i, many_at, n_many, words, (offers & 3) * LANES)
                offers += 1


@jit
def _count(offsets: Ints, state: Codes, table: Counts, starts: Ints, b: Ints, out: Counts) -> None:
    for lane in range(out.shape[0]):
        for w in range(len(offsets) - 1):
            for i in range(offsets[w], offsets[w + 1]):
                first = int(state[i * LANES + lane])
                for j in range(offsets[w], i):
                    row = _row(first, int(state[j * LANES + lane]), table, starts, b)
                    if row >= 0:
                        out[lane, row] += 1


@jit
def _row(first: int, second: int, table: Counts, starts: Ints, b: Ints) -> int:
    """Row of a pair, -1 where it has none."""
    if len(starts) == 0:
        return int(table[first, second])
    if second < first:
        first, second = second, first
    start, stop = starts[first], starts[first + 1]
    while start < stop:
        middle = (start + stop) >> 1
        if b[middle] < second:
            start = middle + 1
        else:
            stop = middle
    return int(start) if start < starts[first + 1] and b[start] == second else -1
