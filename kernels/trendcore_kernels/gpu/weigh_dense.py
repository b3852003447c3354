"""Sum of pair weights by cell and pair."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from trendcore_kernels.gpu._device import Array
from trendcore_kernels.gpu._works import Call, Chunk
from trendcore_kernels.spec import Cells, Codes, Ints, Weighting


def weigh_dense(
    cell: Cells,
    set_offsets: Ints,
    set_codes: Codes,
    credits: Ints,  # noqa: A002
    n_cells: int,
    n_members: int,
    weighting: Weighting,
) -> Ints:
    """Add the weights of each pair in each cell, see `reference.weigh_dense`."""
    sets = {"cell": cell, "set_offsets": set_offsets, "set_codes": set_codes, "credits": credits}

    def add(chunk: Chunk) -> Mapping[str, Array]:
        sums = chunk.device.zeros((n_cells, n_members * (n_members - 1) // 2), np.int64)
        works = *(chunk[name] for name in sets), chunk.first["set_codes"]
        how = n_members, int(weighting)
        chunk.device.launch(
            "weigh_dense",
            "weigh_dense_add",
            chunk.n_works,
            *works,
            *how,
            sums,
            codes=chunk["set_codes"].dtype,
        )
        return {"": sums}

    found: Ints = Call("weigh_dense", sets).run(add, scratch=0)
    return found
