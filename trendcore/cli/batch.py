"""Commands that change a workspace: demo, ingest, withdraw, update."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from trendcore.cli.options import BackendOption, JsonOption, WorkspaceOption, one_of
from trendcore.cli.output import print_json, progress, say

if TYPE_CHECKING:
    from trendcore.workspace import IngestResult, UpdateResult

Record = dict[str, Any]


def demo(
    folder: Annotated[
        Path, typer.Argument(metavar="[DIR]", help="Where the demo's files go.", show_default=False)
    ] = Path("trendcore-demo"),
    json: JsonOption = False,
) -> None:
    """Run the whole way on a small synthetic sample: ingest, update, then the pair JP-US.

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
    say(_update_in_words(published))
    if not json:
        typer.echo("Synthetic data: invented, says nothing about the world.\n")
    show_pair(workspace, "JP", "US", json=json)
    say(f"\nTry next: trendcore top -w {folder / 'workspace'} --field ai --index salton")


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
    json: JsonOption = False,
) -> None:
    """Read a feed's files into a workspace; made if it is not there. Nothing is published yet.

    A path that was read before and has not changed is not read again; one with new content is replaced. Rows
    that cannot be used go to the quarantine table with file, line and reason.
    """
    from trendcore.workspace import Workspace

    one_of("feed", feed, ("openalex", "patentsview", "baci", "comtrade"))
    one_of("--keep", keep, ("fields", "all"))
    with progress(f"ingest {feed}") as advance:
        result = Workspace(workspace).ingest(
            feed, *paths, keep="all" if keep == "all" else "fields", progress=advance
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
    bootstrap: Annotated[
        int | None,
        typer.Option(
            "--bootstrap",
            metavar="N",
            min=0,
            help="Make intervals by a bootstrap of N replicates, such as 1000, whatever the setting; 0 is "
            "the delta method, which draws nothing: the setting's default.",
            show_default=False,
        ),
    ] = None,
    seed: Annotated[
        int | None,
        typer.Option("--seed", metavar="N", min=0, help="Seed of the bootstrap; 0.", show_default=False),
    ] = None,
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
    backend: BackendOption = "auto",
    json: JsonOption = False,
) -> None:
    """Scan the ingested paths again, tally, compute all indices, check the gates and publish a release.

    Every index of papers and patents is published with its 95 % interval. Same inputs and settings: no new
    release, and exit code 0. A gate that refuses: nothing is published, the old release stays, a table says
    what failed with the numbers, and exit code 3. What gates allow is declared in trendcore.toml.
    """
    from trendcore.cli.gating import show_refusal
    from trendcore.errors import GateError
    from trendcore.workspace import Workspace

    one_of("--backend", backend, ("auto", "cpu", "gpu", "reference"))
    try:
        with progress("update") as advance:
            result = Workspace(workspace).update(
                bootstrap=bootstrap,
                seed=seed,
                backend=backend,
                accept_change=accept_change,
                progress=advance,
            )
    except GateError as error:
        show_refusal(error, json=json)
        raise
    record = update_record(result)
    if json:
        print_json(record)
        return
    for warning in record["warnings"]:
        say(f"warning: {warning}")
    if record["read"]["units"]:
        typer.echo(f"read {_ingest_in_words(record['read'])}")
    typer.echo(_update_in_words(record))


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


def _update_in_words(record: Record) -> str:
    if not record["changed"]:
        return f"nothing to do: release {record['release']} is up to date"
    seconds = sum(value for value in record["timings"].values() if isinstance(value, float))
    accepted = [gate["gate"] for gate in record["gates"] if gate["accepted"]]
    also = f", with an accepted change ({', '.join(accepted)})" if accepted else ""
    return f"published release {record['release']} in {seconds:.1f} s{also}"
