"""Works by cell, and by a among the members and b among the partners, in rows of those with works.

The rows of a cell are counted in arrays of all members, which are cleared after by what was touched. So time
depends on what is there, and not on how many members or cells there might be.
"""

from __future__ import annotations

import numpy as np

from trendcore_kernels.cpu._jit import frozen, jit
from trendcore_kernels.cpu._members import sort
from trendcore_kernels.cpu._sparse import areas, by_cell, room
from trendcore_kernels.cpu._threads import run
from trendcore_kernels.cpu.member_sets import member_sets
from trendcore_kernels.spec import Cells, Codes, Ints, SparseDirected


def directed_sparse(
    cell: Cells,
    offsets: Ints,
    codes: Codes,
    partner_offsets: Ints,
    partner_codes: Codes,
    n_cells: int,
    n_members: int,
) -> SparseDirected:
    """Count works by member, by partner and by ordered pair, see `reference.directed_sparse`."""
    sides = (
        member_sets(offsets, codes, n_members, 1),
        member_sets(partner_offsets, partner_codes, n_members, 1),
    )
    starts, moved = by_cell(cell, sides, n_cells)
    sets = [frozen(array) for side in moved for array in (side.offsets, side.codes)]
    totals = np.zeros((2, n_cells), dtype=np.int64)
    totals[0] = np.bincount(cell, minlength=n_cells)
    totals[1] = np.diff(starts)
    jobs = [
        (frozen(starts), *sets, *area, int(n_members)) for area in areas(starts, moved[0].codes, n_members)
    ]
    members, pairs = zip(*run(_count, jobs), strict=True)
    member_rows = list(np.concatenate(members, axis=1))
    pair_rows = list(np.concatenate(pairs, axis=1))
    return SparseDirected(*list(totals), *member_rows, *pair_rows)


@jit
def _count(
    starts: Ints,
    offsets: Ints,
    codes: Codes,
    partner_offsets: Ints,
    partner_codes: Codes,
    low: int,
    high: int,
    first: int,
    last: int,
    n_members: int,
) -> tuple[Ints, Ints]:
    """Rows of the cells from ``low`` to ``high`` and the members from ``first`` to ``last``."""
    by_member = np.zeros((4, n_members), np.int64)  # as the columns of the rows
    place, touched = np.zeros(n_members, np.int64), np.zeros(n_members, np.int64)
    counts = np.zeros(n_members, np.int64)
    members, pairs = np.empty((6, 64), np.int64), np.empty((4, 64), np.int64)
    n_rows, n_pairs = 0, 0
    for c in range(low, high):
        start, stop = starts[c], starts[c + 1]
        n = 0
        for w in range(start, stop):
            mine, theirs = (offsets[w], offsets[w + 1]), (partner_offsets[w], partner_offsets[w + 1])
            n = _count_side(0, codes, *mine, partner_codes, *theirs, first, last, by_member, touched, n)
            n = _count_side(1, partner_codes, *theirs, codes, *mine, first, last, by_member, touched, n)
        sort(touched[:n])
        members = room(members, n_rows + n)
        for a in touched[:n]:
            place[a] = by_member[0, a]
        links = _link(start, stop, offsets, codes, 1, first, last, touched[:n], place)
        end = 0
        for a in touched[:n].copy():
            begin, end = end, place[a]
            works = links[begin:end]
            n = _count_partners(a, -1, works, partner_offsets, partner_codes, counts, touched)
            pairs = _append_pairs(c, a, touched[:n], counts, pairs, n_pairs)
            n_pairs += n
            members[0, n_rows] = c
            members[1, n_rows] = a
            for column in range(4):
                members[2 + column, n_rows] = by_member[column, a]
                by_member[column, a] = 0
            n_rows += 1
    return members[:, :n_rows].copy(), pairs[:, :n_pairs].copy()


@jit
def _count_side(
    side: int,
    codes: Codes,
    start: int,
    stop: int,
    other_codes: Codes,
    other_start: int,
    other_stop: int,
    first: int,
    last: int,
    by_member: Ints,
    touched: Ints,
    n: int,
) -> int:
    """Count a work for the members of one side; list those that had no work on either side before.

    Bounds stand for slices, whose reference counts the threads would fight for.
    """
    for entry in range(start, stop):
        a = codes[entry]
        if a < first or a >= last:
            continue
        if by_member[0, a] == 0 and by_member[1, a] == 0:
            touched[n] = a
            n += 1
        by_member[side, a] += 1
        by_member[2 + side, a] += other_stop - other_start > 1 or other_codes[other_start] != a
    return n


@jit
def _link(
    start: int,
    stop: int,
    offsets: Ints,
    codes: Codes,
    least: int,
    first: int,
    last: int,
    members: Ints,
    place: Ints,
) -> Ints:
    """List the works of each member, member by member; only works of ``least`` members or more.

    ``place`` (M,) holds how many works each member has, and then where its works end in the list.
    """
    total = 0
    for a in members:
        n = place[a]
        place[a] = total
        total += n
    links = np.empty(total, np.int64)
    for w in range(start, stop):
        begin, end = offsets[w], offsets[w + 1]
        if end - begin < least:
            continue
        for entry in range(begin, end):
            a = codes[entry]
            if first <= a < last:
                links[place[a]] = w
                place[a] += 1
    return links


@jit
def _count_partners(
    a: int, above: int, works: Ints, offsets: Ints, codes: Codes, counts: Ints, touched: Ints
) -> int:
    """Count some works by each b > ``above``, b not a, of their sets, into ``counts`` (M,), which was 0.

    ``touched`` (M,) gets these b, ascending; returns how many they are.
    """
    n = 0
    for w in works:
        for entry in range(offsets[w + 1] - 1, offsets[w] - 1, -1):
            b = int(codes[entry])
            if b <= above:
                break
            if b == a:
                continue
            if counts[b] == 0:
                touched[n] = b
                n += 1
            counts[b] += 1
    sort(touched[:n])
    return n


@jit
def _append_pairs(c: int, a: int, partners: Ints, counts: Ints, table: Ints, n_rows: int) -> Ints:
    """Append a row (cell, a, b, works) for each partner b, and set its count to 0; return the table."""
    table = room(table, n_rows + len(partners))
    for b in partners:
        table[0, n_rows] = c
        table[1, n_rows] = a
        table[2, n_rows] = b
        table[3, n_rows] = counts[b]
        counts[b] = 0
        n_rows += 1
    return table
