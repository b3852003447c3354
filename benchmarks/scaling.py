"""Draw benchmarks/scaling.svg, time against works, from the newest results: python benchmarks/scaling.py."""

from __future__ import annotations

import sys
from pathlib import Path

import altair as alt
import polars as pl
from result_files import HERE, Result, newest

from trendcore.bench import Timing

#: measurements with times against works, by backend
KINDS = ("scaling", "gpu-scaling")


def points(results: dict[str, Result]) -> pl.DataFrame:
    """One row a point: tool and where it ran, works, seconds."""
    rows = [
        {
            "tool": f"{_tool(timing)}, {_place(result, timing)}",
            "works": timing.works,
            "seconds": timing.seconds,
        }
        for kind in KINDS
        if (result := results.get(kind)) is not None
        for timing in result.timings
    ]
    schema = {"tool": pl.String, "works": pl.Int64, "seconds": pl.Float64}
    return pl.DataFrame(rows, schema=schema).sort("tool", "works")


def _tool(timing: Timing) -> str:
    return f"trendcore, {timing.backend}" if timing.backend else timing.label


def _place(result: Result, timing: Timing) -> str:
    machine = result.content["machine_info"]["bench"]
    on_gpu = timing.backend == "gpu"
    return str(machine["gpu"]["device"]) if on_gpu else f"{timing.threads} threads of {machine['processor']}"


def draw(found: pl.DataFrame, title: str, out: Path) -> None:
    """Draw both axes by powers of ten."""
    chart = (
        alt.Chart(found, title=alt.Title("Pair tally: time against works", subtitle=title, anchor="start"))
        .mark_line(point=True)
        .encode(
            x=alt.X("works:Q", title="works (5 affiliations each)").scale(type="log").axis(format="~s"),
            y=alt.Y("seconds:Q", title="seconds, median of 5").scale(type="log").axis(format="~g"),
            color=alt.Color("tool:N", title=None).legend(labelLimit=400, orient="bottom", columns=1),
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
    title = ", ".join(sorted({result.content["datetime"][:10] for result in measured}))
    draw(points(results), title, HERE / "scaling.svg")
    return 0


if __name__ == "__main__":
    sys.exit(main())
