"""Cheapest path through two states, from the lower one on."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from trendcore_kernels.gpu._device import Array
from trendcore_kernels.gpu._works import Call, Chunk
from trendcore_kernels.spec import Floats, Ints


def viterbi(offsets: Ints, lower: Floats, upper: Floats, rise: Floats) -> npt.NDArray[np.int8]:
    """Find the states whose costs, with those of rising, are least, see `reference.viterbi`."""

    def walk(chunk: Chunk) -> Mapping[str, Array]:
        states = chunk.device.empty(chunk.n_entries("lower", "offsets"), np.int8)
        steps = *(chunk[name] for name in ("offsets", "lower", "upper")), chunk.first["lower"]
        chunk.device.launch("viterbi", "viterbi_walk", chunk.n_works, *steps, chunk["rise"], states)
        return {"": states}

    given = {"offsets": offsets, "lower": lower, "upper": upper, "rise": rise}
    found: npt.NDArray[np.int8] = Call("viterbi", given).run(walk, scratch=1)
    return found
