"""Sum of pair weights for rows of pairs."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from trendcore_kernels.gpu._device import Array
from trendcore_kernels.gpu._works import Call, Chunk
from trendcore_kernels.spec import Cells, Codes, Ints, Weighting


def weigh_sparse(
    cell: Cells,
    set_offsets: Ints,
    set_codes: Codes,
    credits: Ints,  # noqa: A002
    pair_cell: Ints,
    a: Ints,
    b: Ints,
    weighting: Weighting,
) -> Ints:
    """Add the weights of each row's pair in its cell, see `reference.weigh_sparse`."""
    sets = {"cell": cell, "set_offsets": set_offsets, "set_codes": set_codes, "credits": credits}
    rows = {"pair_cell": pair_cell, "a": a, "b": b}

    def add(chunk: Chunk) -> Mapping[str, Array]:
        sums = chunk.device.zeros(len(chunk["a"]), np.int64)
        works = *(chunk[name] for name in sets), chunk.first["set_codes"]
        chunk.device.launch(
            "weigh_sparse",
            "weigh_sparse_add",
            chunk.n_works,
            *works,
            *(chunk[name] for name in rows),
            len(sums),
            int(weighting),
            sums,
            codes=chunk["set_codes"].dtype,
        )
        return {"": sums}

    found: Ints = Call("weigh_sparse", sets | rows).run(add, scratch=0)
    return found
