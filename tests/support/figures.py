"""Counts of disturbances that were tried, and of what came of them."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sized
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, TypeVar

from support.disturbances import LostError

_Case = TypeVar("_Case")


@dataclass
class Scenario:
    """What came of one kind of disturbance.

    Attributes
    ----------
    outcomes
        How often each was seen: of workspaces ``old`` and ``new``.
    states
        How many different workspaces were left, each of which was healed; 0: healed after each disturbance.
    lost, wrong
        Disturbances after which something was missing, or anything else was not as it must be.
    seconds
        Time that all of them took.
    """

    outcomes: Counter[str] = field(default_factory=Counter)
    states: int = 0
    lost: int = 0
    wrong: int = 0
    seconds: float = 0.0

    @property
    def tried(self) -> int:
        return self.outcomes.total() + self.lost + self.wrong


class Figures:
    """Figures of a test run, by scenario."""

    def __init__(self) -> None:
        self.scenarios: dict[str, Scenario] = {}
        self._lock = threading.Lock()

    def sweep(
        self,
        name: str,
        cases: Iterable[_Case],
        disturb: Callable[[_Case], str | None],
        *,
        workers: int = 1,
        healed: Sized = (),
    ) -> Counter[str]:
        """Disturb for each case, and go on after a failure: one run tells of all of them.

        Parameters
        ----------
        name
            Of the scenario.
        cases
            What `disturb` is called with.
        disturb
            Returns what was seen; None: there was nothing to disturb any more, which ends the sweep.
        workers
            Cases that are tried at a time.
        healed
            Where `disturb` keeps the states of which it has healed one.

        Returns
        -------
        Counter
            What was seen in this sweep.
        """
        scenario = self.scenarios.setdefault(name, Scenario())
        seen: Counter[str] = Counter()
        failures: list[str] = []
        left = iter(cases)
        over = threading.Event()

        def work() -> None:
            while not over.is_set():
                with self._lock:
                    case = next(left, None)
                if case is None:
                    return
                try:
                    outcome = disturb(case)
                except Exception as error:
                    with self._lock:
                        scenario.lost += isinstance(error, LostError)
                        scenario.wrong += not isinstance(error, LostError)
                        failures.append(f"{case}: {type(error).__name__}: {error}")
                    continue
                if outcome is None:
                    over.set()
                    return
                with self._lock:
                    seen[outcome] += 1

        start = time.perf_counter()
        with ThreadPoolExecutor(workers) as pool:
            for future in [pool.submit(work) for _ in range(workers)]:
                future.result()
        self.count(name, seen, time.perf_counter() - start)
        scenario.states += len(healed)
        assert not failures, f"{name}: {len(failures)} of {scenario.tried}\n" + "\n".join(failures)
        return seen

    def count(self, name: str, seen: Counter[str], seconds: float, wrong: int = 0) -> None:
        """Count disturbances that were tried elsewhere."""
        scenario = self.scenarios.setdefault(name, Scenario())
        scenario.outcomes += seen
        scenario.wrong += wrong
        scenario.seconds += seconds

    def records(self) -> list[dict[str, Any]]:
        """Return the figures as records."""
        return [
            {
                "scenario": name,
                "tried": each.tried,
                **dict(sorted(each.outcomes.items())),
                **({"different states, each healed": each.states} if each.states else {}),
                "lost": each.lost,
                "wrong": each.wrong,
                "seconds": round(each.seconds, 1),
            }
            for name, each in self.scenarios.items()
            if each.tried
        ]

    def lines(self) -> list[str]:
        """Return a line for each scenario.

        Examples
        --------
        >>> figures = Figures()
        >>> _ = figures.sweep("kill -9", [1, 2, 3], lambda at: "old" if at < 3 else "new")
        >>> figures.lines()[0].rpartition(", ")[0]
        'kill -9: 3 tried, 1 new, 2 old, 0 lost, 0 wrong'
        """
        found = []
        for record in self.records():
            name = record.pop("scenario")
            seconds = record.pop("seconds")
            words = ", ".join(f"{count:,} {what}" for what, count in record.items())
            found.append(f"{name}: {words}, {seconds:,.1f} s")
        return found
