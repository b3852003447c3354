"""Sum of credits by cell and member."""

from __future__ import annotations

from trendcore_kernels.cpu._jit import frozen, jit
from trendcore_kernels.cpu._threads import summed
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
    return summed(_add, works, n_cells, (n_cells, n_members))


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
