"""Looking numbers up in a table, in a compiled loop."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from trendcore_kernels.cpu._jit import drop_stale_caches, jit

drop_stale_caches(Path(__file__).parent)


@jit
def look_up(
    entries: npt.NDArray[np.integer[Any]], table: npt.NDArray[Any], low: int, out: npt.NDArray[Any]
) -> None:
    """Write the rows of entries in a table that begins with ``low``; what lies beyond it gets its last row.

    Parameters
    ----------
    entries
        (n,) whole numbers, of 64 bits with a sign.
    table
        At least one row.
    low
        What the first row is for.
    out
        (n,) gets the rows.

    Examples
    --------
    >>> out = np.empty(2, dtype=np.uint8)
    >>> look_up(np.array([3, 9], dtype=np.int16), np.array([7, 8], dtype=np.uint8), 3, out)
    >>> out.tolist()
    [7, 8]
    """
    last = len(table) - 1
    for i in range(len(entries)):
        at = np.int64(entries[i]) - low
        out[i] = table[at if 0 <= at <= last else last]
