"""Random draws that stay the same with every NumPy release and on every machine.

A bit generator's raw stream is stable by NumPy's promise, the distributions of `numpy.random.Generator` are
not. So everything is drawn from raw 64-bit integers with integer thresholds, and the only floating-point
operations used are those that IEEE 754 fixes to the last bit.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]


class Chance:
    """A stream of draws of one subject, independent of the streams of other subjects.

    Parameters
    ----------
    seed
        The user's seed.
    subject
        What is drawn; each subject has a stream of its own, so that adding a draw to one leaves the others.

    Examples
    --------
    >>> Chance(7, "demo").below(10, 5).shape
    (5,)
    >>> bool((Chance(7, "demo").below(10, 5) == Chance(7, "demo").below(10, 5)).all())
    True
    """

    def __init__(self, seed: int, subject: str) -> None:
        digest = hashlib.sha256(f"trendcore:{seed}:{subject}".encode()).digest()
        self._bits = np.random.Philox(key=int.from_bytes(digest[:16], "little"))

    def raw(self, n: int) -> Ints:
        """Return n draws in [0, 2^63) as int64."""
        return (self._bits.random_raw(n) >> np.uint64(1)).astype(np.int64)

    def below(self, bound: int, n: int) -> Ints:
        """Return n draws in [0, bound)."""
        return self.raw(n) % bound

    def hits(self, per_mille: Ints | int, n: int) -> NDArray[np.bool_]:
        """Return n flags, each true with the given probability in thousandths."""
        return np.asarray(self.below(1000, n) < per_mille, dtype=np.bool_)

    def pick(self, weights: Sequence[int] | Ints, n: int) -> Ints:
        """Return n positions, each drawn in proportion to non-negative integer weights."""
        edges = np.cumsum(np.asarray(weights, dtype=np.int64))
        return np.searchsorted(edges, self.below(int(edges[-1]), n), side="right").astype(np.int64)

    def pick_rows(self, weights: Ints, rows: Ints) -> Ints:
        """Return for each row number one column, drawn by that row's weights, shape `rows.shape`."""
        edges = np.cumsum(weights, axis=1)
        ends = np.cumsum(edges[:, -1])
        starts = ends - edges[:, -1]
        flat = (edges + starts[:, None]).ravel()
        draws = self.raw(len(rows)) % edges[rows, -1] + starts[rows]
        found: Ints = np.searchsorted(flat, draws, side="right") - rows * weights.shape[1]
        return found

    def heavy(self, n: int) -> NDArray[np.float64]:
        """Return n positive factors around one with a long right tail: products of four uniforms."""
        out = np.ones(n)
        for _ in range(4):
            out = out * ((self.below(1 << 20, n) + (1 << 17)) / float(5 << 17))
        return out
