"""Works by cell, member and pair; see `tally_dense.cu` for what is counted."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from trendcore_kernels.gpu._device import Array, private
from trendcore_kernels.gpu._works import Call, Chunk
from trendcore_kernels.spec import Cells, Codes, DenseTally, Ints


def tally_dense(cell: Cells, offsets: Ints, codes: Codes, n_cells: int, n_members: int) -> DenseTally:
    """Count works by cell, member and pair, see `reference.tally_dense`."""
    call = Call("tally_dense", {"cell": cell, "offsets": offsets, "codes": codes})
    found: DenseTally = call.run(lambda chunk: _count(chunk, n_cells, n_members), scratch=0)
    return found


def _count(chunk: Chunk, n_cells: int, n_members: int) -> Mapping[str, Array]:
    device, codes = chunk.device, chunk["codes"]
    n_pairs = n_members * (n_members - 1) // 2
    alone, two, more, wide = _counters(chunk, n_cells, n_members, n_pairs)
    n_private, shared = private(device, len(alone), 4)
    works = chunk["cell"], chunk["offsets"], codes, chunk.first["codes"], len(codes), n_members, n_private
    counters = alone, two, more
    device.launch(
        "tally_dense",
        "tally_dense_count",
        chunk.n_works,
        *works,
        *counters,
        wide,
        codes=codes.dtype,
        shared=shared,
    )
    joint, bilateral = device.empty((2, n_cells, n_pairs), np.int64)
    by_member = device.empty((3, n_cells, n_members), np.int64)
    totals = device.zeros((6, n_cells), np.int64)
    device.launch("tally_dense", "tally_dense_pairs", n_cells * n_pairs, two, more, joint, bilateral)
    sizes = n_cells, n_members
    device.launch(
        "tally_dense", "tally_dense_members", n_cells * n_members, *sizes, *counters, wide, *by_member, totals
    )
    device.launch("tally_dense", "tally_dense_cells", n_cells, n_members, alone, totals)
    names = ("works", "works_known", "works_intl", "sum_n", "sum_pairs")
    return {
        **dict(zip(names, totals[:5], strict=True)),
        **dict(zip(("member_works", "member_intl", "fractional"), by_member, strict=True)),
        "joint": joint,
        "bilateral": bilateral,
    }


def _counters(chunk: Chunk, n_cells: int, n_members: int, n_pairs: int) -> tuple[Array, Array, Array, Array]:
    """Works of one member or none, of two, pairs of more, and their members: in one array of zeros."""
    n_wide, n_alone = 4 * n_cells * n_members, n_cells * (n_members + 1)  # in units of 4 bytes
    ends = np.cumsum([n_wide, n_alone, n_cells * n_pairs, n_cells * n_pairs]).tolist()
    counters = chunk.device.zeros(ends[-1], np.uint32)
    wide, alone, two, more = (counters[low:high] for low, high in zip([0, *ends[:-1]], ends, strict=True))
    return alone, two, more, wide.view(np.int64)
