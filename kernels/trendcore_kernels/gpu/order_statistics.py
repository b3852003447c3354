"""Values of each row by their rank."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from trendcore_kernels.gpu._device import Array
from trendcore_kernels.gpu._works import Call, Chunk
from trendcore_kernels.spec import Floats, Ints


def order_statistics(values: Floats, ranks: Ints) -> Floats:
    """Find the values of some ranks in each row, see `reference.order_statistics`."""

    def find(chunk: Chunk) -> Mapping[str, Array]:
        n_ranks, n_values = chunk["ranks"].shape[1], chunk["values"].shape[1]
        found = chunk.device.empty((chunk.n_works, n_ranks), np.float64)
        rows = n_ranks, n_values, chunk["values"], chunk["ranks"]
        chunk.device.launch("order_statistics", "order_statistics", chunk.n_works * n_ranks, *rows, found)
        return {"": found}

    found: Floats = Call("order_statistics", {"values": values, "ranks": ranks}).run(
        find, scratch=0, result_bytes=8 * ranks.shape[1]
    )
    return found
