"""The record of a run: what came of one update, for programs that look after it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import msgspec

from trendcore import __version__
from trendcore.config import MARK
from trendcore.errors import TrendcoreError
from trendcore.redaction import redact
from trendcore.runs.files import write_whole

#: raised when a field changes its meaning or goes; a field that is added leaves it
SCHEMA_VERSION: Final = 1
#: the record of the last run that ended by itself, in the workspace's folder
LAST_RUN: Final = "last_run.json"
_BY_CODE: Final = {3: "refused", 4: "quarantined", 5: "conflict", 6: "storage", 130: "interrupted"} | {
    143: "interrupted"
}
#: every outcome, the good ones first
OUTCOMES: Final = (
    "published", "nothing_to_do", "refused", "quarantined", "conflict", "storage", "interrupted", "failed",
)  # fmt: skip


class RunRecord(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a run.

    Attributes
    ----------
    schema_version, trendcore
        Of this record; the version of trendcore.
    workspace
        As it was given.
    scheduled
        The due time it ran for, UTC, ISO 8601; None outside of a schedule.
    attempt
        1, or more where another process held the workspace before.
    started, finished, seconds
        UTC, ISO 8601; the wall clock may have been set meanwhile, seconds are true.
    outcome, exit_code
        One of `OUTCOMES`; what the command line's exit code is or would be.
    release, previous_release
        Number of the release that is current after the run, and before it; None: there is none.
    rows
        Rows of each table of that release.
    read
        Inputs that were new or had changed: ``units``, ``read``, ``accepted``, ``quarantined``,
        ``set_aside`` by reason, ``files``, ``warnings``. Empty where the run failed.
    warnings, gates, timings
        Of the update: sentences, what each gate found, seconds by step.
    error
        Why it failed, in a line; None where it did not.
    """

    workspace: str
    attempt: int = 1
    scheduled: str | None = None
    started: str
    finished: str
    seconds: float
    outcome: str
    exit_code: int
    release: int | None = None
    previous_release: int | None = None
    rows: dict[str, int] = {}
    read: dict[str, Any] = {}
    warnings: list[str] = []
    gates: list[dict[str, Any]] = []
    timings: dict[str, float] = {}
    error: str | None = None
    trendcore: str = __version__
    schema_version: int = SCHEMA_VERSION

    def as_json(self, *, indent: int = 1) -> str:
        """Return the record as JSON; 0: in one line."""
        data = msgspec.json.encode(self)
        return (msgspec.json.format(data, indent=indent) if indent else data).decode() + "\n"


def outcome(exit_code: int, *, changed: bool = False) -> str:
    """Return the outcome that an exit code stands for.

    Examples
    --------
    >>> outcome(0, changed=True), outcome(0), outcome(3), outcome(143), outcome(7)
    ('published', 'nothing_to_do', 'refused', 'interrupted', 'failed')
    """
    if exit_code == 0:
        return "published" if changed else "nothing_to_do"
    return _BY_CODE.get(exit_code, "failed")


class Current(msgspec.Struct, frozen=True):
    """The current release of a workspace: number, UTC time, rows by table."""

    number: int
    created: str
    rows: dict[str, int]


def current(workspace: str) -> Current | None:
    """Return the current release; None where there is none, or it cannot be read.

    Examples
    --------
    >>> current("nowhere") is None
    True
    """
    from trendcore.store import Store

    try:
        store = Store.open(workspace)
        manifest = store.manifest() if store.has_release() else None
    except (TrendcoreError, OSError):
        return None
    if manifest is None:
        return None
    rows = {name: table.rows for name, table in sorted(manifest.tables.items())}
    return Current(manifest.number, manifest.created, rows)


def stamp(moment: datetime) -> str:
    """Write a moment as UTC.

    Examples
    --------
    >>> stamp(datetime.fromisoformat("2026-03-29T03:00:00+02:00"))
    '2026-03-29T01:00:00.000Z'
    """
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


def clean(value: Any) -> Any:
    """Return a value of JSON without the secrets in its texts."""
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, Mapping):
        return {str(key): clean(each) for key, each in value.items()}
    if isinstance(value, Sequence):
        return [clean(each) for each in value]
    return value


def save_last(record: RunRecord) -> None:
    """Note in a workspace's folder that a run has ended; elsewhere nothing is noted.

    An interrupted run has not ended, and in a conflict the other process notes its own.

    Raises
    ------
    StorageError
        It cannot be written.
    """
    folder = Path(record.workspace).expanduser()
    if record.outcome not in {"interrupted", "conflict"} and (folder / MARK).is_file():
        write_whole(folder / LAST_RUN, record.as_json())


def last_finished(workspace: str) -> datetime | None:
    """Return when the last run ended: by its record or by the current release, whichever is later.

    Examples
    --------
    >>> last_finished("nowhere") is None
    True
    """
    known = []
    try:
        data = (Path(workspace).expanduser() / LAST_RUN).read_bytes()
        known.append(datetime.fromisoformat(msgspec.json.decode(data, type=RunRecord).finished))
    except (OSError, ValueError, msgspec.MsgspecError):
        pass  # a damaged record is none: at worst an update runs that has nothing to do
    release = current(workspace)
    if release is not None:
        known.append(datetime.fromisoformat(release.created))
    return max((each.astimezone(UTC) for each in known), default=None)
