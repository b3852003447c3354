"""Median of all slopes, the line with it, and the slopes of two ranks."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from trendcore_kernels.gpu._device import Array
from trendcore_kernels.gpu._works import Call, Chunk
from trendcore_kernels.spec import SPECS, Floats, Ints
from trendcore_kernels.spec.series import TheilSen


def theil_sen(offsets: Ints, years: Ints, values: Floats, low_rank: Ints, high_rank: Ints) -> TheilSen:
    """Order the slopes of all pairs of years, see `reference.theil_sen`."""
    series = {"offsets": offsets, "years": years, "values": values}
    ranks = {"low_rank": low_rank, "high_rank": high_rank}

    def order(chunk: Chunk) -> Mapping[str, Array]:
        lines = {name: chunk.device.empty(chunk.n_works, np.float64) for name in SPECS["theil_sen"].fields}
        given = *(chunk[name] for name in series), chunk.first["values"], *(chunk[name] for name in ranks)
        chunk.device.launch("theil_sen", "theil_sen_order", chunk.n_works, *given, *lines.values())
        return lines

    found: TheilSen = Call("theil_sen", series | ranks).run(order, scratch=1)
    return found
