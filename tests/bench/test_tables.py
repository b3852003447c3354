"""Tables, goals and picture of the benchmarks from result files with known times."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import table
from goals import GOALS
from result_files import newest
from support.shared import ROOT

from trendcore import bench

MACHINE = {
    "processor": "A Processor", "threads": {"numba": 2, "polars": 2}, "gpu": {}, "memory_gib": 16.0,
    "platform": "Linux", "python": "3.11.7", "versions": {"polars": "2.1.0"},
}  # fmt: skip


def write(folder: Path, name: str, seconds: dict[str, float], suite: str = "tally", **more: Any) -> None:
    works = bench.simulated(100)
    cases = {case.name: case for case in (bench.SPARSE if suite == "sparse" else bench.TALLY)}
    benchmarks = [
        {
            "name": f"test_{suite}[{case}]",
            "extra_info": bench.facts(suite, cases[case], works, "cpu"),
            "stats": {"median": median},
        }
        for case, median in seconds.items()
    ]
    content = {
        "machine_info": {"bench": MACHINE},
        "commit_info": {"id": "0123456789ab", "dirty": False},
        "datetime": "2026-01-02T03:04:05+00:00",
        "benchmarks": benchmarks + more.pop("benchmarks", []),
    }
    content |= more
    (folder / f"{name}.json").write_text(json.dumps(content))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    memory = {
        "name": "test_memory[codes]", "stats": {"median": 9.0},
        "extra_info": bench.facts("memory", bench.TALLY[3], bench.simulated(100), "cpu")
        | {"input_bytes": 1000, "peak_bytes": 1750},
    }  # fmt: skip
    times = {"reading": 0.05, "kernel-one": 0.19, "kernel": 0.1, "codes": 0.2, "enum": 0.15, "string": 0.5}
    peers = {"polars": 2.5, "duckdb": 7.9, "scipy": 12.0}
    write(tmp_path, "2026-01-01-tally-M", {"codes": 99.0, "polars": 1.0})
    write(tmp_path, "2026-01-02-tally-M", times | peers, benchmarks=[memory])
    write(tmp_path, "2026-01-02-sparse-5e6", {"kernel": 0.5, "codes": 1.0, "polars": 5.0}, "sparse")
    return tmp_path


def goal(folder: Path, what: str) -> tuple[str, str, str, str]:
    (found,) = (one for one in GOALS if what in one.what)
    return found.row(newest(folder))


def test_goals_of_the_newest_results(folder: Path) -> None:
    assert goal(folder, "Polars / `tc.tally`, lists of codes")[1:] == (
        "≥ 12×", "12.50× (Enum 16.67×, kernel alone 25.00×)", "met",
    )  # fmt: skip
    assert goal(folder, "DuckDB / `tc.tally`")[1:] == (
        "≥ 40×", "39.50× (Enum 52.67×, kernel alone 79.00×)", "**missed**",
    )  # fmt: skip
    assert goal(folder, "1 thread / all threads")[2:] == ("1.90×", "met")
    assert goal(folder, "memory at most")[2:] == ("1.75× (beyond the works 0.75×)", "**missed**")
    assert goal(folder, "reading the input once")[1:] == ("to be said", "2.00×", "")
    assert goal(folder, "lists of String")[2:] == ("5.00×", "**missed**")
    assert goal(folder, "sparse")[2:] == ("5.00× (kernel alone 10.00×)", "met")


def test_what_is_not_measured_says_so(folder: Path) -> None:
    assert goal(folder, "Arrow dictionaries")[2:] == ("not yet measured", "")
    assert goal(folder, "reading OpenAlex")[2:] == ("not yet measured", "")
    assert goal(folder, "from host memory")[1:] == ("≥ 10×", "not yet run on a device", "")
    assert all(one.row({})[2].startswith("not yet") for one in GOALS)


def test_goals_of_reading(folder: Path) -> None:
    rates = {"test_works_trendcore": 300.0, "test_works_polars": 100.0, "test_works_duckdb": 120.0}
    benchmarks = [
        {"name": name, "stats": {"median": 2.0}, "extra_info": {"mb": 600.0, "threads": 2, "mb_per_s": rate}}
        for name, rate in rates.items()
    ]
    write(folder, "2026-01-02-ingest", {}, benchmarks=benchmarks)
    assert goal(folder, "reading OpenAlex")[2:] == ("2.50×", "met")
    assert "| works duckdb | 2 | 2.00 s | 120 |" in table.times(newest(folder))


def test_trends_of_series(folder: Path) -> None:
    def case(name: str, what: str, n: int, rate: float) -> dict[str, Any]:
        more = {"what": what, "series": n, "years": 45, "threads": 2, "series_per_s": rate}
        return {"name": name, "stats": {"median": n / rate}, "extra_info": more}

    cases = [
        case("test_trend[original]", "trend", 60_000, 300_000.0),
        case("test_arrays[original]", "arrays", 60_000, 600_000.0),
        case("test_loop[original]", "a loop", 300, 1500.0),
    ]
    write(folder, "2026-01-02-trends", {}, benchmarks=cases)
    assert goal(folder, "45 years, not corrected")[1:] == (
        "≥ 150×", "400.00× (`tc.trends.trend`, from a long table, 200×)", "met",
    )  # fmt: skip
    assert goal(folder, "45 years, corrected")[2] == "not yet measured"
    assert "| trend | 2 | 60,000 | 200 ms | 300,000 |" in table.times(newest(folder))


def test_goals_of_a_device(folder: Path) -> None:
    medians = {"test_dense_polars": 1.4, "test_dense_data_on_the_device": 0.01}
    device = {"works": 20_000_000, "device": "A GPU", "times_of_reading": 6.0}
    benchmarks = [
        {"name": name, "stats": {"median": median}, "extra_info": device} for name, median in medians.items()
    ]
    write(folder, "2026-01-02-gpu-M", {}, benchmarks=benchmarks)
    assert goal(folder, "data on the device")[2:] == ("140.00× (A GPU)", "met")
    assert goal(folder, "bandwidth")[2:] == ("6.00× (A GPU)", "**missed**")
    assert goal(folder, "from host memory")[2] == "not yet run on a device"
    assert "| dense data on the device | 20,000,000 | 10.000 ms |" in table.times(newest(folder))
    path = folder / "2026-01-02-gpu-M.json"
    content = json.loads(path.read_text())
    content["machine_info"] = {"cpu": {"brand_raw": "Another"}, "python_version": "3.12.1"}  # kernels only
    path.write_text(json.dumps(content))
    assert newest(folder)["gpu-M"].where.startswith("Another; Python 3.12.1; revision 01234567")


def test_tables_go_between_their_marks(folder: Path, tmp_path: Path) -> None:
    readme = tmp_path / "README.md"
    marks = "\n".join(f"<!-- {mark} -->\nold\n<!-- end of {mark} -->" for mark in ("goals", "times"))
    readme.write_text(f"above\n{marks}\nbelow\n")
    table.write(readme, newest(folder))
    first = readme.read_text()
    assert first.startswith("above\n<!-- goals -->\n\n| goal | asked | measured |")
    assert first.endswith("<!-- end of times -->\nbelow\n")
    assert "old" not in first
    assert "| DuckDB | 2 | 7,900 ms | 39.50 |" in first
    assert "A Processor, 16.0 GiB; Python 3.11.7, polars 2.1.0; revision 01234567, 2026-01-02" in first
    assert "(results/2026-01-02-tally-M.json)" in first
    assert "test_memory" not in first
    table.write(readme, newest(folder))
    assert readme.read_text() == first
    with pytest.raises(ValueError, match="<!-- goals -->"):
        table.between("nothing", "goals", [])


def test_the_readme_has_the_marks() -> None:
    readme = Path(table.__file__).with_name("README.md").read_text(encoding="utf-8")
    for mark in ("goals", "times"):
        assert table.between(readme, mark, ["x"]) != readme


def test_the_picture_shows_every_tool(folder: Path) -> None:
    pytest.importorskip("altair")
    pytest.importorskip("vl_convert")
    import scaling

    write(folder, "2026-01-02-scaling", {"codes": 0.1, "polars": 0.9}, suite="scaling")
    found = scaling.points(newest(folder))
    names = ["Polars, streaming, 2 threads of A Processor", "trendcore, cpu, 2 threads of A Processor"]
    assert found.rows() == [(names[0], 100, 0.9), (names[1], 100, 0.1)]
    scaling.draw(found, "A title", folder / "scaling.svg")
    drawn = (folder / "scaling.svg").read_text()
    for text in (*names, "A title", "seconds"):
        assert text in drawn


def test_sizes_stand_as_they_follow_from_the_results() -> None:
    import sizing

    page = (ROOT / "docs" / "scaling.md").read_text(encoding="utf-8")
    assert sizing.written(page, newest()) == page


def test_more_machines_divide_the_work_of_workers_alone() -> None:
    import sizing

    rate = sizing.rates(newest())
    for load in sizing.LOADS:
        one, eight = (sizing.steps(load, machines, rate) for machines in (1, 8))
        for step, seconds in one.items():
            if not step.endswith("*"):
                assert seconds / 8.01 <= eight[step] <= seconds
