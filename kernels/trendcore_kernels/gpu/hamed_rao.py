"""Weighted sum of the autocorrelations of ranks that are beyond a bound."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from trendcore_kernels.gpu._device import Array
from trendcore_kernels.gpu._works import Call, Chunk
from trendcore_kernels.spec import Floats, Ints
from trendcore_kernels.spec.series import HamedRao


def hamed_rao(offsets: Ints, years: Ints, values: Floats, slope: Floats, bound: Floats) -> HamedRao:
    """Add up the autocorrelations of the ranks of what a line leaves, see `reference.hamed_rao`."""
    series = {"offsets": offsets, "years": years, "values": values}
    line = {"slope": slope, "bound": bound}

    def correlate(chunk: Chunk) -> Mapping[str, Array]:
        n_entries = chunk.n_entries("values", "offsets")
        scratch = [chunk.device.empty(n_entries, dtype) for dtype in (np.float64, np.int64)]
        found = {
            "weight": chunk.device.empty(chunk.n_works, np.float64),
            "lags": chunk.device.empty(chunk.n_works, np.int64),
        }
        given = *(chunk[name] for name in series), chunk.first["values"], *(chunk[name] for name in line)
        chunk.device.launch(
            "hamed_rao", "hamed_rao_correlate", chunk.n_works, *given, *scratch, *found.values()
        )
        return found

    found: HamedRao = Call("hamed_rao", series | line).run(correlate, scratch=1)
    return found
