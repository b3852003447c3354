"""`trendcore report`: a pair on one page of HTML."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from trendcore.cli.options import FieldOption, JsonOption, ReleaseOption, WorkspaceOption
from trendcore.cli.output import print_json

if TYPE_CHECKING:
    from trendcore.workspace import Workspace


def report(
    workspace: WorkspaceOption,
    out: Annotated[Path, typer.Option("--out", "-o", metavar="OUT", help="The file to write.")],
    pair: Annotated[
        str | None,
        typer.Option(
            "--pair", metavar="A-B", help="Two countries, such as JP-US: the default, if it is there."
        ),
    ] = None,
    bloc: Annotated[
        str | None, typer.Option("--bloc", metavar="NAME", help="A bloc to show too, such as quad.")
    ] = None,
    field: FieldOption = None,
    release: ReleaseOption = None,
    title: Annotated[str | None, typer.Option("--title", metavar="TEXT", help="Title of the page.")] = None,
    note: Annotated[
        str | None, typer.Option("--note", metavar="TEXT", help="What a reader must know before all else.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace OUT if it is there.")] = False,
    json: JsonOption = False,
) -> None:
    """Write a report of a pair as one page of HTML: tables, charts, methods, sources and quality of the data.

    The page holds no scripts and loads nothing; the same release gives the same bytes. It needs the extra:
    pip install "trendcore[report]".
    """
    from trendcore.cli.exporting import check_place
    from trendcore.workspace import Workspace

    check_place(out, force=force)
    asked = {"pair": pair, "bloc": bloc, "field": field, "release": release, "title": title, "note": note}
    size = write_report(Workspace(workspace), out, **asked)
    if json:
        print_json({"out": str(out), "bytes": size})
        return
    typer.echo(f"{out}: {size:,} bytes")


def write_report(workspace: Workspace, out: Path, **asked: Any) -> int:
    """Write a report to its place, in one step, and return its size in bytes."""
    from trendcore.cli.exporting import put

    page = workspace.report(**asked).encode()
    put(out, lambda part: part.write_bytes(page))
    return len(page)
