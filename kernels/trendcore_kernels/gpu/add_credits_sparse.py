"""Sum of credits for rows of members."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from trendcore_kernels.gpu._device import Array
from trendcore_kernels.gpu._works import Call, Chunk
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
    sets = {"cell": cell, "set_offsets": set_offsets, "set_codes": set_codes, "credits": credits}
    rows = {"member_cell": member_cell, "member": member}

    def add(chunk: Chunk) -> Mapping[str, Array]:
        sums = chunk.device.zeros(len(chunk["member"]), np.int64)
        works = *(chunk[name] for name in sets), chunk.first["set_codes"]
        chunk.device.launch(
            "add_credits_sparse",
            "add_credits_sparse_add",
            chunk.n_entries("set_codes", "set_offsets"),
            chunk.n_works,
            *works,
            *(chunk[name] for name in rows),
            len(sums),
            sums,
            codes=chunk["set_codes"].dtype,
        )
        return {"": sums}

    found: Ints = Call("add_credits_sparse", sets | rows).run(add, scratch=0)
    return found
