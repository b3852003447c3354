"""The pair weights of one work: one definition for dense and sparse sums, inside compiled loops."""

from __future__ import annotations

from typing import Final

import numpy as np

from trendcore_kernels.cpu._apportion import divide, give_rest
from trendcore_kernels.cpu._jit import jit
from trendcore_kernels.spec import ONE, Ints, Weighting

_NEWMAN: Final = int(Weighting.NEWMAN)
_PAIR: Final = int(Weighting.PAIR)
_SHARE: Final = int(Weighting.SHARE)
_NATURE: Final = int(Weighting.NATURE)


@jit
def pair_weights(n: int, own: Ints, at: int, weighting: int, weights: Ints, remainders: Ints) -> None:
    """Write the weights of the pairs of n >= 2 members, in lexicographic order.

    ``own[at:]`` are the credits of the members; ``weights`` and ``remainders`` have room for all pairs.
    """
    n_pairs = n * (n - 1) >> 1
    if weighting == _NEWMAN:
        divide(n * (ONE >> 1), n_pairs, weights, 0)
    elif weighting == _PAIR:
        divide(ONE, n_pairs, weights, 0)
    elif weighting == _SHARE:
        _share(n, own, at, weights, remainders)
    else:
        p = 0
        for i in range(at, at + n):
            for j in range(i + 1, at + n):
                weights[p] = own[i] + own[j] if weighting == _NATURE else _harmonic(own[i], own[j])
                p += 1


@jit
def _share(n: int, own: Ints, at: int, weights: Ints, remainders: Ints) -> None:
    p = 0
    rest = 0
    for i in range(at, at + n):
        for j in range(i + 1, at + n):
            product = np.uint64(2) * np.uint64(own[i]) * np.uint64(own[j])
            weights[p] = np.int64(product // np.uint64(ONE))
            remainders[p] = np.int64(product % np.uint64(ONE))
            rest += remainders[p]
            p += 1
    give_rest(remainders, p, rest // ONE, weights, 0)


@jit
def _harmonic(x: int, y: int) -> int:
    if x + y == 0:
        return 0
    both = np.uint64(x + y)
    product = np.uint64(2) * np.uint64(x) * np.uint64(y)
    half_up = np.uint64(1) if 2 * (product % both) >= both else np.uint64(0)
    return int(np.int64(product // both + half_up))
