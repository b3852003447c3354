"""Works by cell, member and pair, in rows of those that have works: their keys are sorted and counted."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from trendcore_kernels.gpu._device import Array, private
from trendcore_kernels.gpu._rows import count_keys, member_columns, member_keys, pair_columns
from trendcore_kernels.gpu._sets import find_sets
from trendcore_kernels.gpu._works import SPARSE_SCRATCH, Call, Chunk
from trendcore_kernels.spec import Cells, Codes, Ints, SparseTally


def tally_sparse(cell: Cells, offsets: Ints, codes: Codes, n_cells: int, n_members: int) -> SparseTally:
    """Count works by cell, member and pair, see `reference.tally_sparse`."""
    call = Call("tally_sparse", {"cell": cell, "offsets": offsets, "codes": codes})
    found: SparseTally = call.run(
        lambda chunk: _count(chunk, n_cells, n_members), scratch=SPARSE_SCRATCH, n_members=n_members
    )
    return found


def _count(chunk: Chunk, n_cells: int, n_members: int) -> Mapping[str, Array]:
    device = chunk.device
    sets = find_sets(chunk, n_members, 1)
    offsets, codes = sets
    totals, pair_offsets = _count_works(chunk, offsets, n_cells)
    keys, member_works = member_keys(chunk, sets, sets, len(codes), n_members)
    row = device.empty(len(codes), np.int64)
    member_intl, fractional = by_member = device.zeros((2, len(keys)), np.int64)
    entries = chunk.n_works, chunk["cell"], offsets, codes, n_members, len(keys), keys
    device.launch(
        "tally_sparse", "tally_sparse_members", len(codes), *entries, row, *by_member, codes=codes.dtype
    )
    pair_keys, joint, bilateral = _count_pairs(chunk, offsets, pair_offsets, row, len(keys))
    return {
        **totals,
        **member_columns(device, keys, n_members),
        "member_works": member_works,
        "member_intl": member_intl,
        "fractional": fractional,
        **pair_columns(device, pair_keys, keys, n_members),
        "joint": joint,
        "bilateral": bilateral,
    }


def _count_works(chunk: Chunk, offsets: Array, n_cells: int) -> tuple[Mapping[str, Array], Array]:
    """Return the totals of the cells, and where the pairs of each work begin."""
    device = chunk.device
    totals = device.zeros((5, n_cells), np.int64)
    n_private, shared = private(device, 5 * n_cells, 8)
    n_pairs = device.zeros(chunk.n_works + 1, np.int64)
    works = chunk["cell"], offsets, n_cells, n_private
    device.launch("tally_sparse", "tally_sparse_works", chunk.n_works, *works, totals, n_pairs, shared=shared)
    names = ("works", "works_known", "works_intl", "sum_n", "sum_pairs")
    return dict(zip(names, totals, strict=True)), device.cumsum(n_pairs)


def _count_pairs(
    chunk: Chunk, offsets: Array, pair_offsets: Array, row: Array, n_rows: int
) -> tuple[Array, Array, Array]:
    """Return the keys of the rows of pairs, and their works: all, and those of just the two."""
    device = chunk.device

    def write(start: int, keys: Array) -> None:
        where = start, chunk.n_works, offsets, pair_offsets, row, n_rows
        device.launch("tally_sparse", "tally_sparse_pairs", len(keys), *where, keys)

    pair_keys, joint = count_keys(device, int(device.get(pair_offsets[-1:])[0]), write)
    bilateral = device.zeros(len(pair_keys), np.int64)
    works = offsets, row, n_rows, pair_keys, len(pair_keys)
    device.launch("tally_sparse", "tally_sparse_two", chunk.n_works, *works, bilateral)
    return pair_keys, joint, bilateral
