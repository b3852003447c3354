"""What a pool of workers is, and what both kinds of it share."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Sequence
from typing import Any, Final, Protocol

from trendcore.errors import WorkerError

#: plain data: numbers, texts, bytes, and lists and dictionaries of these
Order = dict[str, Any]
Result = dict[str, Any]
#: a function of a module; the same order gives the same result
Task = Callable[[Order], Result]
#: told of each order that is done, in the order of their ending
Done = Callable[[Order, Result], None]

#: seconds after which an interruption is seen: libraries catch the signal in a way that ends no waiting
LOOK: Final = 0.1
#: how often a task may be begun whose worker dies
TRIES: Final = 3


def nothing(_order: Order, _result: Result) -> None:
    """Do nothing when an order is done."""


class Pool(Protocol):
    """Workers.

    Attributes
    ----------
    size
        How many tasks they work on at a time.
    remote
        Whether they may be on other machines.
    """

    size: int
    remote: bool

    def map(
        self, task: Task, orders: Sequence[Order], *, gpu: bool = False, done: Done = nothing
    ) -> list[Result]:
        """Work on orders, many at a time.

        Parameters
        ----------
        task
            What is done with each.
        orders
            Each is done by one worker; by another one where that dies.
        gpu
            Whether the task needs a GPU.
        done
            Called in this thread.

        Returns
        -------
        list
            Results in the order of the orders.

        Raises
        ------
        TrendcoreError
            What a task has raised first.
        WorkerError
            Workers die again and again, or there are none.
        BackendError
            A GPU is needed and no worker has one.
        """
        ...


class Waiting:
    """Orders that are still to be begun, by number, and how often each has been.

    Parameters
    ----------
    n
        How many there are.

    Examples
    --------
    >>> waiting = Waiting(2)
    >>> first = waiting.take()
    >>> waiting.again(first)
    >>> waiting.take(), waiting.take(), bool(waiting)
    (0, 1, False)
    """

    def __init__(self, n: int) -> None:
        self._numbers = deque(range(n))
        self._tries: Counter[int] = Counter()

    def __bool__(self) -> bool:
        return bool(self._numbers)

    def take(self) -> int:
        """Return the next one."""
        number = self._numbers.popleft()
        self._tries[number] += 1
        return number

    def again(self, number: int) -> None:
        """Put one back whose worker has died.

        Raises
        ------
        WorkerError
            That has happened too often.
        """
        if self._tries[number] >= TRIES:
            raise WorkerError(
                f"a worker has died {TRIES} times in the same task: is there enough memory for so many? A "
                'script that starts workers needs `if __name__ == "__main__":`'
            )
        self._numbers.appendleft(number)
