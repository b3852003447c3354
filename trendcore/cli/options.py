"""Options that several commands share, so that they are spelled and explained in one way."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

WorkspaceOption = Annotated[
    str,
    typer.Option(
        "--workspace",
        "-w",
        metavar="WS",
        help="Folder of the workspace, or s3://bucket/prefix.",
        show_default=False,
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
CsvOption = Annotated[bool, typer.Option("--csv", help="Print CSV instead of a table.")]
ReleaseOption = Annotated[
    int | None,
    typer.Option("--release", metavar="N", help="Release to read; the current one by default.", min=1),
]
FieldOption = Annotated[
    str | None, typer.Option("--field", metavar="FIELD", help="semiconductors, ai, qis, 5g, space or all.")
]
BackendOption = Annotated[
    str,
    typer.Option("--backend", metavar="NAME", help="auto, cpu, gpu or reference; never changes a number."),
]
BootstrapOption = Annotated[
    int | None,
    typer.Option(
        "--bootstrap",
        metavar="N",
        min=0,
        help="Make intervals by a bootstrap of N replicates, such as 1000, whatever the setting; 0 is "
        "the delta method, which draws nothing: the setting's default.",
        show_default=False,
    ),
]
SeedOption = Annotated[
    int | None,
    typer.Option("--seed", metavar="N", min=0, help="Seed of the bootstrap; 0.", show_default=False),
]
SummaryOption = Annotated[
    Path | None,
    typer.Option(
        "--summary", metavar="FILE", help="Write what came of the run as JSON, also of one that failed."
    ),
]
WorkersOption = Annotated[
    int,
    typer.Option(
        "--workers", metavar="N", min=1, help="Processes that read and tally; never changes a number."
    ),
]
ClusterOption = Annotated[
    str | None,
    typer.Option(
        "--cluster",
        metavar="ADDRESS",
        help="Scheduler of dask.distributed whose workers read and tally: tls://HOST:PORT, or "
        "tcp://127.0.0.1:PORT.",
        show_default=False,
    ),
]
TlsCaOption = Annotated[
    Path | None,
    typer.Option("--tls-ca", metavar="FILE", help="Certificate of the cluster's authority, PEM."),
]
TlsCertOption = Annotated[
    Path | None, typer.Option("--tls-cert", metavar="FILE", help="Own certificate for the cluster.")
]
TlsKeyOption = Annotated[
    Path | None, typer.Option("--tls-key", metavar="FILE", help="Key of the own certificate.")
]
MetricsOption = Annotated[
    Path | None,
    typer.Option(
        "--metrics", metavar="FILE", help="Write metrics for Prometheus' textfile collector; ends in .prom."
    ),
]
LogFormatOption = Annotated[
    str,
    typer.Option("--log-format", metavar="FORM", help="text, or json: an object a line on stderr."),
]


def where(
    workers: int, cluster: str | None, tls_ca: Path | None, tls_cert: Path | None, tls_key: Path | None
) -> dict[str, Any]:
    """Return the arguments of `Workspace.update` and `Workspace.ingest` that say who works, if said."""
    from trendcore.errors import UsageError

    files = (tls_ca, tls_cert, tls_key)
    if any(files) and not all(files):
        raise UsageError("--tls-ca, --tls-cert and --tls-key go together: give all three")
    said = {
        "workers": workers if workers != 1 else None,
        "cluster": cluster,
        "tls": files if any(files) else None,
    }
    return {name: value for name, value in said.items() if value is not None}


def one_form(json: bool, csv: bool) -> None:
    """Refuse two output forms at once."""
    from trendcore.errors import UsageError

    if json and csv:
        raise UsageError("--json and --csv exclude each other: choose one")


def one_of(what: str, value: str, allowed: tuple[str, ...]) -> None:
    """Refuse a word that is none of those allowed."""
    from trendcore.errors import UsageError

    if value not in allowed:
        raise UsageError(f"{what} must be {', '.join(allowed[:-1])} or {allowed[-1]}, not {value!r}")
