"""Sum of the draws of the patterns of each row."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from trendcore_kernels.gpu._device import Array
from trendcore_kernels.gpu._works import Call, Chunk
from trendcore_kernels.spec import Ints


def replicate_sums(
    offsets: Ints, patterns: npt.NDArray[np.int32], coefficients: Ints, draws: npt.NDArray[np.int32]
) -> Ints:
    """Add up the draws of each row's patterns, see `reference.replicate_sums`."""

    def add(chunk: Chunk) -> Mapping[str, Array]:
        n_replicates = chunk["draws"].shape[1]
        sums = chunk.device.empty((chunk.n_works, n_replicates), np.int64)
        chunk.device.launch(
            "replicate_sums",
            "replicate_sums",
            chunk.n_works * n_replicates,
            n_replicates,
            chunk["offsets"],
            chunk["patterns"],
            chunk["coefficients"],
            chunk.first["patterns"],
            int(len(coefficients) > 0),
            chunk["draws"],
            sums,
        )
        return {"": sums}

    rows = {"offsets": offsets, "patterns": patterns, "coefficients": coefficients, "draws": draws}
    found: Ints = Call("replicate_sums", rows).run(add, scratch=0, result_bytes=8 * draws.shape[1])
    return found
