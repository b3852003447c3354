"""Write the tables of benchmarks/README.md from the newest result files: python benchmarks/table.py."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from goals import GOALS
from result_files import HERE, Result, newest

from trendcore.bench import in_words

TITLES = {
    "tally-S": "Size S",
    "tally-M": "Size M",
    "tally-L": "Size L",
    "sparse-S": "Institutions, size S",
    "sparse-5e6": "Institutions, 5e6 works",
}


def markdown(heads: Sequence[str], rows: Sequence[Sequence[str]], left: int) -> list[str]:
    """Rows as a Markdown table; so many columns stand on the left."""
    sides = ["---" if at < left else "---:" for at in range(len(heads))]
    return [f"| {' | '.join(row)} |" for row in (heads, sides, *rows)]


def goals(results: dict[str, Result]) -> list[str]:
    """Each goal beside what was measured."""
    rows = [goal.row(results) for goal in GOALS]
    return markdown(("goal", "asked", "measured", ""), rows, 1)


def times(results: dict[str, Result]) -> list[str]:
    """Times of every measurement, with where they are from."""
    lines: list[str] = []
    for kind, title in TITLES.items():
        timings = results[kind].timings if kind in results else []
        if timings:
            first = timings[0]
            lines += [
                f"**{title}: {first.works:,} works, {first.members:,} members.** {results[kind].where}:",
                "",
                *markdown(("", "threads", "median", "times ours"), in_words(timings), 1),
                "",
            ]
    return lines + _reading(results) + _series(results) + _on_device(results)


def _reading(results: dict[str, Result]) -> list[str]:
    result = results.get("ingest")
    if result is None:
        return []
    rows = [
        (
            case["name"].removeprefix("test_").replace("_", " "),
            str(case["extra_info"]["threads"]),
            f"{case['stats']['median']:.2f} s",
            f"{case['extra_info']['mb_per_s']:,.0f}",
        )
        for case in result.content["benchmarks"]
        if "mb_per_s" in case["extra_info"]
    ]
    heads = ("", "threads", "median", "MB/s, unpacked")
    return [f"**Reading raw files.** {result.where}:", "", *markdown(heads, rows, 1), ""]


def _series(results: dict[str, Result]) -> list[str]:
    result = results.get("trends")
    if result is None:
        return []
    rows = []
    for case in result.content["benchmarks"]:
        info = case["extra_info"]
        n, median = info["series"], case["stats"]["median"]
        rows.append(
            (
                info["what"],
                str(info["threads"]),
                f"{n:,}",
                f"{1000 * median:,.0f} ms",
                f"{info['series_per_s']:,.0f}",
            )
        )
    heads = ("", "threads", "series", "median", "series a second")
    years = result.content["benchmarks"][0]["extra_info"]["years"]
    return [f"**Trends of series of {years} years.** {result.where}:", "", *markdown(heads, rows, 1), ""]


def _on_device(results: dict[str, Result]) -> list[str]:
    result = results.get("gpu-M")
    if result is None:
        return []
    rows = [
        (
            case["name"].removeprefix("test_").replace("_", " "),
            f"{case['extra_info']['works']:,}",
            f"{1000 * case['stats']['median']:,.3f} ms",
        )
        for case in result.content["benchmarks"]
        if "works" in case["extra_info"]
    ]
    heads = ("", "works", "median")
    return [f"**Kernels on {result.device}.** {result.where}:", "", *markdown(heads, rows, 1), ""]


def between(text: str, mark: str, lines: Sequence[str]) -> str:
    """Put lines between the marks `<!-- mark -->` and `<!-- end of mark -->`.

    Raises
    ------
    ValueError
        A mark is not there.
    """
    start, end = f"<!-- {mark} -->", f"<!-- end of {mark} -->"
    before, _, rest = text.partition(start)
    _, found, after = rest.partition(end)
    if not found:
        raise ValueError(f"no {start} with {end} after it")
    body = "\n".join(lines).strip("\n")
    return f"{before}{start}\n\n{body}\n\n{end}{after}"


def write(readme: Path, results: dict[str, Result]) -> None:
    """Write the tables into a README."""
    text = between(readme.read_text(encoding="utf-8"), "goals", goals(results))
    readme.write_text(between(text, "times", times(results)), encoding="utf-8")


if __name__ == "__main__":
    write(HERE / "README.md", newest())
