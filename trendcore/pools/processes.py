"""Workers that are processes of this machine."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.context import SpawnContext
from multiprocessing.process import BaseProcess
from types import TracebackType
from typing import Any, Self

from trendcore.errors import BackendError
from trendcore.pools.base import LOOK, Done, Order, Result, Task, Waiting, nothing
from trendcore.pools.child import begin


class _Processes(SpawnContext):
    """Remembers the processes that it has started, so that they can be ended."""

    def __init__(self) -> None:
        super().__init__()
        self.started: list[BaseProcess] = []

    def Process(self, *args: Any, **given: Any) -> Any:  # type: ignore[override]  # noqa: N802
        process = SpawnContext.Process(*args, **given)
        self.started.append(process)
        return process

    def kill(self) -> None:
        """End all of them, and wait until they have ended."""
        for process in self.started:
            process.kill()
        for process in self.started:
            process.join()
        self.started.clear()


class Processes:
    """So many processes, started when there is work, ended with the block.

    Parameters
    ----------
    n
        How many.
    threads
        Threads of all of them together.

    Examples
    --------
    >>> with Processes(2, threads=2) as pool:  # doctest: +SKIP
    ...     pool.map(task, [{"n": 1}, {"n": 2}])
    """

    remote = False

    def __init__(self, n: int, threads: int) -> None:
        self.size = n
        each = str(max(threads // n, 1))
        self._variables = {"POLARS_MAX_THREADS": each, "NUMBA_NUM_THREADS": each, "OMP_NUM_THREADS": each}
        self._context = _Processes()
        self._executor: ProcessPoolExecutor | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end(at_once=kind is not None)

    def map(
        self, task: Task, orders: Sequence[Order], *, gpu: bool = False, done: Done = nothing
    ) -> list[Result]:
        """Work on orders; see `trendcore.pools.base.Pool`."""
        if gpu:
            raise BackendError("processes of one machine would share its GPU")
        results: dict[int, Result] = {}
        waiting, running = Waiting(len(orders)), dict[Future[Result], int]()
        try:
            while waiting or running:
                # no more than there are workers: when one dies, these alone may have been the reason
                while waiting and len(running) < self.size:
                    number = waiting.take()
                    running[self._submit(task, orders[number])] = number
                ended, _ = wait(running, timeout=LOOK, return_when=FIRST_COMPLETED)
                if any(isinstance(future.exception(), BrokenProcessPool) for future in ended):
                    # one that has died takes the others with it
                    ended, _ = wait(running)
                    self._end(at_once=True)
                for future in ended:
                    number = running.pop(future)
                    if isinstance(future.exception(), BrokenProcessPool):
                        waiting.again(number)
                    else:
                        results[number] = future.result()
                        done(orders[number], results[number])
        except BaseException:
            self._end(at_once=True)
            raise
        return [results[number] for number in range(len(orders))]

    def _submit(self, task: Task, order: Order) -> Future[Result]:
        if self._executor is None:
            self._executor = ProcessPoolExecutor(
                self.size, mp_context=self._context, initializer=begin, initargs=(self._variables,)
            )
        try:
            return self._executor.submit(task, order)
        except BrokenProcessPool as error:
            # a worker has died between two tasks
            lost: Future[Result] = Future()
            lost.set_exception(error)
            return lost

    def _end(self, *, at_once: bool) -> None:
        """End the processes, those that are at work too if it is to be at once."""
        executor, self._executor = self._executor, None
        if executor is None:
            return
        if at_once:
            self._context.kill()
        executor.shutdown(cancel_futures=True)
        self._context.kill()
