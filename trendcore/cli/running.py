"""One update with its record: what `update` and `schedule` share."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trendcore.cli.guard import cause, described, stays
from trendcore.errors import GateError, StorageError, TrendcoreError
from trendcore.runs.logs import event

if TYPE_CHECKING:
    from trendcore.runs.record import RunRecord

Progress = Callable[[int, int, str], None]


@dataclass(frozen=True)
class Run:
    """An update that has ended.

    Attributes
    ----------
    record
        What is said of it.
    update
        Its outcome in full, see `trendcore.cli.batch.update_record`; None where it failed.
    error
        What ended it; None where it did its work.
    """

    record: RunRecord
    update: dict[str, Any] | None
    error: BaseException | None


@dataclass(frozen=True)
class Outputs:
    """Files that are written of each run; refused before any work where they could not be.

    Attributes
    ----------
    summary
        The record as JSON; None: not written.
    metrics
        For the textfile collector; None: not written.

    Raises
    ------
    UsageError
        A file could not be written.
    """

    summary: Path | None = None
    metrics: Path | None = None

    def __post_init__(self) -> None:
        from trendcore.runs.files import check_writable
        from trendcore.runs.metrics import check_path

        if self.summary is not None:
            check_writable("--summary", self.summary)
        if self.metrics is not None:
            check_path(self.metrics)

    def write(self, run: RunRecord) -> None:
        """Write what came of a run, as much as can be written; what cannot is logged.

        Raises
        ------
        StorageError
            A file that was asked for cannot be written, and the run itself was good.
        """
        from trendcore.runs import metrics, record
        from trendcore.runs.files import write_whole

        def last() -> None:
            record.save_last(run)

        def summary() -> None:
            if self.summary is not None:
                write_whole(self.summary, run.as_json())

        def gauges() -> None:
            if self.metrics is not None:
                metrics.write(self.metrics, run)

        asked = [_failure(summary), _failure(gauges)]
        failed = [error for error in (_failure(last), *asked) if error is not None]
        for error in failed:
            event("not_written", str(error), level=logging.WARNING)
        # the workspace's own note is for a schedule's start only
        if run.exit_code == 0 and any(error is not None for error in asked):
            raise StorageError(f"the run ended well ({run.outcome}), but {failed[-1]}")


def run_update(
    workspace: str,
    how: Mapping[str, Any],
    *,
    progress: Progress | None = None,
    scheduled: datetime | None = None,
    attempt: int = 1,
) -> Run:
    """Update a workspace, log its steps, and return what came of it; an error is returned, not raised.

    `log_end` logs the end.

    Parameters
    ----------
    workspace
        As it was given.
    how
        Arguments of `trendcore.Workspace.update`.
    progress
        Told of what is done; None: nobody is.
    scheduled
        The due time it runs for.
    attempt
        Number of the attempt.
    """
    from trendcore.cli.batch import update_record
    from trendcore.runs import record as records
    from trendcore.workspace import Workspace

    begun, start = datetime.now(UTC), time.perf_counter()
    stays(None)
    before = records.current(workspace)
    event("run_started", f"update of {workspace}", workspace=workspace, attempt=attempt)
    steps = _Steps(progress)
    update, failure = None, None
    try:
        update = update_record(Workspace(workspace).update(**how, progress=steps))
    except BaseException as error:
        # interruptions and panics, which are no exceptions, have a record too
        failure = cause(error)
    now = records.current(workspace)
    if now is not None and now != before:
        stays(f"release {now.number} was published")
    steps.end(ok=failure is None)
    seconds = round(time.perf_counter() - start, 3)
    code, message = (0, None) if failure is None else described(failure)
    record = records.RunRecord(
        workspace=records.clean(workspace),
        attempt=attempt,
        scheduled=None if scheduled is None else records.stamp(scheduled),
        started=records.stamp(begun),
        finished=records.stamp(datetime.now(UTC)),
        seconds=seconds,
        outcome=records.outcome(code, changed=bool(update and update["changed"])),
        exit_code=code,
        previous_release=before.number if before else None,
        error=None if message is None else records.clean(message),
    )
    return Run(_with_details(record, workspace, update, failure), update, failure)


def _with_details(
    record: RunRecord, workspace: str, update: dict[str, Any] | None, failure: BaseException | None
) -> RunRecord:
    """Add what is known of the release and of the update."""
    import msgspec

    from trendcore.runs import record as records

    now = records.current(workspace)
    known: dict[str, Any] = {}
    if now is not None:
        known |= {"release": now.number, "rows": now.rows}
    if update is not None:
        known |= {"release": update["release"], "read": records.clean(update["read"])}
        known |= {"timings": update["timings"], "gates": records.clean(update["gates"])}
        known["warnings"] = records.clean(update["warnings"])
        if update["counts"]:
            known["rows"] = update["counts"]
    elif isinstance(failure, GateError):
        known["gates"] = records.clean([result.as_dict() for result in failure.results])
    return msgspec.structs.replace(record, **known)


def log_end(record: RunRecord) -> None:
    """Log a run's warnings and what came of it; not while a bar is shown."""
    for warning in record.warnings:
        event("warning", warning, level=logging.WARNING)
    good = record.exit_code == 0
    words = f"update ended: {record.outcome.replace('_', ' ')}"
    event(
        "run_finished",
        words if good else f"{record.error} ({record.outcome}, exit code {record.exit_code})",
        level=logging.INFO if good else logging.ERROR,
        outcome=record.outcome,
        exit_code=record.exit_code,
        seconds=record.seconds,
        release=record.release,
        error=record.error,
    )


def _failure(write: Callable[[], None]) -> TrendcoreError | None:
    try:
        write()
    except TrendcoreError as error:
        return error
    return None


class _Steps:
    """Logs the steps of an update as its progress is told of them."""

    def __init__(self, progress: Progress | None) -> None:
        self._progress = progress
        self._step, self._start = "", 0.0

    def __call__(self, done: int, total: int, note: str) -> None:
        from trendcore.update.run import STEPS

        if note in STEPS and (done, total) == (STEPS.index(note), len(STEPS)):
            self.end(ok=True)
            self._step, self._start = note, time.perf_counter()
            event("step_started", f"{note} ...", step=note)
        if self._progress is not None:
            self._progress(done, total, note)

    def end(self, *, ok: bool) -> None:
        """Log that the step that is under way has ended."""
        if self._step:
            seconds = round(time.perf_counter() - self._start, 3)
            words = f"{self._step} took {seconds:.1f} s" if ok else f"{self._step} ended early"
            event("step_finished", words, step=self._step, seconds=seconds, ok=ok)
        self._step = ""
