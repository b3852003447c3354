"""Weight of each pattern in some replicates of the Poisson bootstrap."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from trendcore_kernels.gpu._device import Array
from trendcore_kernels.gpu._works import Call, Chunk
from trendcore_kernels.spec import Ints, Words
from trendcore_kernels.spec.draws import TOP_LEVEL


def poisson_draws(
    key: Words,
    n: Ints,
    thresholds: Words,
    starts: Ints,
    least: Ints,
    seed: int,
    first: int,
    n_replicates: int,
) -> npt.NDArray[np.int32]:
    """Draw the weight of each pattern in each replicate, see `reference.poisson_draws`."""
    n_pairs = (first + n_replicates + 1) // 2 - first // 2

    def draw(chunk: Chunk) -> Mapping[str, Array]:
        out = chunk.device.empty((chunk.n_works, n_replicates), np.int32)
        chunk.device.launch(
            "poisson_draws",
            "poisson_draws",
            chunk.n_works * n_pairs if n_replicates else 0,
            n_pairs,
            *(chunk[name] for name in tables),
            TOP_LEVEL,
            seed & 0xFFFFFFFF,
            seed >> 32,
            first,
            n_replicates,
            out,
        )
        return {"": out}

    tables = {"key": key, "n": n, "thresholds": thresholds, "starts": starts, "least": least}
    found: npt.NDArray[np.int32] = Call("poisson_draws", tables).run(
        draw, scratch=0, result_bytes=4 * n_replicates
    )
    return found
