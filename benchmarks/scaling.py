"""Draw benchmarks/scaling.svg, time against works, from the newest results: python benchmarks/scaling.py."""

from __future__ import annotations

import sys
from pathlib import Path

import altair as alt
import polars as pl
from result_files import HERE, Result, newest

#: measurements with times against works, by backend
KINDS = ("scaling", "gpu-scaling")


def points(results: dict[str, Result]) -> pl.DataFrame:
    """One row a point: tool, works, seconds."""
    rows = [
        {
            "tool": f"trendcore, {timing.backend}" if timing.backend else timing.label,
            "works": timing.works,
            "seconds": timing.seconds,
        }
        for kind in KINDS
        if kind in results
        for timing in results[kind].timings
    ]
    schema = {"tool": pl.String, "works": pl.Int64, "seconds": pl.Float64}
    return pl.DataFrame(rows, schema=schema).unique(["tool", "works"], keep="last").sort("tool", "works")


def draw(found: pl.DataFrame, title: str, out: Path) -> None:
    """Draw both axes by powers of ten."""
    chart = (
        alt.Chart(found, title=alt.Title("Pair tally: time against works", subtitle=title, anchor="start"))
        .mark_line(point=True)
        .encode(
            x=alt.X("works:Q", title="works (5 affiliations each)").scale(type="log").axis(format="~s"),
            y=alt.Y("seconds:Q", title="seconds, median of 5").scale(type="log").axis(format="~g"),
            color=alt.Color("tool:N", title=None),
        )
        .properties(width=520, height=320, background="white")
    )
    chart.save(out)


def main() -> int:
    results = newest()
    measured = [results[kind] for kind in KINDS if kind in results]
    if not measured:
        print("no result of a scaling measurement: no picture", file=sys.stderr)
        return 0
    machines = [result.content["machine_info"]["bench"] for result in measured]
    title = "; ".join(
        f"{machine['processor']}, {machine['threads']['numba']} threads, {result.content['datetime'][:10]}"
        for machine, result in zip(machines, measured, strict=True)
    )
    draw(points(results), title, HERE / "scaling.svg")
    return 0


if __name__ == "__main__":
    sys.exit(main())
