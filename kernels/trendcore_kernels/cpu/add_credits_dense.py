"""Sum of credits by cell and member."""

from __future__ import annotations

import numpy as np

from trendcore_kernels.cpu._jit import frozen, jit
from trendcore_kernels.cpu._threads import add_up, plan, run
from trendcore_kernels.spec import Cells, Codes, Ints


def add_credits_dense(
    cell: Cells,
    set_offsets: Ints,
    set_codes: Codes,
    credits: Ints,  # noqa: A002
    n_cells: int,
    n_members: int,
) -> Ints:
    """Add the credits of each member in each cell, see `reference.add_credits_dense`."""
    works = frozen(cell), frozen(set_offsets), frozen(set_codes), frozen(credits)
    jobs = plan(cell, set_offsets, n_cells, 8 * n_cells * n_members)
    sums = [np.zeros((n_cells, n_members), dtype=np.int64) for _ in range(jobs[-1].slice + 1)]
    run(_add, [(*works, *job.bounds, sums[job.slice]) for job in jobs])
    return add_up(sums)


@jit
def _add(
    cell: Cells,
    set_offsets: Ints,
    set_codes: Codes,
    credits: Ints,  # noqa: A002
    start: int,
    stop: int,
    low: int,
    high: int,
    sums: Ints,
) -> None:
    for w in range(start, stop):
        c = int(cell[w])
        if low <= c < high:
            for entry in range(set_offsets[w], set_offsets[w + 1]):
                sums[c, set_codes[entry]] += credits[entry]
