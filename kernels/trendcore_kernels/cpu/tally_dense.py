"""Works by cell, member and pair: most works have one member or two, and cost one counter each.

Only what cannot be had from other counts is counted: `alone` for works of one member, `joint` for all others,
and what those of three members or more have beyond one pair. The rest follows by sums. Counters of 32 bits
keep more of them in the cache.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from trendcore_kernels.cpu._jit import frozen, jit
from trendcore_kernels.cpu._members import distinct, pair_column
from trendcore_kernels.cpu._threads import plan, run, split
from trendcore_kernels.spec import Cells, Codes, DenseTally, Ints

_Counters = npt.NDArray[np.uint32]


def tally_dense(cell: Cells, offsets: Ints, codes: Codes, n_cells: int, n_members: int) -> DenseTally:
    """Count works by cell, member and pair, see `reference.tally_dense`."""
    cell, offsets, codes, n_members = frozen(cell), frozen(offsets), frozen(codes), int(n_members)
    n_pairs = n_members * (n_members - 1) // 2
    jobs = plan(cell, offsets, n_cells, 4 * n_cells * n_pairs)
    n_slices = jobs[-1].slice + 1
    works, wide = np.zeros((2, n_slices, n_cells), dtype=np.int64)
    alone = np.zeros((n_slices, n_cells, n_members), dtype=np.uint32)
    joint = np.zeros((n_slices, n_cells, n_pairs), dtype=np.uint32)
    beyond = np.zeros((n_slices, n_cells, n_members), dtype=np.int64)
    lists, counters = (cell, offsets, codes), (works, wide, alone, joint, beyond)
    run(_count, [(*lists, *job.bounds, n_members, *(x[job.slice] for x in counters)) for job in jobs])
    totals = np.zeros((4, n_cells), dtype=np.int64)
    by_member = np.zeros((2, n_cells, n_members), dtype=np.int64)
    pairs = np.empty((n_cells, n_pairs), dtype=np.int64)
    run(_finish, [(*cut, *counters[1:], totals, by_member, pairs) for cut in split(n_cells, pairs.size)])
    known, intl, sum_n, sum_pairs = totals
    member_works, member_intl = by_member
    return DenseTally(works.sum(axis=0), known, intl, sum_n, sum_pairs, member_works, member_intl, pairs)


@jit
def _count(
    cell: Cells,
    offsets: Ints,
    codes: Codes,
    start: int,
    stop: int,
    low: int,
    high: int,
    n_members: int,
    works: Ints,
    wide: Ints,
    alone: _Counters,
    joint: _Counters,
    beyond: Ints,
) -> None:
    members = np.empty(256, codes.dtype)
    for w in range(start, stop):
        c = int(cell[w])
        if c < low or c >= high:
            continue
        works[c] += 1
        begin, end = offsets[w], offsets[w + 1]
        if begin == end:
            continue
        a = codes[begin]
        entry = begin + 1
        while entry < end and codes[entry] == a:
            entry += 1
        if entry == end:
            if a < n_members:
                alone[c, a] += 1
            continue
        b = codes[entry]
        third = a >= n_members or b >= n_members
        for rest in range(entry + 1, end):
            third |= (codes[rest] != a) & (codes[rest] != b)
        if not third:
            joint[c, pair_column(int(min(a, b)), int(max(a, b)), n_members)] += 1
            continue
        if end - begin > len(members):
            members = np.empty(2 * (end - begin), codes.dtype)
        n = distinct(codes, begin, end, n_members, members, 0)
        if n == 1:
            alone[c, members[0]] += 1
        for i in range(n - 1):
            for j in range(i + 1, n):
                joint[c, pair_column(int(members[i]), int(members[j]), n_members)] += 1
        if n > 2:
            wide[c] += (n * (n - 1) >> 1) - 1
            for i in range(n):
                beyond[c, members[i]] += n - 2


@jit
def _finish(
    low: int,
    high: int,
    wide: Ints,
    alone: _Counters,
    joint: _Counters,
    beyond: Ints,
    totals: Ints,
    by_member: Ints,
    pairs: Ints,
) -> None:
    n_slices, _, n_members = alone.shape
    works_known, works_intl, sum_n, sum_pairs = totals
    member_works, member_intl = by_member
    for c in range(low, high):
        p = 0
        for a in range(n_members):
            for b in range(a + 1, n_members):
                total = 0
                for i in range(n_slices):
                    total += int(joint[i, c, p])
                pairs[c, p] = total
                member_intl[c, a] += total
                member_intl[c, b] += total
                sum_pairs[c] += 2 * total
                p += 1
        works_intl[c] = (sum_pairs[c] >> 1) - wide[:, c].sum()
        works_known[c] = works_intl[c]
        for a in range(n_members):
            single = 0
            for i in range(n_slices):
                single += int(alone[i, c, a])
                member_intl[c, a] -= beyond[i, c, a]
            member_works[c, a] = single + member_intl[c, a]
            works_known[c] += single
            sum_n[c] += member_works[c, a]
