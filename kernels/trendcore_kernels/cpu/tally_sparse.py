"""Works by cell, member and pair, in rows of those that have works; pairs member by member."""

from __future__ import annotations

import numpy as np

from trendcore_kernels.cpu._jit import frozen, jit
from trendcore_kernels.cpu._members import sort
from trendcore_kernels.cpu._sparse import append_pairs, areas, by_cell, count_partners, link, room
from trendcore_kernels.cpu._threads import run
from trendcore_kernels.cpu.member_sets import member_sets
from trendcore_kernels.spec import ONE, Cells, Codes, Ints, SparseTally


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
    works, intl = np.zeros(n_members, np.int64), np.zeros(n_members, np.int64)
    touched, counts = np.zeros(n_members, np.int64), np.zeros(n_members, np.int64)
    shares, two = np.zeros(n_members, np.int64), np.zeros(n_members, np.int64)
    members, pairs = np.empty((5, 64), np.int64), np.empty((5, 64), np.int64)
    n_rows, n_pairs = 0, 0
    for c in range(low, high):
        start, stop = starts[c], starts[c + 1]
        if first == 0:
            _add_totals(c, start, stop, offsets, totals)
        n = _count_members(start, stop, offsets, codes, first, last, works, intl, shares, touched)
        members = room(members, n_rows + n)
        links = link(start, stop, offsets, codes, 2, first, last, touched[:n], intl)
        end = 0
        for a in touched[:n].copy():
            begin, end = end, intl[a]  # after linking: where the works of a end
            mine = links[begin:end]
            n = count_partners(a, a, mine, offsets, codes, counts, touched)
            _count_two(a, mine, offsets, codes, two)
            pairs = append_pairs(c, a, touched[:n], counts, pairs, n_pairs)
            for row in range(n_pairs, n_pairs + n):
                pairs[4, row] = two[pairs[2, row]]
                two[pairs[2, row]] = 0
            n_pairs += n
            members[0, n_rows] = c
            members[1, n_rows] = a
            members[2, n_rows] = works[a]
            members[3, n_rows] = end - begin
            members[4, n_rows] = shares[a]
            works[a] = 0
            shares[a] = 0
            intl[a] = 0
            n_rows += 1
    return members[:, :n_rows].copy(), pairs[:, :n_pairs].copy()


@jit
def _add_totals(c: int, start: int, stop: int, offsets: Ints, totals: Ints) -> None:
    totals[1, c] = stop - start
    totals[3, c] = offsets[stop] - offsets[start]
    for w in range(start, stop):
        n = offsets[w + 1] - offsets[w]
        totals[2, c] += n >= 2
        totals[4, c] += n * (n - 1)


@jit
def _count_two(a: int, works: Ints, offsets: Ints, codes: Codes, counts: Ints) -> None:
    """Count the works of a and one other b, by b > a."""
    for w in works:
        begin = offsets[w]
        if offsets[w + 1] - begin == 2 and codes[begin] == a:
            counts[codes[begin + 1]] += 1


@jit
def _count_members(
    start: int,
    stop: int,
    offsets: Ints,
    codes: Codes,
    first: int,
    last: int,
    works: Ints,
    intl: Ints,
    shares: Ints,
    touched: Ints,
) -> int:
    """Count the works of each member: all, international, and 1/n each; list the members, ascending."""
    n = 0
    for w in range(start, stop):
        begin, end = offsets[w], offsets[w + 1]
        each = ONE // max(end - begin, 1)
        more = begin + ONE - each * (end - begin)  # members before it get one unit more
        for entry in range(begin, end):
            a = codes[entry]
            if a < first or a >= last:
                continue
            if works[a] == 0:
                touched[n] = a
                n += 1
            works[a] += 1
            intl[a] += end - begin >= 2
            shares[a] += each + (entry < more)
    sort(touched[:n])
    return n
