"""Works by cell, and by a among the members and b among the partners, in rows of those with works."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from trendcore_kernels.gpu._device import Array, private
from trendcore_kernels.gpu._rows import Sets, count_keys, member_columns, member_keys, pair_columns
from trendcore_kernels.gpu._sets import find_sets
from trendcore_kernels.gpu._works import SPARSE_SCRATCH, Call, Chunk
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
    lists = {"offsets": offsets, "codes": codes}
    partners = {"partner_offsets": partner_offsets, "partner_codes": partner_codes}
    call = Call("directed_sparse", {"cell": cell} | lists | partners)
    found: SparseDirected = call.run(
        lambda chunk: _count(chunk, n_cells, n_members), scratch=SPARSE_SCRATCH, n_members=n_members
    )
    return found


def _count(chunk: Chunk, n_cells: int, n_members: int) -> Mapping[str, Array]:
    device = chunk.device
    sets = find_sets(chunk, n_members, 1)
    others = find_sets(chunk, n_members, 1, offsets="partner_offsets", codes="partner_codes")
    totals, pair_offsets = _count_works(chunk, sets[0], others[0], n_cells)
    keys, _ = member_keys(chunk, sets, others, len(sets[1]) + len(others[1]), n_members)
    member_works, partner_works, works_abroad, partner_abroad = device.zeros((4, len(keys)), np.int64)
    row = _count_side(chunk, sets, others, n_members, keys, member_works, works_abroad)
    other_row = _count_side(chunk, others, sets, n_members, keys, partner_works, partner_abroad)

    def write(start: int, out: Array) -> None:
        where = start, chunk.n_works, sets[0], others[0], pair_offsets, row, other_row, len(keys)
        device.launch("directed_sparse", "directed_sparse_pairs", len(out), *where, out)

    pair_keys, joint = count_keys(device, int(device.get(pair_offsets[-1:])[0]), write)
    return {
        **totals,
        **member_columns(device, keys, n_members),
        "member_works": member_works,
        "partner_works": partner_works,
        "works_abroad": works_abroad,
        "partner_abroad": partner_abroad,
        **pair_columns(device, pair_keys, keys, n_members),
        "joint": joint,
    }


def _count_works(
    chunk: Chunk, offsets: Array, other_offsets: Array, n_cells: int
) -> tuple[Mapping[str, Array], Array]:
    """Return the totals of the cells, and where the pairs of each work begin."""
    device = chunk.device
    totals = device.zeros((2, n_cells), np.int64)
    n_private, shared = private(device, 2 * n_cells, 8)
    n_pairs = device.zeros(chunk.n_works + 1, np.int64)
    works = chunk["cell"], offsets, other_offsets, n_cells, n_private
    device.launch(
        "directed_sparse", "directed_sparse_works", chunk.n_works, *works, totals, n_pairs, shared=shared
    )
    return dict(zip(("works", "works_known"), totals, strict=True)), device.cumsum(n_pairs)


def _count_side(
    chunk: Chunk, sets: Sets, others: Sets, n_members: int, keys: Array, works: Array, abroad: Array
) -> Array:
    """Count works by the members of one side; return the row of each entry of its sets."""
    device, codes = chunk.device, sets[1]
    row = device.empty(len(codes), np.int64)
    entries = chunk.n_works, chunk["cell"], *sets, *others, n_members, len(keys), keys
    device.launch(
        "directed_sparse", "directed_sparse_side", len(codes), *entries, row, works, abroad, codes=codes.dtype
    )
    return row
