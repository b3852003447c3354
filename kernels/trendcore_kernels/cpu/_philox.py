"""Philox4x32-10 inside compiled loops, see `reference._philox`."""

from __future__ import annotations

from typing import Final

import numpy as np

from trendcore_kernels.cpu._jit import jit

_MASK: Final = np.uint64(0xFFFFFFFF)
_HALF: Final = np.uint64(32)
_M0: Final = np.uint64(0xD2511F53)
_M1: Final = np.uint64(0xCD9E8D57)
_W0: Final = np.uint64(0x9E3779B9)
_W1: Final = np.uint64(0xBB67AE85)

Words = tuple[np.uint32, np.uint32, np.uint32, np.uint32]


@jit
def philox(c0: int, c1: int, c2: int, c3: int, k0: int, k1: int) -> Words:
    """Give the four words of a counter and a key, as ``np.uint32``; lower 32 bits of arguments count."""
    x0, x1 = np.uint64(c0) & _MASK, np.uint64(c1) & _MASK
    x2, x3 = np.uint64(c2) & _MASK, np.uint64(c3) & _MASK
    y0, y1 = np.uint64(k0) & _MASK, np.uint64(k1) & _MASK
    for _ in range(10):
        first, second = _M0 * x0, _M1 * x2
        x0, x1 = (second >> _HALF) ^ x1 ^ y0, second & _MASK
        x2, x3 = (first >> _HALF) ^ x3 ^ y1, first & _MASK
        y0, y1 = (y0 + _W0) & _MASK, (y1 + _W1) & _MASK
    return np.uint32(x0), np.uint32(x1), np.uint32(x2), np.uint32(x3)
