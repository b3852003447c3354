"""How a case is timed: the same answer first, then the median of some calls; and what is printed of it."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from trendcore.bench.cases import SPARSE, TALLY, Call, Case
from trendcore.bench.machine import free_bytes, installed
from trendcore.bench.peers import with_polars
from trendcore.bench.works import Answer, Simulated, answer, simulated
from trendcore.errors import UsageError
from trendcore.tallies import resolve_backend

Progress = Callable[[int, int, str], None]

#: calls that count
ROUNDS: Final = 5
#: suite to its cases, and to how many members the works have
SUITES: Final[Mapping[str, tuple[Sequence[Case], int]]] = {
    "tally": (TALLY, 200),
    "sparse": (SPARSE, 1_000_000),
}
#: what others are compared with
OURS: Final = "codes"
_GIB: Final = 1 << 30


class WrongAnswerError(RuntimeError):
    """A case counted something else than Polars did: its time says nothing."""


@dataclass(frozen=True)
class Timing:
    """What a case took.

    Attributes
    ----------
    suite, name, label
        Which case.
    works, members
        How many works, and how many members they could have.
    threads, backend
        What it ran on.
    input_bytes
        Size of the works as arrays.
    seconds
        Median of the calls; None where it was not run.
    reason
        Why it was not run.
    """

    suite: str
    name: str
    label: str
    works: int
    members: int
    threads: int
    backend: str
    input_bytes: int
    seconds: float | None = None
    reason: str = ""


def facts(suite: str, case: Case, works: Simulated, backend: str) -> dict[str, Any]:
    """Say what a time of a case is of: all of `Timing` but the time.

    Examples
    --------
    >>> facts("tally", TALLY[0], simulated(10), "cpu")["works"]
    10
    """
    return {
        "suite": suite,
        "name": case.name,
        "label": case.label,
        "works": works.n_works,
        "members": works.drawn.n_countries,
        "threads": case.threads(),
        "backend": "" if case.is_peer else backend,
        "input_bytes": works.input_bytes,
    }


def why_not(case: Case, n_works: int, backend: str) -> str:
    """Say why a case cannot be timed here; nothing where it can.

    Examples
    --------
    >>> why_not(TALLY[0], 10, "cpu"), why_not(TALLY[1], 10, "gpu")
    ('', 'it is of the backend cpu')
    """
    if case.backends and backend not in case.backends:
        return f"it is of the backend {', '.join(case.backends)}"
    if case.is_peer and installed(case.package) is None:
        return f"{case.package} is not installed"
    need, free = case.bytes_a_work * n_works, free_bytes()
    if free is not None and need > free:
        return f"it takes {need / _GIB:.0f} GiB of memory, and {free / _GIB:.0f} GiB are free"
    return ""


def right_answer(works: Simulated) -> Answer:
    """Count as Polars does: what every case must give.

    Examples
    --------
    >>> right_answer(simulated(1000)).members["works"].sum() >= 1000
    True
    """
    return answer(with_polars(works.frame), works)


def checked(case: Case, works: Simulated, backend: str, right: Answer) -> Call:
    """Return what is to be timed, called once: compiled, warm, and with the same answer.

    Raises
    ------
    WrongAnswerError
        It has another one.

    Examples
    --------
    >>> works = simulated(1000)
    >>> call = checked(TALLY[3], works, "cpu", right_answer(works))
    """
    call = case.prepare(works, backend)
    found = call()
    if case.answer is not None and not case.answer(found, works).equals(right):
        raise WrongAnswerError(f"{case.name} of {works.n_works:,} works differs from what Polars counts")
    return call


def run(
    n_works: int, *, backend: str = "auto", rounds: int = ROUNDS, progress: Progress | None = None
) -> list[Timing]:
    """Time all cases on works made from a seed.

    Parameters
    ----------
    n_works
        How many works; a million takes half a minute.
    backend
        Of trendcore's cases: ``auto``, ``cpu``, ``gpu`` or ``reference``.
    rounds
        Calls that count; one more comes before them.
    progress
        Called with cases done, cases in all, and what comes next.

    Returns
    -------
    list[Timing]
        In the order of the suites; a case that cannot be run says why.

    Raises
    ------
    UsageError
        There are no works, or there is no such backend.
    BackendError
        The backend cannot be used here.
    WrongAnswerError
        Two cases give different answers.

    Examples
    --------
    >>> timings = run(1000, rounds=1)
    >>> [timing.name for timing in timings][:3]
    ['reading', 'kernel-one', 'kernel']
    """
    if n_works < 1:
        raise UsageError(f"there must be works to time, not {n_works}")
    backend = resolve_backend(backend, n_works)
    n_cases, done, timings = sum(len(cases) for cases, _ in SUITES.values()), 0, []
    for suite, (cases, n_members) in SUITES.items():
        works = simulated(n_works, n_members=n_members)
        right = right_answer(works)
        for case in cases:
            if progress is not None:
                progress(done, n_cases, f"{suite}: {case.name}")
            timings.append(_timed(suite, case, works, backend, right, rounds))
            done += 1
    return timings


def _timed(suite: str, case: Case, works: Simulated, backend: str, right: Answer, rounds: int) -> Timing:
    of = facts(suite, case, works, backend)
    reason = why_not(case, works.n_works, backend)
    if reason:
        return Timing(**of, reason=reason)
    call = checked(case, works, backend, right)
    gc.collect()
    seconds = []
    for _ in range(rounds):
        start = time.perf_counter()
        found = call()
        seconds.append(time.perf_counter() - start)
        del found  # freeing it is no part of the next call
    return Timing(**of, seconds=statistics.median(seconds))


def in_words(timings: Sequence[Timing]) -> list[tuple[str, str, str, str]]:
    """Rows of the table of one suite: what, threads, median, and how many times as long as `OURS`.

    Examples
    --------
    >>> ours = Timing("tally", "codes", "tc.tally", 10, 200, 2, "cpu", 1, seconds=0.25)
    >>> peer = Timing("tally", "duckdb", "DuckDB", 10, 200, 2, "", 1, seconds=1.5)
    >>> in_words([ours, peer])
    [('tc.tally', '2', '250 ms', '1.00'), ('DuckDB', '2', '1,500 ms', '6.00')]
    """
    ours = next((timing.seconds for timing in timings if timing.name == OURS), None)
    rows = []
    for timing in timings:
        if timing.seconds is None:
            rows.append((timing.label, "", f"not run: {timing.reason}", ""))
        else:
            ratio = "" if ours is None else f"{timing.seconds / ours:.2f}"
            rows.append((timing.label, str(timing.threads), _in_ms(timing.seconds), ratio))
    return rows


def _in_ms(seconds: float) -> str:
    """Three digits or more: one unit, so that a column can be compared."""
    value = seconds * 1000
    digits = 0 if value >= 100 else 1 if value >= 10 else 2
    return f"{value:,.{digits}f} ms"
