"""What the sparse tallies share: works put together by cell, ranges for the threads, and tables that grow."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

import numpy as np
import numpy.typing as npt

from trendcore_kernels.cpu._jit import frozen, jit
from trendcore_kernels.cpu._members import sort
from trendcore_kernels.cpu._sort import insert_few
from trendcore_kernels.cpu._threads import bands, n_threads, run, slices
from trendcore_kernels.spec import Cells, Codes, Ints, MemberSets

_Ranks = npt.NDArray[np.uint32]
#: so many values are sorted by insertion; so many members for each that there is make sorting the shorter way
_FEW: Final = 24


def by_cell(cell: Cells, sides: Sequence[MemberSets], n_cells: int) -> tuple[Ints, list[MemberSets]]:
    """Put the works of each cell together: those with a member on each of the one or two sides.

    Returns (C+1,) where the works of each cell begin, and the member sets in the new order.
    """
    cell, offsets, others = frozen(cell), frozen(sides[0].offsets), frozen(sides[-1].offsets)
    n_slices = min(n_threads(len(cell) + len(sides[0].codes)), 1 + len(cell) // max(n_cells, 1))
    works = list(pairwise(slices(offsets, n_slices)))
    counts = np.zeros((n_slices, 3, n_cells), dtype=np.int64)
    run(_count_moved, [(cell, offsets, others, *pair, counts[i]) for i, pair in enumerate(works)])
    places = [_begins(counts[:, i]) for i in range(3)]
    starts = np.append(places[0][0], counts[:, 0].sum())
    moved = []
    for i, side in enumerate(sides, 1):
        new = MemberSets(
            np.zeros(starts[-1] + 1, dtype=np.int64), np.empty(counts[:, i].sum(), side.codes.dtype)
        )
        sets = offsets, others, frozen(side.offsets), frozen(side.codes)
        run(
            _move,
            [
                (cell, *sets, *pair, places[0][at].copy(), places[i][at], new.offsets, new.codes)
                for at, pair in enumerate(works)
            ],
        )
        moved.append(new)
    return starts, moved


def _begins(counts: Ints) -> Ints:
    """Where each slice writes in each cell: (slices, C), cell by cell and then slice by slice."""
    in_order = counts.T.ravel()
    return np.ascontiguousarray((np.cumsum(in_order) - in_order).reshape(counts.T.shape).T)


@jit
def _count_moved(cell: Cells, offsets: Ints, others: Ints, start: int, stop: int, counts: Ints) -> None:
    for w in range(start, stop):
        n, m = offsets[w + 1] - offsets[w], others[w + 1] - others[w]
        if n > 0 and m > 0:
            counts[0, cell[w]] += 1
            counts[1, cell[w]] += n
            counts[2, cell[w]] += m


@jit
def _move(
    cell: Cells,
    offsets: Ints,
    others: Ints,
    set_offsets: Ints,
    set_codes: Codes,
    start: int,
    stop: int,
    works: Ints,
    entries: Ints,
    new_offsets: Ints,
    new_codes: Codes,
) -> None:
    for w in range(start, stop):
        if offsets[w] == offsets[w + 1] or others[w] == others[w + 1]:
            continue
        c = int(cell[w])
        place = entries[c]
        for entry in range(set_offsets[w], set_offsets[w + 1]):
            new_codes[place] = set_codes[entry]
            place += 1
        entries[c] = place
        works[c] += 1
        new_offsets[works[c]] = place


def areas(starts: Ints, codes: Codes, n_members: int) -> list[tuple[int, int, int, int]]:
    """Ranges of cells and of members with about the same work, for the threads, in the order of rows.

    Members are divided only where the cells are too few; each range then has one cell.
    """
    n_cells = len(starts) - 1
    threads = n_threads(int(starts[-1]) + len(codes))
    if threads == 1 or n_cells == 0:
        return [(0, n_cells, 0, n_members)]
    if n_cells >= 2 * threads:
        return [(low, high, 0, n_members) for low, high in pairwise(bands(np.diff(starts), 4 * threads))]
    members = bands(np.bincount(codes, minlength=n_members), -(-2 * threads // n_cells))
    return [(c, c + 1, low, high) for c in range(n_cells) for low, high in pairwise(members)]


@jit
def ranked(codes: Codes, start: int, stop: int, number: npt.NDArray[np.uint32]) -> tuple[Ints, _Ranks]:
    """Distinct codes of ``codes[start:stop]``, ascending, and the place of each entry among them.

    ``number`` (M,) is 0, and is 0 again after.
    """
    n = 0
    found = np.empty(min(stop - start, len(number)), np.int64)
    for entry in range(start, stop):
        if number[codes[entry]] == 0:
            number[codes[entry]] = 1
            found[n] = codes[entry]
            n += 1
    known = found[:n]
    if n * _FEW < len(number):
        sort(known)
    else:  # to look at every member costs less
        n = 0
        for code in range(len(number)):
            if number[code] != 0:
                known[n] = code
                n += 1
    for i in range(n):
        number[known[i]] = i
    ranks = np.empty(stop - start, np.uint32)
    for entry in range(start, stop):
        ranks[entry - start] = number[codes[entry]]
    for code in known:
        number[code] = 0
    return known, ranks


@jit
def sort_few(values: Ints, n: int) -> None:
    """Sort the first n values, which are most often few."""
    if n > _FEW:
        sort(values[:n])
        return
    insert_few(values, n)


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
