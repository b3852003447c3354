"""A loop that runs a job at the due times of a cron expression; of workspaces it knows nothing.

Rules
-----
- An expression has the five fields of cron; without a time zone it is meant in UTC.
- Summer time: a job at set times (neither minute nor hour begins with ``*``) whose time the clock jumps over
  runs when the clock has jumped, once, and one whose time the clock shows twice runs the first time. A job in
  a rhythm (minute or hour begins with ``*``, such as every hour) runs whenever the clock shows its time: in
  spring the hour that is jumped over has no run, in autumn both hours have theirs.
- Never two runs at once: due times that pass while a run lasts are skipped, and that is said.
- Downtime: if due times have passed since the last run ended, the job runs once when the loop starts, however
  many they are. The same goes for a machine that slept. Without catching up they are skipped.
- A run that fails does not end the loop: the job runs again at the next due time.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from itertools import islice
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from trendcore.errors import UsageError
from trendcore.runs.logs import event
from trendcore.runs.record import RunRecord, stamp

if TYPE_CHECKING:
    from cronsim import CronSim

#: seconds of sleep after which the wall clock is looked at again: it may have been set
_LOOK_UP: Final = 60.0
#: a run that begins so much after its due time is late
_LATE: Final = timedelta(minutes=5)
#: passed due times are counted up to so many
_MOST: Final = 1000
_FIRST_BACK_OFF: Final = 30.0
_LONGEST_BACK_OFF: Final = 600.0
_CONFLICT: Final = 5

#: runs the job for a due time; raises what should end the loop
Job = Callable[[datetime], RunRecord]


@dataclass(frozen=True)
class Clock:
    """What tells the time and waits; tests bring their own.

    Attributes
    ----------
    now
        Returns the time, with a zone.
    sleep
        Waits some seconds.
    """

    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    sleep: Callable[[float], None] = time.sleep


class Cron:
    """Due times of a cron expression in a time zone.

    Parameters
    ----------
    expression
        Minute, hour, day of month, month, day of week: ``0 3 * * 1`` is Monday, 3:00.
    zone
        Name of a time zone of the IANA, such as ``Europe/Berlin``.

    Raises
    ------
    UsageError
        The expression is not valid or never due, or there is no such zone.

    Examples
    --------
    >>> cron = Cron("30 2 * * *", "Europe/Berlin")
    >>> cron.after(datetime(2026, 3, 28, 12, tzinfo=UTC)).isoformat()  # 2:30 does not exist that night
    '2026-03-29T03:00:00+02:00'
    >>> Cron("60 * * * *")
    Traceback (most recent call last):
    trendcore.errors.UsageError: --cron '60 * * * *': Bad minute; ...
    """

    def __init__(self, expression: str, zone: str = "UTC") -> None:
        self.expression, self.zone = expression, _zone(zone)
        if len(expression.split()) != 5:
            raise self._wrong("an expression has five fields")
        self.after(datetime.now(UTC))

    def after(self, moment: datetime) -> datetime:
        """Return the first due time after a moment."""
        return next(self._due(moment))

    def between(self, start: datetime, end: datetime) -> list[datetime]:
        """Return the due times after a moment and not after another one, the first thousand."""
        found = []
        for due in islice(self._due(start), _MOST):
            if due > end:
                break
            found.append(due)
        return found

    def _due(self, moment: datetime) -> Iterator[datetime]:
        times = self._times(moment)
        while True:
            try:
                due = next(times)
            except StopIteration:
                raise self._wrong("no time is ever due") from None
            # in the hour that the clock shows a second time cronsim gives the first one, which is over
            if due.astimezone(UTC) > moment.astimezone(UTC):
                yield due

    def _times(self, moment: datetime) -> CronSim:
        from cronsim import CronSim, CronSimError

        try:
            return CronSim(self.expression, moment.astimezone(self.zone))
        except CronSimError as error:
            raise self._wrong(str(error)) from error

    def _wrong(self, why: str) -> UsageError:
        return UsageError(
            f"--cron {self.expression!r}: {why}; minute, hour, day of month, month and day of week, such as "
            "'0 3 * * 1' for Monday, 3:00"
        )


def _zone(name: str) -> tzinfo:
    if name.upper() == "UTC":
        return UTC
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise UsageError(
            f"--timezone {name!r}: there is no such time zone here; give a name such as Europe/Berlin, or UTC"
        ) from error


def run(
    job: Job,
    cron: Cron,
    *,
    clock: Clock | None = None,
    since: datetime | None = None,
    catch_up: bool = True,
    once: bool = False,
) -> RunRecord:
    """Run a job at its due times, by the rules above.

    Parameters
    ----------
    job
        What is run; it takes the due time.
    cron
        When.
    clock
        None: the system's.
    since
        When the last run ended, before this loop; None: there was none, and so nothing was missed.
    catch_up
        Whether due times that were missed are made up for by one run.
    once
        End after one run.

    Returns
    -------
    RunRecord
        Of the last run; the loop ends by itself only with `once`.

    Raises
    ------
    TrendcoreError, KeyboardInterrupt
        What the job raises, and what interrupts the wait.
    """
    clock = clock or Clock()
    now = clock.now()
    due = _missed(cron, since, now, catch_up=catch_up) or cron.after(now)
    while True:
        if due > now:
            _wait(due, clock)
        due = _on_time(cron, due, clock, catch_up=catch_up)
        record = job(due)
        if once:
            return record
        # where the clock was set back, a due time is not due again
        now = max(clock.now(), due)
        if passed := cron.between(due, now):
            _say_skipped(passed, "overlap", "the run lasted past")
        due = cron.after(now)


def with_retries(attempt: Callable[[int], RunRecord], retries: int, clock: Clock | None = None) -> RunRecord:
    """Try again, later and later, while another process holds the workspace.

    Parameters
    ----------
    attempt
        What is tried; takes the number of the attempt, from 1 on.
    retries
        How often it is tried again: after 30 s, 60 s and so on, at most 10 minutes.
    clock
        None: the system's.

    Returns
    -------
    RunRecord
        Of the last attempt.
    """
    clock = clock or Clock()
    for number in range(1, retries + 1):
        record = attempt(number)
        if record.exit_code != _CONFLICT:
            return record
        seconds = min(_FIRST_BACK_OFF * 2 ** min(number - 1, 10), _LONGEST_BACK_OFF)
        event(
            "retry", f"another process works on the workspace; next attempt in {seconds:.0f} s",
            level=logging.WARNING, attempt=number, retries=retries, seconds=seconds,
        )  # fmt: skip
        clock.sleep(seconds)
    return attempt(retries + 1)


def _missed(cron: Cron, since: datetime | None, now: datetime, *, catch_up: bool) -> datetime | None:
    """Return the last due time that passed while no loop ran, if that is to be made up for."""
    passed = cron.between(since, now) if since is not None else []
    if not passed:
        return None
    if not catch_up:
        _say_skipped(passed, "downtime", "nothing ran at")
        return None
    event(
        "catching_up", f"{_count(passed)} passed since the last run: one run makes up for them",
        first=stamp(passed[0]), last=stamp(passed[-1]), count=len(passed),
    )  # fmt: skip
    return passed[-1]


def _wait(due: datetime, clock: Clock) -> None:
    event("waiting", f"next run at {due:%Y-%m-%d %H:%M %Z}", due=stamp(due))
    while (seconds := (due - clock.now()).total_seconds()) > 0:
        clock.sleep(min(seconds, _LOOK_UP))


def _on_time(cron: Cron, due: datetime, clock: Clock, *, catch_up: bool) -> datetime:
    """Return the due time to run for: a later one if the machine slept past some."""
    while True:
        now = clock.now()
        passed = [due, *cron.between(due, now)]
        if catch_up or now - passed[-1] <= _LATE:
            if passed[:-1]:
                _say_skipped(passed[:-1], "late", "the loop did not run at")
            return passed[-1]
        _say_skipped(passed, "late", "the loop did not run at")
        due = cron.after(now)
        _wait(due, clock)


def _say_skipped(passed: list[datetime], reason: str, words: str) -> None:
    event(
        "skipped", f"skipped: {words} {_count(passed)}, {passed[0]:%Y-%m-%d %H:%M %Z} the first",
        level=logging.WARNING, reason=reason, first=stamp(passed[0]), last=stamp(passed[-1]),
        count=len(passed),
    )  # fmt: skip


def _count(passed: list[datetime]) -> str:
    if len(passed) == 1:
        return "a due time"
    return f"{len(passed)}{' or more' if len(passed) == _MOST else ''} due times"
