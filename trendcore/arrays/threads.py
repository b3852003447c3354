"""Ranges of rows for NumPy and compiled loops, in threads and in blocks."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

import polars as pl

_T = TypeVar("_T")
#: entries looked at together: few enough for the cache, enough to make the loop free
_BLOCK: Final = 1 << 16
#: entries that make a thread worth its start
_GRAIN: Final = 1 << 20


def ranges(n: int) -> list[slice]:
    """Cut 0 to n into as many ranges as threads are worth it.

    Examples
    --------
    >>> ranges(5)
    [slice(0, 5, None)]
    """
    parts = max(min(pl.thread_pool_size(), n // _GRAIN), 1)
    return [slice(n * part // parts, n * (part + 1) // parts) for part in range(parts)]


def in_threads(task: Callable[[slice], _T], n: int) -> list[_T]:
    """Call a task for ranges that make up 0 to n, in as many threads as Polars has where that is worth it.

    Examples
    --------
    >>> in_threads(lambda rows: (rows.start, rows.stop), 5)
    [(0, 5)]
    """
    parts = ranges(n)
    if len(parts) == 1:
        return [task(parts[0])]
    with ThreadPoolExecutor(len(parts)) as pool:
        return list(pool.map(task, parts))


def blocks(rows: slice) -> list[slice]:
    """Cut a range into blocks that fit the cache, so that what NumPy makes of one stays there.

    Examples
    --------
    >>> blocks(slice(1, 5))
    [slice(1, 5, None)]
    """
    starts = range(rows.start, rows.stop, _BLOCK)
    return [slice(start, min(start + _BLOCK, rows.stop)) for start in starts]
