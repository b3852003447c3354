"""Which series each thread looks at."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np

from trendcore_kernels.cpu._threads import n_threads, run
from trendcore_kernels.spec import Ints


def in_slices(task: Callable[..., Any], offsets: Ints, *arguments: Any, power: int = 2) -> None:
    """Call a task with bounds of series, one slice for each thread that they are worth, and the arguments.

    Parameters
    ----------
    task
        Takes start and stop, offsets and the arguments.
    offsets
        (W+1,) offsets of the series.
    *arguments
        Arrays that the task reads and writes.
    power
        Of the length of a series, which says how much work it is.
    """
    work = np.cumsum(np.diff(offsets).astype(np.float64) ** power + 1)
    size = int(work[-1]) if len(work) else 0
    parts = n_threads(size)
    cuts = [0, *np.searchsorted(work, [size * i / parts for i in range(1, parts)]).tolist(), len(work)]
    run(task, [(start, stop, offsets, *arguments) for start, stop in pairwise(cuts)])
