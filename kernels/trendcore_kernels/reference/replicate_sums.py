"""Sum of the draws of the patterns of each row."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from trendcore_kernels.spec import Ints


def replicate_sums(
    offsets: Ints, patterns: npt.NDArray[np.int32], coefficients: Ints, draws: npt.NDArray[np.int32]
) -> Ints:
    """Add up, for each row and replicate, the draws of the row's patterns times their coefficients.

    Parameters
    ----------
    offsets
        (W+1,) row w has the entries ``offsets[w]`` to ``offsets[w + 1]``.
    patterns
        (E,) rows of `draws`.
    coefficients
        (E,) or of length 0: all are 1.
    draws
        (K, R) of `poisson_draws`.

    Returns
    -------
    np.ndarray
        (W, R) int64.

    Examples
    --------
    >>> draws = np.array([[1, 0], [2, 3]], dtype=np.int32)
    >>> none = np.zeros(0, dtype=np.int64)
    >>> replicate_sums(np.array([0, 2, 2]), np.array([0, 1], dtype=np.int32), none, draws)
    array([[3, 3],
           [0, 0]])
    """
    sums = np.zeros((len(offsets) - 1, draws.shape[1]), dtype=np.int64)
    for row in range(len(sums)):
        for entry in range(offsets[row], offsets[row + 1]):
            times = coefficients[entry] if len(coefficients) else 1
            for r in range(draws.shape[1]):
                sums[row, r] += times * int(draws[patterns[entry], r])
    return sums
