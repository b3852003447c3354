"""Commands that change a workspace: demo, ingest, withdraw, update."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from trendcore.cli.options import BackendOption, JsonOption, WorkspaceOption
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
    for feed in ("openalex", "patentsview", "baci"):
        with progress(f"ingest {feed}") as advance:
            result = workspace.ingest(feed, str(sample / feed), progress=advance)
        say(f"ingest {feed}: {_in_words(ingest_record(result))}")
    with progress("update") as advance:
        update_record_ = update_record(workspace.update(progress=advance))
    say(_update_in_words(update_record_))
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

    with progress(f"ingest {feed}") as advance:
        result = Workspace(workspace).ingest(feed, *paths, keep=keep, progress=advance)
    record = ingest_record(result)
    if json:
        print_json(record)
        return
    for warning in record["warnings"]:
        say(f"warning: {warning}")
    typer.echo(_in_words(record))


def withdraw(
    path: Annotated[str, typer.Argument(metavar="PATH", help="A path as it was ingested.")],
    workspace: WorkspaceOption,
    json: JsonOption = False,
) -> None:
    """Take an ingested file out of the next release; releases that are published stay as they are."""
    from trendcore.workspace import Workspace

    taken = Workspace(workspace).withdraw(path)
    if json:
        print_json({"path": path, "withdrawn": taken})
        return
    typer.echo(f"withdrawn: {path}; run `trendcore update -w {workspace}` to publish without it")


def update(
    workspace: WorkspaceOption,
    backend: BackendOption = "auto",
    json: JsonOption = False,
) -> None:
    """Scan the ingested paths again, tally, compute all indices, check the gates and publish a release.

    Same inputs and settings: no new release, and exit code 0. A gate that refuses: nothing is published, the
    old release stays, and exit code 3.
    """
    from trendcore.workspace import Workspace

    with progress("update") as advance:
        result = Workspace(workspace).update(backend=backend, progress=advance)
    record = update_record(result)
    if json:
        print_json(record)
        return
    typer.echo(_update_in_words(record))


def ingest_record(result: IngestResult) -> Record:
    """Return an ingest's counts as a record: totals, and one entry a file."""
    from dataclasses import asdict

    return asdict(result)


def _in_words(record: Record) -> str:
    return str(record)


def update_record(result: UpdateResult) -> Record:
    """Return an update's outcome as a record."""
    from dataclasses import asdict

    return asdict(result)


def _update_in_words(record: Record) -> str:
    return str(record)
