"""Work on several inputs at a time."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from threading import Event
from typing import Final, TypeVar

import polars as pl

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")
#: readers hold a batch, a row group and, in trade, the keys of a file: that many of them at most
_MOST: Final = 16
#: seconds after which an interruption is seen: libraries catch the signal in a way that ends no waiting
_LOOK: Final = 0.1


class StoppedError(Exception):
    """What a task raises when it ends before its work is done because it was told to."""


def for_each(task: Callable[[_Item, Event], _Result], items: Sequence[_Item]) -> list[_Result]:
    """Call a task for each item, in as many threads as Polars has, 16 at most.

    Parameters
    ----------
    task
        Takes an item and an event. Once that is set, because another task has failed or the user has
        interrupted, it should raise `StoppedError`.
    items
        A single one is worked on in the thread of the caller.

    Returns
    -------
    list
        The results, in the order of the items.

    Raises
    ------
    BaseException
        Of the tasks that failed, what the first in order has raised; every task has ended then.

    Examples
    --------
    >>> for_each(lambda item, _stop: 2 * item, [1, 2, 3])
    [2, 4, 6]
    """
    stop = Event()
    n_threads = min(len(items), pl.thread_pool_size(), _MOST)
    if n_threads <= 1:
        return [task(item, stop) for item in items]
    with ThreadPoolExecutor(n_threads) as pool:
        futures = [pool.submit(task, item, stop) for item in items]
        try:
            waiting: Collection[Future[_Result]] = futures
            while waiting and not stop.is_set():
                done, waiting = wait(waiting, timeout=_LOOK, return_when=FIRST_EXCEPTION)
                if any(future.exception() is not None for future in done):
                    stop.set()
        except BaseException:
            stop.set()
            raise
        finally:
            pool.shutdown(cancel_futures=stop.is_set())
    failed = [
        error
        for future in futures
        if not future.cancelled() and (error := future.exception()) and not isinstance(error, StoppedError)
    ]
    if failed:
        raise failed[0]
    return [future.result() for future in futures]
