"""Series one by one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

from trendcore_kernels.spec import Ints


def each(offsets: Ints, entries: Any) -> Iterator[list[Any]]:
    """Walk through the entries of each series, as numbers of Python.

    Examples
    --------
    >>> import numpy as np
    >>> list(each(np.array([0, 1, 3]), np.array([5, 6, 7])))
    [[5], [6, 7]]
    """
    for start, stop in pairwise(offsets.tolist()):
        yield entries[start:stop].tolist()


def signs(a: float, b: float) -> int:
    """Sign of a - b, without the difference, which may overflow.

    Examples
    --------
    >>> signs(3.0, 2.0), signs(2.0, 2.0)
    (1, 0)
    """
    return (a > b) - (a < b)


def middle(ordered: Sequence[float]) -> float:
    """Median of ordered numbers, of which there is at least one.

    Examples
    --------
    >>> middle([1, 2, 4]), middle([1, 2])
    (2.0, 1.5)
    """
    n = len(ordered)
    return (ordered[(n - 1) // 2] + ordered[n // 2]) / 2
