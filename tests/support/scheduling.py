"""Clocks that need no waiting, and jobs that take what time they are told to."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from trendcore.runs import logs
from trendcore.runs.record import RunRecord, outcome, stamp
from trendcore.schedule import Clock


class FakeClock:
    """Time passes only in sleep and in jobs."""

    def __init__(self, start: str) -> None:
        self.time = datetime.fromisoformat(start).astimezone(UTC)
        self.slept: list[float] = []

    @property
    def clock(self) -> Clock:
        return Clock(lambda: self.time, self.sleep)

    def sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.slept.append(seconds)
        self.time += timedelta(seconds=seconds)


class EndedError(Exception):
    """A test has seen enough runs."""


class Jobs:
    """Runs that take some minutes each and end with exit codes; the list of runs ends the loop."""

    def __init__(self, clock: FakeClock, *runs: tuple[float, int]) -> None:
        self._clock, self._runs = clock, list(runs)
        self.due: list[str] = []
        self.began: list[str] = []

    def __call__(self, due: datetime) -> RunRecord:
        if not self._runs:
            raise EndedError
        minutes, code = self._runs.pop(0)
        self.due.append(due.isoformat())
        self.began.append(stamp(self._clock.time)[:16])
        self._clock.time += timedelta(minutes=minutes)
        return record(code, self._clock.time)


def record(code: int = 0, ended: datetime | None = None, **fields: Any) -> RunRecord:
    when = stamp(ended or datetime(2026, 3, 2, 3, tzinfo=UTC))
    base: dict[str, Any] = {"workspace": "ws", "started": when, "finished": when, "seconds": 1.5}
    return RunRecord(**base | {"outcome": outcome(code), "exit_code": code} | fields)


@pytest.fixture
def events() -> Iterator[list[dict[str, Any]]]:
    """Events of the loop, as they are logged."""
    found: list[dict[str, Any]] = []

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            found.append(
                {
                    "event": record.event,  # type: ignore[attr-defined]
                    "level": record.levelname,
                    "message": record.getMessage(),
                    **record.fields,  # type: ignore[attr-defined]
                }
            )

    keep = Keep()
    before = logs.log.level
    logs.log.addHandler(keep)
    logs.log.setLevel(logging.INFO)
    yield found
    logs.log.removeHandler(keep)
    logs.log.setLevel(before)
