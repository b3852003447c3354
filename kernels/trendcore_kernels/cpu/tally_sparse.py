"""Works by cell, member and pair, in rows of those that have works; pairs member by member.

In each cell the members that it has are numbered: what is counted by number fits the cache, however many
members there are in all.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from trendcore_kernels.cpu._jit import frozen, jit
from trendcore_kernels.cpu._members import position
from trendcore_kernels.cpu._sparse import areas, by_cell, ranked, room, sort_few
from trendcore_kernels.cpu._threads import run
from trendcore_kernels.cpu.member_sets import member_sets
from trendcore_kernels.spec import ONE, Cells, Codes, Ints, SparseTally

_Ranks = npt.NDArray[np.uint32]
#: rows of pairs that there is room for at first; what is not written to takes no memory
_ROWS: Final = 1 << 20
#: works of a pair, and as many again times this where they have no other member
_BILATERAL: Final = 1 << 32


def tally_sparse(cell: Cells, offsets: Ints, codes: Codes, n_cells: int, n_members: int) -> SparseTally:
    """Count works by cell, member and pair, see `reference.tally_sparse`."""
    starts, (sets,) = by_cell(cell, [member_sets(offsets, codes, n_members, 1)], n_cells)
    totals = np.zeros((5, n_cells), dtype=np.int64)
    totals[0] = np.bincount(cell, minlength=n_cells)
    works = frozen(starts), frozen(sets.offsets), frozen(sets.codes)
    jobs = [(*works, *area, int(n_members), totals) for area in areas(starts, sets.codes, n_members)]
    members, pairs = zip(*run(_count, jobs), strict=True)
    member_rows = list(np.concatenate(members, axis=1))
    pair_rows = list(np.concatenate(pairs, axis=1))
    return SparseTally(*list(totals), *member_rows, *pair_rows)


@jit
def _count(
    starts: Ints,
    offsets: Ints,
    codes: Codes,
    low: int,
    high: int,
    first: int,
    last: int,
    n_members: int,
    totals: Ints,
) -> tuple[Ints, Ints]:
    """Rows of the cells from ``low`` to ``high`` and the members from ``first`` to ``last``."""
    number = np.zeros(n_members, np.uint32)
    members, pairs = np.empty((5, 64), np.int64), np.empty((5, _ROWS), np.int64)
    n_rows, n_pairs = 0, 0
    for c in range(low, high):
        start, stop = starts[c], starts[c + 1]
        if first == 0:
            _add_totals(c, start, stop, offsets, totals)
        known, ranks = ranked(codes, offsets[start], offsets[stop], number)
        begin, end = position(known, 0, len(known), first), position(known, 0, len(known), last)
        members = room(members, n_rows + end - begin)
        sums = _count_members(start, stop, offsets, ranks, begin, end)
        ends = sums[:, 3].copy()
        places, lengths = _link(start, stop, offsets, ranks, begin, end, ends)
        counts, touched = np.zeros(len(known), np.int64), np.empty(len(known) + 1, np.int64)
        link = 0
        for i in range(begin, end):
            members[0, n_rows] = c
            members[1, n_rows] = known[i]
            for column in range(3):
                members[2 + column, n_rows] = sums[i - begin, column]
            n_rows += 1
            n = 0
            for at in range(link, ends[i - begin]):
                added = 1 + _BILATERAL if lengths[at] < 0 else 1
                for place in range(places[at], places[at] + abs(lengths[at])):
                    b = np.int64(ranks[place])
                    touched[n] = b  # stays where b is new: a branch would be guessed wrong half the time
                    n += counts[b] == 0
                    counts[b] += added
            link = ends[i - begin]
            sort_few(touched, n)
            pairs = room(pairs, n_pairs + n)
            for b in touched[:n]:
                pairs[0, n_pairs] = c
                pairs[1, n_pairs] = known[i]
                pairs[2, n_pairs] = known[b]
                pairs[3, n_pairs] = counts[b] & (_BILATERAL - 1)
                pairs[4, n_pairs] = counts[b] >> 32
                counts[b] = 0
                n_pairs += 1
    return members[:, :n_rows], pairs[:, :n_pairs]


@jit
def _add_totals(c: int, start: int, stop: int, offsets: Ints, totals: Ints) -> None:
    totals[1, c] = stop - start
    totals[3, c] = offsets[stop] - offsets[start]
    for w in range(start, stop):
        n = offsets[w + 1] - offsets[w]
        totals[2, c] += n >= 2
        totals[4, c] += n * (n - 1)


@jit
def _count_members(start: int, stop: int, offsets: Ints, ranks: _Ranks, begin: int, end: int) -> Ints:
    """Count works of the members from ``begin`` to ``end``.

    Returns (end - begin, 4): all, international, 1/n each, and those that have a later member. They stand
    side by side, so that a work costs one line of the cache for each of its members.
    """
    sums = np.zeros((end - begin, 4), np.int64)
    for w in range(start, stop):
        own, other = offsets[w] - offsets[start], offsets[w + 1] - offsets[start]
        n = other - own
        each = ONE // max(n, 1) if n > 1 else ONE
        more = own + ONE - each * n  # members before it get one unit more
        for entry in range(own, other):
            rank = np.int64(ranks[entry])
            if begin <= rank < end:
                sums[rank - begin, 0] += 1
                sums[rank - begin, 1] += n >= 2
                sums[rank - begin, 2] += each + 1 if entry < more else each
                sums[rank - begin, 3] += entry < other - 1
    return sums


@jit
def _link(
    start: int, stop: int, offsets: Ints, ranks: _Ranks, begin: int, end: int, ends: Ints
) -> tuple[Ints, Ints]:
    """List, member by member, where the later members of each of its works lie and how many they are.

    The number is negative where the two are the only members. ``ends`` holds how many works with later
    members each member has, and then where they end in the list.
    """
    total = 0
    for i in range(end - begin):
        n = ends[i]
        ends[i] = total
        total += n
    places, lengths = np.empty(total, np.int64), np.empty(total, np.int64)
    for w in range(start, stop):
        own, other = offsets[w] - offsets[start], offsets[w + 1] - offsets[start]
        for entry in range(own, other - 1):
            rank = np.int64(ranks[entry])
            if begin <= rank < end:
                at = ends[rank - begin]
                places[at] = entry + 1
                lengths[at] = -1 if other - own == 2 else other - entry - 1
                ends[rank - begin] = at + 1
    return places, lengths
