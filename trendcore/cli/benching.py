"""`trendcore bench`: the small benchmark on the user's own machine."""

from __future__ import annotations

from dataclasses import asdict
from itertools import groupby
from typing import TYPE_CHECKING, Annotated, Any

import typer

from trendcore.cli.options import BackendOption, JsonOption, one_of
from trendcore.cli.output import print_json, print_lines, print_table, progress

if TYPE_CHECKING:
    from trendcore.bench import Timing

_COLUMNS = [("", "left"), ("threads", "right"), ("median", "right"), ("times ours", "right")]


def bench(
    works: Annotated[float, typer.Option("--works", metavar="N", help="How many works to simulate.")] = 1e6,
    backend: BackendOption = "auto",
    json: JsonOption = False,
) -> None:
    """Time the pair tally on this machine, beside Polars, and DuckDB and SciPy where they are installed.

    Works are made from a seed in memory; nothing is downloaded or kept. Every tool must give the same counts
    before the clock starts. A million works take a minute.
    """
    from trendcore.bench import machine, run
    from trendcore.errors import UsageError

    one_of("--backend", backend, ("auto", "cpu", "gpu", "reference"))
    if not 1 <= works <= 1e9 or works != int(works):
        raise UsageError(f"--works must be a whole number from 1 to 1e9, not {works:g}")
    with progress("bench") as advance:
        timings = run(int(works), backend=backend, progress=advance)
    where = machine()
    if json:
        print_json({"machine": where, "timings": [asdict(timing) for timing in timings]})
        return
    print_lines(_machine_in_words(where), "")
    for _, suite in groupby(timings, key=lambda timing: timing.suite):
        _print_suite(list(suite))
    print_lines(
        "Same works and same counts for all, checked before the clock started. Median of 5 calls after one",
        "that does not count. What each is, and larger sizes: benchmarks/ in the repository.",
    )


def _print_suite(timings: list[Timing]) -> None:
    from trendcore.bench import in_words

    first = timings[0]
    print_table(
        _COLUMNS,
        [[text.replace("`", "") for text in row] for row in in_words(timings)],
        title=f"{first.works:,} works of 5 affiliations, {first.members:,} members",
    )


def _machine_in_words(where: dict[str, Any]) -> str:
    versions = ", ".join(f"{name} {number}" for name, number in where["versions"].items())
    memory = "" if where["memory_gib"] is None else f", {where['memory_gib']} GiB"
    return f"{where['processor']}{memory}, Python {where['python']}; {versions}"
