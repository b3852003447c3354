"""How many values of each row are below a number, equal to it, and not a number."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np

from trendcore_kernels.gpu._device import Array
from trendcore_kernels.gpu._works import Call, Chunk
from trendcore_kernels.spec import Floats, Ints

#: threads that share a row: as many as read memory together
_LANES: Final = 32


def standing(values: Floats, at: Floats) -> Ints:
    """Count the values below a number, equal to it, and not a number, see `reference.standing`."""

    def count(chunk: Chunk) -> Mapping[str, Array]:
        counts = chunk.device.zeros((chunk.n_works, 3), np.int64)
        rows = _LANES, chunk["values"].shape[1], chunk["values"], chunk["at"]
        chunk.device.launch("standing", "standing", chunk.n_works * _LANES, *rows, counts)
        return {"": counts}

    found: Ints = Call("standing", {"values": values, "at": at}).run(count, scratch=0, result_bytes=24)
    return found
