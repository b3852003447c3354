"""What the sparse tallies share: works by cell, tables that grow, and the pairs of one member.

The rows of a cell are counted in arrays of all members, which are cleared after by what was touched. So time
depends on what is there, and not on how many members or cells there might be.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from trendcore_kernels.cpu._jit import jit
from trendcore_kernels.cpu._members import sort
from trendcore_kernels.cpu._threads import bands, n_threads
from trendcore_kernels.spec import Cells, Codes, Ints


@jit
def by_cell(cell: Cells, n_cells: int) -> tuple[Ints, Ints]:
    """Works in the order of their cells, and (C+1,) where each cell begins in it."""
    starts = np.zeros(n_cells + 1, np.int64)
    for c in cell:
        starts[c + 1] += 1
    starts = np.cumsum(starts)
    order = np.empty(len(cell), np.int64)
    place = starts.copy()
    for w in range(len(cell)):
        order[place[cell[w]]] = w
        place[cell[w]] += 1
    return starts, order


def areas(starts: Ints, codes: Codes, n_members: int) -> list[tuple[int, int, int, int]]:
    """Ranges of cells and of members with about the same work, for the threads, in the order of rows.

    Members are divided only where the cells are too few; each range then has one cell.
    """
    n_cells = len(starts) - 1
    threads = n_threads(int(starts[-1]) + len(codes))
    if threads == 1 or n_cells == 0:
        return [(0, n_cells, 0, n_members)]
    if n_cells >= 4 * threads:
        return [(low, high, 0, n_members) for low, high in pairwise(bands(np.diff(starts), 4 * threads))]
    members = bands(np.bincount(codes, minlength=n_members), threads)
    return [(c, c + 1, low, high) for c in range(n_cells) for low, high in pairwise(members)]


@jit
def link(
    works: Ints,
    offsets: Ints,
    codes: Codes,
    least: int,
    first: int,
    last: int,
    members: Ints,
    place: Ints,
) -> Ints:
    """List the works of each member, one member after the other; only works of ``least`` members or more.

    ``place`` (M,) holds how many works each member has, and then where its works end in the list.
    """
    total = 0
    for a in members:
        n = place[a]
        place[a] = total
        total += n
    links = np.empty(total, np.int64)
    for w in works:
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
def room(table: Ints, n_rows: int) -> Ints:
    """Return the table, or a larger copy where it has no place for so many rows; a column holds a row."""
    if n_rows <= table.shape[1]:
        return table
    larger = np.empty((table.shape[0], 2 * n_rows), np.int64)
    for column in range(table.shape[0]):
        for row in range(table.shape[1]):
            larger[column, row] = table[column, row]
    return larger


@jit
def count_partners(
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
def append_pairs(c: int, a: int, partners: Ints, counts: Ints, table: Ints, n_rows: int) -> Ints:
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
