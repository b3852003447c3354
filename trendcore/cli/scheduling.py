"""The command that updates a workspace at the due times of a cron expression."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from trendcore.cli.options import (
    BackendOption,
    BootstrapOption,
    JsonOption,
    LogFormatOption,
    MetricsOption,
    SeedOption,
    SummaryOption,
    WorkspaceOption,
    one_of,
)
from trendcore.errors import BackendError, InputError, StorageError, TrendcoreError, UsageError

if TYPE_CHECKING:
    from trendcore.runs.record import RunRecord


def schedule(
    workspace: WorkspaceOption,
    cron: Annotated[
        str,
        typer.Option(
            "--cron",
            metavar="EXPR",
            help="Minute, hour, day of month, month, day of week: '0 3 * * 1' is Monday, 3:00.",
            show_default=False,
        ),
    ],
    timezone: Annotated[
        str, typer.Option("--timezone", metavar="ZONE", help="What EXPR is meant in, as Europe/Berlin.")
    ] = "UTC",
    catch_up: Annotated[
        bool, typer.Option(help="Run once at the start if due times have passed since the last run.")
    ] = True,
    once: Annotated[bool, typer.Option("--once", help="End after one run, with its exit code.")] = False,
    retries: Annotated[
        int,
        typer.Option(
            "--retries", metavar="N", min=0, help="Attempts more while another process holds the workspace."
        ),
    ] = 5,
    bootstrap: BootstrapOption = None,
    seed: SeedOption = None,
    backend: BackendOption = "auto",
    summary: SummaryOption = None,
    metrics: MetricsOption = None,
    log_format: LogFormatOption = "text",
    json: JsonOption = False,
) -> None:
    """Update a workspace whenever a cron expression is due, until told to end.

    Never two updates at once: what falls due meanwhile is skipped. An update that fails is tried again at
    the next due time. A usage error (2) or an absent GPU (7) ends the loop at once; SIGTERM and Ctrl-C do
    too, and an update that they interrupt is rolled back.
    """
    from trendcore import schedule as scheduling
    from trendcore.cli.running import Outputs, log_end, run_update
    from trendcore.runs import logs
    from trendcore.runs.record import last_finished

    one_of("--backend", backend, ("auto", "cpu", "gpu", "reference"))
    one_of("--log-format", log_format, logs.FORMATS)
    due_times, outputs = scheduling.Cron(cron, timezone), Outputs(summary, metrics)
    logs.to_stderr(log_format, times=True, without=() if log_format == "json" else ("step_started",))
    how = {"bootstrap": bootstrap, "seed": seed, "backend": backend}

    def job(due: datetime) -> RunRecord:
        def attempt(number: int) -> RunRecord:
            run = run_update(workspace, how, scheduled=due, attempt=number)
            log_end(run.record)
            if run.error is not None and _ends_the_loop(run.error):
                outputs.write(run.record)
                raise run.error
            return run.record

        record = scheduling.with_retries(attempt, retries)
        with suppress(StorageError):  # that a file cannot be written is logged
            outputs.write(record)
        _say(record, json=json)
        return record

    since = last_finished(workspace)
    record = scheduling.run(job, due_times, since=since, catch_up=catch_up, once=once)
    raise typer.Exit(record.exit_code)


def _ends_the_loop(error: BaseException) -> bool:
    """Whether no later run can do better: interruptions, wrong usage, a GPU that is not there.

    An input that cannot be read may be mended by its next delivery.
    """
    if isinstance(error, InputError):
        return False
    hopeless = (UsageError.exit_code, BackendError.exit_code)
    return isinstance(error, KeyboardInterrupt | SystemExit) or (
        isinstance(error, TrendcoreError) and error.exit_code in hopeless
    )


def _say(record: RunRecord, *, json: bool) -> None:
    """Print a run's result: a line for people where it was good, its record as a line of JSON always."""
    if json:
        typer.echo(record.as_json(indent=0), nl=False)
    elif record.outcome == "published":
        typer.echo(f"published release {record.release} in {record.seconds:.1f} s")
    elif record.exit_code == 0:
        typer.echo(f"nothing to do: release {record.release} is up to date")
