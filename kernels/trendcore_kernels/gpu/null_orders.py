"""Order of works in each round."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from trendcore_kernels.gpu._device import Array
from trendcore_kernels.gpu._works import Call, Chunk
from trendcore_kernels.spec import Counts, Ints


def null_orders(rounds: Ints, n_works: int, key: int) -> Counts:
    """Order works at random for each round, see `reference.null_orders`."""

    def order(chunk: Chunk) -> Mapping[str, Array]:
        n, n_blocks = chunk.n_works, -(-n_works // 4)
        keys = chunk.device.empty((n, n_works), np.int64)
        halves = key & 0xFFFFFFFF, key >> 32
        words = chunk["rounds"], n_works, *halves, keys
        chunk.device.launch("null_orders", "null_orders_words", n * n_blocks, n_blocks, *words)
        ordered = chunk.device.sort(keys)
        places = chunk.device.empty((n, n_works), np.int32)
        chunk.device.launch("null_orders", "null_orders_places", n * n_works, ordered, places)
        return {"": places}

    found: Counts = Call("null_orders", {"rounds": rounds}).run(order, scratch=0, result_bytes=28 * n_works)
    return found
