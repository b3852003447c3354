"""Works by cell, member and pair: most works have one member or two, and cost one counter each.

Works of up to two members are counted in `two`: a column for each pair a <= b, where a is b that of works of
a alone, and a last one for works of no known member. Those of three or more are counted by pair in `more`,
and in `sums` by member and by credit; the rest follows from these. Counters of 32 bits keep more of them in
the cache. A list of up to eight one-byte codes is looked at as one word, with no branch that depends on its
codes. Such works wait until a cell has many, to be counted together while its counters are in the cache.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from trendcore_kernels.cpu._jit import frozen, jit
from trendcore_kernels.cpu._members import distinct
from trendcore_kernels.cpu._threads import plan, run, split
from trendcore_kernels.cpu._words import (
    FIRST,
    LITTLE_ENDIAN,
    WORD,
    below,
    distinct_in,
    first_of,
    known,
    only,
    others,
    word_at,
)
from trendcore_kernels.spec import ONE, Cells, Codes, DenseTally, Ints

_Counters = npt.NDArray[np.uint32]
#: works that wait to be counted, in all cells and in one; they fit the cache
_ROOM: Final = 1 << 17
_MOST_ROOM: Final = 512


def tally_dense(cell: Cells, offsets: Ints, codes: Codes, n_cells: int, n_members: int) -> DenseTally:
    """Count works by cell, member and pair, see `reference.tally_dense`."""
    cell, offsets, codes, n_members = frozen(cell), frozen(offsets), frozen(codes), int(n_members)
    n_pairs = n_members * (n_members - 1) // 2
    jobs = plan(cell, offsets, n_cells, 8 * n_cells * n_pairs)
    n_slices = jobs[-1].slice + 1
    two = np.zeros((n_slices, n_cells, n_pairs + n_members + 1), dtype=np.uint32)
    more = np.zeros((n_slices, n_cells, n_pairs), dtype=np.uint32)
    sums = np.zeros((n_slices, n_cells, 2, n_members), dtype=np.int64)
    columns = _columns(n_members)
    lists = cell, offsets, codes, columns
    count = _count_words if codes.dtype == np.uint8 and LITTLE_ENDIAN else _count_lists
    run(count, [(*lists, *job.bounds, n_members, *(x[job.slice] for x in (two, more, sums))) for job in jobs])
    totals = np.zeros((5, n_cells), dtype=np.int64)
    by_member = np.zeros((3, n_cells, n_members), dtype=np.int64)
    by_pair = np.empty((2, n_cells, n_pairs), dtype=np.int64)
    counts = two, more, sums, columns, totals, by_member, by_pair
    run(_finish, [(*cut, *counts) for cut in split(n_cells, by_pair.size)])
    return DenseTally(*totals, *by_member, *by_pair)


def _columns(n_members: int) -> Ints:
    """Column in `two` of the pair a <= b, less b, for each a."""
    a = np.arange(n_members)
    return a * (2 * n_members - a - 1) // 2


@jit
def _count_words(
    cell: Cells,
    offsets: Ints,
    codes: Codes,
    columns: Ints,
    start: int,
    stop: int,
    low: int,
    high: int,
    n_members: int,
    two: _Counters,
    more: _Counters,
    sums: Ints,
) -> None:
    members = np.empty(256, codes.dtype)
    none, last = two.shape[1] - 1, len(codes) - WORD
    margin, small = below(n_members)
    room = max(min(_ROOM // max(len(two), 1), _MOST_ROOM), 1)
    waiting, n_waiting = np.empty((len(two), room), np.uint16), np.zeros(len(two), np.int64)
    late, n_late = np.empty((len(two), room), np.uint64), np.zeros(len(two), np.int64)
    for w in range(start, stop):
        c = int(cell[w])
        if c < low or c >= high:
            continue
        begin, end = offsets[w], offsets[w + 1]
        if end - begin > WORD or begin > last:
            _count_list(c, codes, begin, end, n_members, columns, members, two, more, sums)
            continue
        word = word_at(codes, begin)
        here = known(word, margin, small) & FIRST[end - begin]
        if not here:
            two[c, none] += np.uint32(1)
            continue
        a = first_of(word, here)
        rest = here & others(word, a)
        b = first_of(word, rest if rest else here)
        is_late = np.int64(rest & others(word, b) != 0)
        late[c, n_late[c]] = only(word, here, a)
        n_late[c] += is_late
        waiting[c, n_waiting[c]] = columns[min(a, b)] + np.int64(max(a, b))
        n_waiting[c] += 1 - is_late
        if n_waiting[c] == room:
            _count_waiting(c, waiting, room, two)
            n_waiting[c] = 0
        if n_late[c] == room:
            _count_late(c, late, room, columns, members, two, more, sums)
            n_late[c] = 0
    for c in range(low, high):
        _count_waiting(c, waiting, n_waiting[c], two)
        _count_late(c, late, n_late[c], columns, members, two, more, sums)


@jit
def _count_waiting(c: int, waiting: npt.NDArray[np.uint16], n: int, two: _Counters) -> None:
    """Count works of one member or two by their columns."""
    for i in range(n):
        two[c, waiting[c, i]] += np.uint32(1)


@jit
def _count_late(
    c: int,
    late: npt.NDArray[np.uint64],
    n: int,
    columns: Ints,
    members: Codes,
    two: _Counters,
    more: _Counters,
    sums: Ints,
) -> None:
    """Count works of three members or more by their words."""
    for i in range(n):
        word = late[c, i]
        x = first_of(word, FIRST[WORD])
        rest = others(word, x)
        y = first_of(word, rest)
        rest &= others(word, y)
        z = first_of(word, rest)
        if rest & others(word, z):
            _count(c, members, distinct_in(word, members), columns, two, more, sums)
            continue
        first, last = np.int64(min(x, y, z)), np.int64(max(x, y, z))
        middle = np.int64(x + y + z) - first - last
        more[c, columns[first] - first - 1 + middle] += np.uint32(1)
        more[c, columns[first] - first - 1 + last] += np.uint32(1)
        more[c, columns[middle] - middle - 1 + last] += np.uint32(1)
        for a in (first, middle, last):
            sums[c, 0, a] += 1
            sums[c, 1, a] += ONE // 3
        sums[c, 1, first] += ONE % 3


@jit
def _count_lists(
    cell: Cells,
    offsets: Ints,
    codes: Codes,
    columns: Ints,
    start: int,
    stop: int,
    low: int,
    high: int,
    n_members: int,
    two: _Counters,
    more: _Counters,
    sums: Ints,
) -> None:
    members = np.empty(256, codes.dtype)
    for w in range(start, stop):
        c = int(cell[w])
        if low <= c < high:
            _count_list(c, codes, offsets[w], offsets[w + 1], n_members, columns, members, two, more, sums)


@jit
def _count_list(
    c: int,
    codes: Codes,
    begin: int,
    end: int,
    n_members: int,
    columns: Ints,
    members: Codes,
    two: _Counters,
    more: _Counters,
    sums: Ints,
) -> None:
    """Count a work by its list."""
    if end - begin > len(members):
        members = np.empty(end - begin, codes.dtype)
    n = distinct(codes, begin, end, n_members, members, 0)
    _count(c, members, n, columns, two, more, sums)


@jit
def _count(
    c: int, members: Codes, n: int, columns: Ints, two: _Counters, more: _Counters, sums: Ints
) -> None:
    """Count a work of n members."""
    if n == 0:
        two[c, two.shape[1] - 1] += np.uint32(1)
        return
    if n <= 2:
        two[c, columns[members[0]] + members[n - 1]] += np.uint32(1)
        return
    each = ONE // n
    with_more = ONE - n * each
    for i in range(n):
        a = np.int64(members[i])
        sums[c, 0, a] += 1
        sums[c, 1, a] += each + 1 if i < with_more else each
        first = columns[a] - a - 1
        for j in range(i + 1, n):
            more[c, first + members[j]] += np.uint32(1)


@jit
def _finish(
    low: int,
    high: int,
    two: _Counters,
    more: _Counters,
    sums: Ints,
    columns: Ints,
    totals: Ints,
    by_member: Ints,
    by_pair: Ints,
) -> None:
    works, works_known, works_intl, sum_n, sum_pairs = totals
    member_works, member_intl, fractional = by_member
    joint, bilateral = by_pair
    n_slices, n_members = len(two), len(columns)
    for c in range(low, high):
        p = 0
        for a in range(n_members):
            for b in range(a + 1, n_members):
                n, n_more = np.int64(0), np.int64(0)
                for i in range(n_slices):
                    n += np.int64(two[i, c, p + a + 1])
                    n_more += np.int64(more[i, c, p])
                bilateral[c, p] = n
                joint[c, p] = n + n_more
                member_intl[c, a] += n
                member_intl[c, b] += n
                works_intl[c] += n
                sum_pairs[c] += 2 * (n + n_more)
                p += 1
        total = np.int64(0)
        for a in range(n_members):
            alone, wide, credit = np.int64(0), np.int64(0), np.int64(0)
            for i in range(n_slices):
                alone += np.int64(two[i, c, columns[a] + a])
                wide += sums[i, c, 0, a]
                credit += sums[i, c, 1, a]
            fractional[c, a] = alone * ONE + member_intl[c, a] * (ONE >> 1) + credit
            member_intl[c, a] += wide
            member_works[c, a] = alone + member_intl[c, a]
            sum_n[c] += member_works[c, a]
            works_known[c] += alone
            total += credit
        works_intl[c] += total // ONE  # the credits of a work are one
        works_known[c] += works_intl[c]
        works[c] = works_known[c]
        for i in range(n_slices):
            works[c] += np.int64(two[i, c, two.shape[2] - 1])
