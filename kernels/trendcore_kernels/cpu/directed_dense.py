"""Works by cell, and by a among the members and b among the partners, in arrays of all of them."""

from __future__ import annotations

import numpy as np

from trendcore_kernels.cpu._jit import frozen, jit
from trendcore_kernels.cpu._members import distinct
from trendcore_kernels.cpu._threads import add_up, plan, run
from trendcore_kernels.spec import Cells, Codes, DenseDirected, Ints


def directed_dense(
    cell: Cells,
    offsets: Ints,
    codes: Codes,
    partner_offsets: Ints,
    partner_codes: Codes,
    n_cells: int,
    n_members: int,
) -> DenseDirected:
    """Count works by member, by partner and by ordered pair, see `reference.directed_dense`."""
    members = frozen(offsets), frozen(codes)
    partners = frozen(partner_offsets), frozen(partner_codes)
    jobs = plan(cell, offsets, n_cells, 8 * n_cells * n_members * n_members)
    n_slices = jobs[-1].slice + 1
    totals = [np.zeros((2, n_cells), dtype=np.int64) for _ in range(n_slices)]
    by_member = [np.zeros((4, n_cells, n_members), dtype=np.int64) for _ in range(n_slices)]
    joint = [np.zeros((n_cells, n_members, n_members), dtype=np.int64) for _ in range(n_slices)]
    works = frozen(cell), *members, *partners, int(n_members)
    counts = list(zip(totals, by_member, joint, strict=True))
    run(_count, [(*works, *job.bounds, *counts[job.slice]) for job in jobs])
    all_works, works_known = add_up(totals)
    member_works, partner_works, works_abroad, partner_abroad = add_up(by_member)
    return DenseDirected(
        all_works, works_known, member_works, partner_works, works_abroad, partner_abroad, add_up(joint)
    )


@jit
def _count(
    cell: Cells,
    offsets: Ints,
    codes: Codes,
    partner_offsets: Ints,
    partner_codes: Codes,
    n_members: int,
    start: int,
    stop: int,
    low: int,
    high: int,
    totals: Ints,
    by_member: Ints,
    joint: Ints,
) -> None:
    members = np.empty(256, codes.dtype)
    partners = np.empty(256, partner_codes.dtype)
    for w in range(start, stop):
        c = int(cell[w])
        if c < low or c >= high:
            continue
        totals[0, c] += 1
        begin, end = offsets[w], offsets[w + 1]
        if end - begin > len(members):
            members = np.empty(2 * (end - begin), codes.dtype)
        n = distinct(codes, begin, end, n_members, members, 0)
        begin, end = partner_offsets[w], partner_offsets[w + 1]
        if end - begin > len(partners):
            partners = np.empty(2 * (end - begin), partner_codes.dtype)
        m = distinct(partner_codes, begin, end, n_members, partners, 0)
        if n == 0 or m == 0:
            continue
        totals[1, c] += 1
        for i in range(n):
            a = members[i]
            by_member[0, c, a] += 1
            by_member[2, c, a] += m > 1 or partners[0] != a
            for j in range(m):
                if a != partners[j]:  # no line of the diagonal need be fetched
                    joint[c, a, partners[j]] += 1
        for j in range(m):
            b = partners[j]
            by_member[1, c, b] += 1
            by_member[3, c, b] += n > 1 or members[0] != b
