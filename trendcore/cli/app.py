"""The typer application: its commands and the options that they share."""

from __future__ import annotations

from typing import Annotated

import typer

from trendcore import __version__
from trendcore.cli import batch, benching, history, look, reporting, scheduling
from trendcore.cli.guard import EXIT_CODES, Commands

app = typer.Typer(
    name="trendcore",
    cls=Commands,
    help="Country-pair collaboration indices from papers, patents and trade.",
    epilog=EXIT_CODES,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"trendcore {__version__}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def _shared(
    context: typer.Context,
    _show_version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and leave.")
    ] = False,
    _debug: Annotated[
        bool, typer.Option("--debug", help="Show the traceback of an error instead of one line.")
    ] = False,
) -> None:
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


app.command()(batch.demo)
app.command()(batch.ingest)
app.command()(batch.withdraw)
app.command()(batch.update)
app.command()(scheduling.schedule)
app.command()(look.show)
app.command()(look.top)
app.command()(look.export)
app.command()(reporting.report)
app.command()(look.indices)
app.command()(look.releases)
app.command()(history.diff)
app.command()(history.rollback)
app.command()(history.recompute)
app.command()(history.verify)
app.command()(history.gc)
app.command()(look.doctor)
app.command()(benching.bench)
