"""Sum of credits for rows of members."""

from __future__ import annotations

from trendcore_kernels.cpu._jit import frozen, jit
from trendcore_kernels.cpu._members import position
from trendcore_kernels.cpu._threads import row_bounds, summed
from trendcore_kernels.spec import Cells, Codes, Ints


def add_credits_sparse(
    cell: Cells,
    set_offsets: Ints,
    set_codes: Codes,
    credits: Ints,  # noqa: A002
    member_cell: Ints,
    member: Ints,
) -> Ints:
    """Add the credits of each row's member in its cell, see `reference.add_credits_sparse`."""
    works = frozen(cell), frozen(set_offsets), frozen(set_codes), frozen(credits)
    rows = row_bounds(cell, member_cell)
    return summed(_add, works, len(rows) - 1, (len(member),), rows, frozen(member))


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
    rows: Ints,
    member: Ints,
    sums: Ints,
) -> None:
    for w in range(start, stop):
        c = int(cell[w])
        if c < low or c >= high:
            continue
        row = rows[c]
        for entry in range(set_offsets[w], set_offsets[w + 1]):
            row = position(member, row, rows[c + 1], set_codes[entry])
            if row < rows[c + 1] and member[row] == set_codes[entry]:
                sums[row] += credits[entry]
