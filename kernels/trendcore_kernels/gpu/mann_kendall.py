"""Counts of Mann and Kendall's test for a trend."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from trendcore_kernels.gpu._device import Array
from trendcore_kernels.gpu._works import Call, Chunk
from trendcore_kernels.spec import Floats, Ints
from trendcore_kernels.spec.series import Kendall


def mann_kendall(offsets: Ints, values: Floats) -> Kendall:
    """Count pairs of years by the sign of their difference, and ties, see `reference.mann_kendall`."""

    def count(chunk: Chunk) -> Mapping[str, Array]:
        counts = {name: chunk.device.empty(chunk.n_works, np.int64) for name in ("s", "tied_pairs", "ties")}
        series = chunk["offsets"], chunk["values"], chunk.first["values"]
        chunk.device.launch("mann_kendall", "mann_kendall_count", chunk.n_works, *series, *counts.values())
        return counts

    found: Kendall = Call("mann_kendall", {"offsets": offsets, "values": values}).run(count, scratch=1)
    return found
