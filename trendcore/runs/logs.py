"""Events of a run on stderr: one line each, for people or as JSON."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any, Final

from trendcore.redaction import redact

#: how events can be written
FORMATS: Final = ("text", "json")
log: Final = logging.getLogger("trendcore")


def event(name: str, message: str, *, level: int = logging.INFO, **fields: Any) -> None:
    """Log an event.

    Parameters
    ----------
    name
        A word for programs, such as ``step_finished``.
    message
        The same in words for people.
    level
        Of `logging`.
    **fields
        What programs want to know of it; can be written as JSON.
    """
    log.log(level, "%s", message, extra={"event": name, "fields": fields})


def one_line(text: str) -> str:
    """Return a text in one line, without secrets and without what a terminal obeys.

    Examples
    --------
    >>> one_line(f"two{chr(10)}lines, password=hunter2")
    'two lines, password=***'
    """
    line = " ".join(redact(text).split())
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in line)


class TextLines(logging.Formatter):
    """``error: ...``, with the time before it where asked for."""

    def __init__(self, *, times: bool) -> None:
        super().__init__()
        self._times = times

    def format(self, record: logging.LogRecord) -> str:
        """Write an event as a line for people."""
        level = "" if record.levelno == logging.INFO else f"{record.levelname.lower()}: "
        return f"{_time(record)[:19] + 'Z ' if self._times else ''}{level}{one_line(record.getMessage())}"


class JsonLines(logging.Formatter):
    """An object a line: ``time``, ``level``, ``event``, ``message``, and the event's own fields."""

    def format(self, record: logging.LogRecord) -> str:
        """Write an event as JSON."""
        fields = {name: _safe(value) for name, value in getattr(record, "fields", {}).items()}
        entry = {
            "time": _time(record),
            "level": record.levelname.lower(),
            "event": getattr(record, "event", "log"),
            "message": one_line(record.getMessage()),
            **fields,
        }
        return json.dumps(entry)


def to_stderr(form: str, *, times: bool = False, without: Collection[str] = ()) -> None:
    """Write events to stderr from now on, and nowhere else.

    Parameters
    ----------
    form
        One of `FORMATS`.
    times
        Whether lines for people begin with the time; JSON always has it.
    without
        Names of events that are left out.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.addFilter(lambda record: getattr(record, "event", "") not in without)
    handler.setFormatter(JsonLines() if form == "json" else TextLines(times=times))
    log.handlers[:] = [handler]
    log.propagate = False
    log.setLevel(logging.INFO)


def forget() -> None:
    """Write no events any more: those of the next command may go elsewhere."""
    log.handlers.clear()


def writes_json() -> bool:
    """Whether stderr is for programs, line by line."""
    return any(isinstance(handler.formatter, JsonLines) for handler in log.handlers)


def _time(record: logging.LogRecord) -> str:
    moment = datetime.fromtimestamp(record.created, UTC)
    return moment.isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


def _safe(value: Any) -> Any:
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, (list, tuple)):
        return [_safe(each) for each in value]
    if isinstance(value, dict):
        return {str(key): _safe(each) for key, each in value.items()}
    return value
