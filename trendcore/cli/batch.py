"""Commands that change a workspace: demo, ingest, withdraw, update."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from trendcore.cli.options import (
    BackendOption,
    BootstrapOption,
    ClusterOption,
    JsonOption,
    LogFormatOption,
    MetricsOption,
    SeedOption,
    SummaryOption,
    TlsCaOption,
    TlsCertOption,
    TlsKeyOption,
    WorkersOption,
    WorkspaceOption,
    one_of,
    where,
)
from trendcore.cli.output import print_json, progress, say

if TYPE_CHECKING:
    from trendcore.workspace import IngestResult, UpdateResult, Workspace

Record = dict[str, Any]

_INVENTED = "Synthetic data: invented, says nothing about the world."

_FOR_PROGRAMS = ("run_started", "step_started", "step_finished", "run_finished")


def demo(
    folder: Annotated[
        Path, typer.Argument(metavar="[DIR]", help="Where the demo's files go.", show_default=False)
    ] = Path("trendcore-demo"),
    json: JsonOption = False,
) -> None:
    """Run the whole way on a small synthetic sample: ingest, update, then the pair JP-US and a report.

    The sample is invented data in the real feeds' formats; it says nothing about the world. Nothing is
    downloaded. Run again, it finds its workspace up to date.
    """
    from trendcore.cli.look import show_pair
    from trendcore.workspace import Workspace

    sample = _sample(folder)
    workspace = Workspace(folder / "workspace")
    for feed in ("openalex", "patentsview", "baci", "comtrade"):
        with progress(f"ingest {feed}") as advance:
            result = workspace.ingest(feed, str(sample / feed), progress=advance)
        say(f"ingest {feed}: {_ingest_in_words(ingest_record(result))}")
    with progress("update") as advance:
        published = update_record(workspace.update(progress=advance))
    say(update_in_words(published))
    if not json:
        typer.echo(f"{_INVENTED}\n")
    show_pair(workspace, "JP", "US", json=json)
    _report_of_demo(workspace, folder / "report.html")
    say(f"\nTry next: trendcore top -w {folder / 'workspace'} --field ai --index salton")


def _report_of_demo(workspace: Workspace, out: Path) -> None:
    """Write the report, where what draws it is installed."""
    from trendcore.cli.reporting import write_report
    from trendcore.report.extra import missing

    absent = missing()
    if absent:
        say(f'\nno report: it needs {", ".join(absent)}: pip install "trendcore[report]"')
        return
    out.parent.mkdir(parents=True, exist_ok=True)
    title = "Japan and United States: a demonstration with synthetic data"
    write_report(workspace, out, pair="JP-US", bloc="quad", title=title, note=_INVENTED)
    say(f"\nreport: {out}")


def _sample(folder: Path) -> Path:
    """Return the sample of a clone; without one, as from an installed wheel, make it."""
    import trendcore as tc

    shipped = Path(tc.__file__).parents[1] / "datasets" / "sample"
    if (shipped / "openalex").is_dir():
        return shipped
    made = folder / "sample"
    if not (made / "complete").is_file():
        from trendcore.simulate import write_sample

        say(f"making the sample in {made}")
        write_sample(made)
        (made / "complete").touch()
    return made


def ingest(
    feed: Annotated[str, typer.Argument(metavar="FEED", help="openalex, patentsview, baci or comtrade.")],
    paths: Annotated[list[str], typer.Argument(metavar="PATH...", help="Files, folders or globs.")],
    workspace: WorkspaceOption,
    keep: Annotated[
        str, typer.Option("--keep", metavar="WHAT", help="fields: works of some field; all: every work.")
    ] = "fields",
    workers: WorkersOption = 1,
    cluster: ClusterOption = None,
    tls_ca: TlsCaOption = None,
    tls_cert: TlsCertOption = None,
    tls_key: TlsKeyOption = None,
    json: JsonOption = False,
) -> None:
    """Read a feed's files into a workspace; made if it is not there. Nothing is published yet.

    A path that was read before and has not changed is not read again; one with new content is replaced. Rows
    that cannot be used go to the quarantine table with file, line and reason.
    """
    from trendcore.workspace import Workspace

    one_of("feed", feed, ("openalex", "patentsview", "baci", "comtrade"))
    one_of("--keep", keep, ("fields", "all"))
    who = where(workers, cluster, tls_ca, tls_cert, tls_key)
    with progress(f"ingest {feed}") as advance:
        result = Workspace(workspace).ingest(
            feed, *paths, keep="all" if keep == "all" else "fields", **who, progress=advance
        )
    record = ingest_record(result)
    if json:
        print_json(record)
        return
    for warning in record["warnings"]:
        say(f"warning: {warning}")
    typer.echo(_ingest_in_words(record))
    if record["quarantined"]:
        say(f"see why with `trendcore export quarantine.csv --table quarantine -w {workspace}`")


def withdraw(
    path: Annotated[str, typer.Argument(metavar="PATH", help="A path as it was ingested.")],
    workspace: WorkspaceOption,
    json: JsonOption = False,
) -> None:
    """Take an ingested file out of the next release; releases that are published stay as they are."""
    from trendcore.workspace import Workspace

    names = Workspace(workspace).withdraw(path)
    if json:
        print_json({"path": path, "withdrawn": list(names)})
        return
    typer.echo(
        f"withdrawn: {path} ({len(names):,} inputs); run `trendcore update -w {workspace}` to publish "
        "without it"
    )


def update(
    workspace: WorkspaceOption,
    bootstrap: BootstrapOption = None,
    seed: SeedOption = None,
    accept_change: Annotated[
        str | None,
        typer.Option(
            "--accept-change",
            metavar="REASON",
            help="Publish though gates of change refuse (a country or year gone, cells of other size); the "
            "reason stands in the release.",
            show_default=False,
        ),
    ] = None,
    after_rollback: Annotated[
        bool,
        typer.Option(
            "--after-rollback",
            help="Publish what is ingested also where it is just what was rolled back from.",
        ),
    ] = False,
    backend: BackendOption = "auto",
    workers: WorkersOption = 1,
    cluster: ClusterOption = None,
    tls_ca: TlsCaOption = None,
    tls_cert: TlsCertOption = None,
    tls_key: TlsKeyOption = None,
    summary: SummaryOption = None,
    metrics: MetricsOption = None,
    log_format: LogFormatOption = "text",
    json: JsonOption = False,
) -> None:
    """Scan the ingested paths again, tally, compute all indices, check the gates and publish a release.

    Every index of papers and patents is published with its 95 % interval. Same inputs and settings: no new
    release, and exit code 0. A gate that refuses: nothing is published, the old release stays, a table says
    what failed with the numbers, and exit code 3. What gates allow is declared in trendcore.toml. After
    `trendcore rollback` what was rolled back from is held back until inputs or settings change.
    """
    from trendcore.cli.gating import show_refusal
    from trendcore.cli.running import Outputs, log_end, run_update
    from trendcore.errors import GateError
    from trendcore.runs import logs

    one_of("--backend", backend, ("auto", "cpu", "gpu", "reference"))
    one_of("--log-format", log_format, logs.FORMATS)
    outputs = Outputs(summary, metrics)
    # people see a bar, warnings and the error's own line; programs see every event
    logs.to_stderr(log_format, without=() if log_format == "json" else _FOR_PROGRAMS)
    how: Record = {"bootstrap": bootstrap, "seed": seed, "backend": backend, "accept_change": accept_change}
    how["after_rollback"] = after_rollback
    how |= where(workers, cluster, tls_ca, tls_cert, tls_key)
    with progress("update", shown=log_format == "text") as advance:
        run = run_update(workspace, how, progress=advance)
    log_end(run.record)
    outputs.write(run.record)
    if isinstance(run.error, GateError):
        show_refusal(run.error, json=json)
    if run.error is not None:
        raise run.error
    assert run.update is not None
    if json:
        print_json(run.update)
        return
    if run.update["read"]["units"]:
        typer.echo(f"read {_ingest_in_words(run.update['read'])}")
    typer.echo(update_in_words(run.update))


def ingest_record(result: IngestResult) -> Record:
    """Return an ingest's counts as a record: totals, then one entry a file."""
    files = [
        {
            "file": counts.file,
            "read": counts.read,
            "accepted": counts.accepted,
            "quarantined": counts.quarantined,
            "set_aside": dict(sorted(counts.set_aside.items())),
        }
        for counts in result.counts
    ]
    totals = {
        key: sum(getattr(counts, key) for counts in result.counts)
        for key in ("read", "accepted", "quarantined")
    }
    aside: dict[str, int] = {}
    for counts in result.counts:
        for reason, n in counts.set_aside.items():
            aside[reason] = aside.get(reason, 0) + n
    units = [str(unit) for unit in result.units]
    warnings = [str(warning) for warning in result.warnings]
    return {
        "units": units,
        **totals,
        "set_aside": dict(sorted(aside.items())),
        "files": files,
        "warnings": warnings,
    }


def _ingest_in_words(record: Record) -> str:
    """Return one line: rows read are always rows accepted, quarantined and set aside."""
    if not record["units"]:
        return "nothing new: every file is as it was"
    reasons = ", ".join(f"{n:,} {reason.replace('_', ' ')}" for reason, n in record["set_aside"].items())
    aside = sum(record["set_aside"].values())
    return (
        f"{len(record['units']):,} inputs, {record['read']:,} rows: {record['accepted']:,} accepted, "
        f"{record['quarantined']:,} quarantined, {aside:,} set aside{f' ({reasons})' if reasons else ''}"
    )


def update_record(result: UpdateResult) -> Record:
    """Return an update's outcome as a record: the release, whether it is new, what was read, and timings."""
    return {
        "release": result.release,
        "changed": bool(result.changed),
        "counts": dict(result.counts),
        "timings": dict(result.timings),
        "gates": list(result.gates),
        "warnings": list(result.warnings),
        "read": ingest_record(result.read),
    }


def update_in_words(record: Record) -> str:
    """Return one line: what was published, or that nothing was to do."""
    if not record["changed"]:
        return f"nothing to do: release {record['release']} is up to date"
    seconds = sum(value for value in record["timings"].values() if isinstance(value, float))
    accepted = [gate["gate"] for gate in record["gates"] if gate["accepted"]]
    also = f", with an accepted change ({', '.join(accepted)})" if accepted else ""
    return f"published release {record['release']} in {seconds:.1f} s{also}"
