"""Which works meet in which round when draws of the null are mixed.

In a sweep all works meet two by two, in random order. A work of many members would need as many sweeps to
exchange them, few at a time; so it meets one more work for every `MEMBERS_A_MEETING` members, in rounds of
the sweep in which large works meet small ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from trendcore.arrays import Ints
from trendcore_kernels import dispatch

Places = npt.NDArray[np.int32]

#: members for which a work meets one other work in a sweep: with 4, works of 100 members are mixed as quickly
#: as those of two, and works of four or fewer, nearly all there are, cost nothing more
MEMBERS_A_MEETING: Final = 4
#: places of works that are ordered at a time: 64 MiB
_MOST_PLACES: Final = 1 << 24


@dataclass(frozen=True)
class Meetings:
    """Works that meet: those of round r are the rows from ``rounds[r]`` to ``rounds[r + 1]`` of ``works``."""

    rounds: Ints
    works: Places


def meetings(sizes: Ints, sweeps: int, key: int, backend: str) -> Meetings:
    """Let works meet in some sweeps.

    Parameters
    ----------
    sizes
        (n_works,) members of each work.
    sweeps
        How often all works meet.
    key
        What the orders are keyed by, below 2^64.
    backend
        Resolved name of the kernels' backend.

    Examples
    --------
    >>> found = meetings(np.array([2, 2, 6, 2]), 1, key=7, backend="reference")
    >>> found.rounds.tolist(), found.works.tolist()
    ([0, 2, 3], [[3, 2], [1, 0], [2, 0]])
    """
    n_works = len(sizes)
    a_sweep = max(-(-int(sizes.max(initial=0)) // MEMBERS_A_MEETING), 1)
    n_rounds = sweeps * a_sweep if n_works > 1 else 0
    at_once = max(_MOST_PLACES // max(n_works, 1), 1)
    parts = []
    for first in range(0, n_rounds, at_once):
        orders = dispatch.get("null_orders", backend)(
            np.arange(first, min(first + at_once, n_rounds)), n_works, key
        )
        parts += [_round(order, sizes, number % a_sweep) for number, order in enumerate(orders, start=first)]
    rounds = np.cumsum([0, *map(len, parts)]).astype(np.int64)
    return Meetings(rounds, np.concatenate([np.empty((0, 2), dtype=np.int32), *parts]))


def _round(order: Places, sizes: Ints, number: int) -> Places:
    """Let works of a round meet: in the first one of a sweep all, then those that are large enough.

    Large works that find no small one meet one another.
    """
    if number == 0:
        return _in_turn(order)
    is_large = sizes[order] > number * MEMBERS_A_MEETING
    large, small = order[is_large], order[~is_large]
    n = min(len(large), len(small))
    return np.concatenate([np.stack([large[:n], small[:n]], axis=1), _in_turn(large[n:])])


def _in_turn(order: Places) -> Places:
    """Let each work meet the next one; of an odd number the last meets none."""
    return order[: len(order) // 2 * 2].reshape(-1, 2)
