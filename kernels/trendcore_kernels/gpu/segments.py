"""Cheapest cuts of series of equal length into runs."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from trendcore_kernels.gpu._device import Array
from trendcore_kernels.gpu._works import Call, Chunk
from trendcore_kernels.spec import Floats
from trendcore_kernels.spec.series import Segments


def segments(costs: Floats, penalty: Floats, n_years: int, most: int, least: int) -> Segments:
    """Cut each series where the costs of its runs are least, see `reference.segments`."""
    most = max(min(most, n_years // least - 1), 0)
    n_sums = (most + 1) * (n_years + 1)

    def cut(chunk: Chunk) -> Mapping[str, Array]:
        empty, n_series = chunk.device.empty, chunk.n_works
        scratch = empty(n_series * n_sums, np.float64), empty(n_series * n_sums, np.int64)
        found = {
            "cost": empty(n_series, np.float64),
            "changes": empty(n_series, np.int64),
            "label": empty((n_series, n_years), np.int64),
        }
        given = chunk["costs"], chunk["penalty"], n_years, most, least
        chunk.device.launch("segments", "segments_cut", n_series, *given, *scratch, *found.values())
        return found

    scratch = 2 * n_sums / (n_years * (n_years + 1) / 2)
    found: Segments = Call("segments", {"costs": costs, "penalty": penalty}).run(cut, scratch=scratch)
    return found
