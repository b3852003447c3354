"""Works by cell, and by a among the members and b among the partners, in arrays of all of them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from trendcore_kernels.gpu._device import Array, private
from trendcore_kernels.gpu._works import Call, Chunk
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
    lists = {"offsets": offsets, "codes": codes}
    partners = {"partner_offsets": partner_offsets, "partner_codes": partner_codes}
    call = Call("directed_dense", {"cell": cell} | lists | partners)
    found: DenseDirected = call.run(lambda chunk: _count(chunk, n_cells, n_members), scratch=0)
    return found


def _count(chunk: Chunk, n_cells: int, n_members: int) -> Mapping[str, Array]:
    device, codes = chunk.device, chunk["codes"]
    n_first, n_joint = n_cells * (2 + 4 * n_members), n_cells * n_members * n_members
    counters = device.zeros(n_first + n_joint, np.uint32)
    n_private, shared = private(device, n_first, 4)
    device.launch(
        "directed_dense",
        "directed_dense_count",
        chunk.n_works,
        chunk["cell"],
        chunk["offsets"],
        codes,
        chunk.first["codes"],
        chunk["partner_offsets"],
        chunk["partner_codes"],
        chunk.first["partner_codes"],
        n_cells,
        n_members,
        n_private,
        counters[:n_first],
        counters[n_first:],
        codes=codes.dtype,
        shared=shared,
    )
    counts = device.empty(len(counters), np.int64)
    device.launch("directed_dense", "directed_dense_widen", len(counters), counters, counts)
    by_cell = counts[: 2 * n_cells].reshape(2, n_cells)
    by_member = counts[2 * n_cells : n_first].reshape(4, n_cells, n_members)
    names = ("works", "works_known", "member_works", "partner_works", "works_abroad", "partner_abroad")
    arrays = dict(zip(names, (*by_cell, *by_member), strict=True))
    return arrays | {"joint": counts[n_first:].reshape(n_cells, n_members, n_members)}
