"""Write the table of benchmarks/README.md from the newest result of each size: python benchmarks/table.py."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
START, END = "<!-- table -->", "<!-- end of table -->"
LABELS = {
    "test_trendcore_codes": "trendcore, `tc.tally`, lists of codes",
    "test_trendcore_enum": "trendcore, `tc.tally`, lists of Enum",
    "test_polars": "Polars, streaming",
    "test_duckdb": "DuckDB",
    "test_scipy": "SciPy, sparse product by cell",
}
OURS = "test_trendcore_codes"


def table(path: Path) -> list[str]:
    """One result file as a Markdown table: seconds, and how many times as long as ours."""
    result: dict[str, Any] = json.loads(path.read_text())
    medians = {case["name"]: case["stats"]["median"] for case in result["benchmarks"]}
    first = result["benchmarks"][0]["extra_info"]
    cpu = result["machine_info"]["cpu"].get("brand_raw", "unknown processor")
    lines = [
        f"**{first['works']:,} works**, {first['threads']} threads, {cpu}, Python "
        f"{result['machine_info']['python_version']}, {result['datetime'][:10]} "
        f"([{path.name}](results/{path.name})):",
        "",
        "| | median of the rounds | times ours |",
        "| --- | ---: | ---: |",
    ]
    for name, label in LABELS.items():
        if name in medians:
            lines.append(f"| {label} | {medians[name]:.3f} s | {medians[name] / medians[OURS]:.1f} |")
    return [*lines, ""]


def main() -> None:
    newest = {path.stem.split("-", 3)[-1]: path for path in sorted(HERE.glob("results/*.json"))}
    readme = HERE / "README.md"
    before, _, rest = readme.read_text().partition(START)
    _, _, after = rest.partition(END)
    body = "\n".join(line for path in newest.values() for line in table(path))
    readme.write_text(f"{before}{START}\n\n{body}\n{END}{after}")


if __name__ == "__main__":
    main()
