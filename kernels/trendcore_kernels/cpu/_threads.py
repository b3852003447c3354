"""Which works and cells each thread counts.

A job counts some works (a slice) in some cells (a band), into arrays of its slice that hold all cells. So
arrays are as many as slices, and are added up at the end; bands share them. Where the arrays are large, there
are more bands and fewer slices: each band then looks at the cell of each work of the slice.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

import numba
import numpy as np

from trendcore_kernels.spec import Cells, Ints

#: works and entries that make a thread worth its start
GRAIN = 1 << 16
#: the arrays of all slices together may hold so many bytes; a single slice may always
PRIVATE_BYTES = 1 << 28
#: counters of 32 bits hold the works of one slice
_MOST_WORKS: Final = (1 << 32) - 1


@dataclass(frozen=True)
class Job:
    """Works ``start`` to ``stop`` in cells ``low`` to ``high``, counted into the arrays of ``slice``."""

    slice: int
    start: int
    stop: int
    low: int
    high: int

    @property
    def bounds(self) -> tuple[int, int, int, int]:
        """Of its works and cells, as compiled loops take them."""
        return self.start, self.stop, self.low, self.high


def plan(cell: Cells, offsets: Ints, n_cells: int, n_bytes: int) -> list[Job]:
    """Divide works, and cells where the arrays of a slice have many bytes, into jobs for the threads.

    Parameters
    ----------
    cell
        (W,) cell of each work.
    offsets
        (W+1,) offsets of their lists: slices have about as many works and entries.
    n_cells
        C.
    n_bytes
        Size of the arrays of one slice.
    """
    n_works = len(cell)
    threads = n_threads(n_works + int(offsets[-1] - offsets[0]))
    n_slices = max(min(threads, PRIVATE_BYTES // max(n_bytes, 1)), 1)
    n_slices = max(n_slices, -(-n_works // _MOST_WORKS))
    n_bands = -(-threads // n_slices)
    cells = bands(np.bincount(cell, minlength=n_cells), n_bands) if n_bands > 1 else [0, n_cells]
    works = slices(offsets, n_slices)
    return [
        Job(i, works[i], works[i + 1], low, high) for i in range(n_slices) for low, high in pairwise(cells)
    ]


def row_bounds(cell: Cells, row_cell: Ints) -> Ints:
    """Where the rows of each cell begin and end, for all cells of the works and of the rows."""
    n_cells = max(int(cell.max(initial=-1)), int(row_cell.max(initial=-1))) + 1
    return np.searchsorted(row_cell, np.arange(n_cells + 1)).astype(np.int64)


def n_threads(size: int) -> int:
    """Threads that so many works and entries are worth."""
    return max(min(int(numba.get_num_threads()), size // GRAIN), 1)


def slices(offsets: Ints, n_slices: int) -> list[int]:
    """Bounds of slices of works that have about the same number of works and entries."""
    n_works = len(offsets) - 1
    first = int(offsets[0])
    size = n_works + int(offsets[-1]) - first
    return [
        bisect_left(range(n_works), size * i // n_slices, key=lambda w: w + int(offsets[w]) - first)
        for i in range(n_slices)
    ] + [n_works]


def split(n: int, size: int) -> list[tuple[int, int]]:
    """Bounds of ranges of n things of equal size, one for each thread that the size of all is worth."""
    parts = n_threads(size)
    return [(n * i // parts, n * (i + 1) // parts) for i in range(parts)]


def bands(weights: Ints, n_bands: int) -> list[int]:
    """Bounds of at most so many ranges of cells (or of members) that have about the same weight together."""
    total = np.cumsum(weights)
    size = int(total[-1]) if len(total) else 0
    cuts = np.searchsorted(total, [size * i // n_bands for i in range(1, n_bands)])
    return [*sorted({0, *cuts.tolist()}), len(weights)]


def run(task: Callable[..., Any], jobs: Sequence[tuple[Any, ...]]) -> list[Any]:
    """Call a task with the arguments of each job, in threads; results stand in the order of the jobs."""
    if len(jobs) == 1:
        return [task(*jobs[0])]
    with ThreadPoolExecutor(int(numba.get_num_threads())) as pool:
        return [future.result() for future in [pool.submit(task, *job) for job in jobs]]


def summed(
    task: Callable[..., Any], works: tuple[Any, ...], n_cells: int, shape: tuple[int, ...], *how: Any
) -> Ints:
    """Run a task that adds numbers of works into an array (of ``shape``), by jobs, and add up the arrays.

    Parameters
    ----------
    task
        Takes the works, the bounds of a job, ``how`` and the array.
    works
        Cells (W,) and offsets (W+1,) first.
    n_cells
        C.
    shape
        Of the array.
    *how
        What else the task takes.
    """
    jobs = plan(works[0], works[1], n_cells, 8 * math.prod(shape))
    sums = [np.zeros(shape, dtype=np.int64) for _ in range(jobs[-1].slice + 1)]
    run(task, [(*works, *job.bounds, *how, sums[job.slice]) for job in jobs])
    return add_up(sums)


def add_up(arrays: Sequence[Ints]) -> Ints:
    """Sum of the arrays of all slices, in the first of them."""
    total = arrays[0]
    for array in arrays[1:]:
        total += array
    return total
