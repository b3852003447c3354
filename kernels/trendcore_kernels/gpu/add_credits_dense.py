"""Sum of credits by cell and member."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from trendcore_kernels.gpu._device import Array, private
from trendcore_kernels.gpu._works import Call, Chunk
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
    sets = {"cell": cell, "set_offsets": set_offsets, "set_codes": set_codes, "credits": credits}

    def add(chunk: Chunk) -> Mapping[str, Array]:
        sums = chunk.device.zeros((n_cells, n_members), np.int64)
        n_private, shared = private(chunk.device, n_cells * n_members, 8)
        works = *(chunk[name] for name in sets), chunk.first["set_codes"]
        chunk.device.launch(
            "add_credits_dense",
            "add_credits_dense_add",
            chunk.n_works,
            *works,
            n_members,
            n_private,
            sums,
            codes=chunk["set_codes"].dtype,
            shared=shared,
        )
        return {"": sums}

    found: Ints = Call("add_credits_dense", sets).run(add, scratch=0)
    return found
