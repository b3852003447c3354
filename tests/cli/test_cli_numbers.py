"""Numbers of `show` and `top` where years have gaps, countries are unknown and values are undefined."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from support.workspaces import qis, write_works
from typer.testing import CliRunner

import trendcore as tc
from trendcore.cli.app import app

HEADER = "refYear,flowCode,reporterCode,partnerCode,classificationCode,cmdCode,primaryValue\n"


def papers(folder: Path, *works: tuple[int, tuple[str, ...], int]) -> Path:
    """A released workspace of works on quantum information: year, countries, how many."""
    each = [(year, countries) for year, countries, n in works for _ in range(n)]
    records = [
        qis(at, *countries, publication_year=year, publication_date=f"{year}-03-01")
        for at, (year, countries) in enumerate(each, start=1)
    ]
    ws = tc.Workspace(folder / "ws")
    ws.ingest("openalex", write_works(folder / "w.jsonl", *records))
    ws.update()
    return folder / "ws"


def answer(*args: str) -> Any:
    out = CliRunner().invoke(app, [*args, "--json"])
    assert out.exit_code == 0, out.stderr
    return json.loads(out.stdout)


def test_a_year_without_known_countries_is_not_spoken_of(tmp_path: Path) -> None:
    ws = papers(tmp_path, (2017, ("JP", "US"), 2), (2018, ("JP", "US"), 7), (2019, (), 4))
    (row,) = answer("show", "JP", "US", "-w", str(ws))["works"]
    assert (row["year"], row["joint"], row["salton"], row["rank"]) == (2018, 7, 1.0, 1)
    assert (row["series_years"], row["series"]) == ([2017, 2018], [2, 7])
    top = answer("top", "-w", str(ws), "--field", "qis", "--min-joint", "1")
    assert (top["year"], [pair["joint"] for pair in top["pairs"]]) == (2018, [7])


def test_pairs_below_zero_are_ranked_too(tmp_path: Path) -> None:
    ws = papers(
        tmp_path,
        (2018, ("JP", "US"), 9), (2018, ("DE", "FR"), 9), (2018, ("FR", "JP"), 1), (2018, ("DE", "US"), 1),
    )  # fmt: skip
    args = ("-w", str(ws), "--index", "npmi")
    (row,) = answer("show", "FR", "JP", *args)["works"]
    assert row["npmi"] < 0
    assert (row["rank"], row["rank_of"]) == (3, 4)
    (none,) = answer("show", "FR", "US", *args)["works"]
    assert (none["joint"], none["npmi"], none["salton"], none["rank"]) == (0, -1.0, 0.0, None)
    (infinite,) = answer("show", "FR", "US", "-w", str(ws), "--index", "pmi")["works"]
    assert infinite["pmi"] is None
    assert infinite["marginals"] == {
        "ncses": "docs_int", "pmi": "matrix", "salton": "docs_int", "share": "docs_int",
    }  # fmt: skip


def test_rising_pairs_are_in_the_order_of_their_slope(tmp_path: Path) -> None:
    years = range(2014, 2024)
    ws = papers(
        tmp_path,
        *[(year, ("JP", "US"), 2 + 2 * (year - 2014)) for year in years],
        *[(year, ("DE", "US"), 1 + (year - 2014)) for year in years],
        *[(year, ("DE", "FR"), 20 - (year - 2014)) for year in years],
        *[(year, ("FR", "JP"), 7 + year % 2) for year in years],
        (2024, ("FR", "JP"), 40),  # of a year that is not complete
    )
    args = ("-w", str(ws), "--field", "qis", "--min-joint", "1", "--index", "joint")
    found = answer("top", *args, "--rising")
    assert [(row["a"], row["b"], row["trend_slope"]) for row in found["pairs"]] == [
        ("JP", "US", 2.0), ("DE", "US", 1.0),
    ]  # fmt: skip
    assert (found["tested"], found["pairs"][0]["trend_years"]) == (4, "2014-2023")
    assert found["pairs"][0]["trend_p"] == pytest.approx(0.000083, abs=1e-6)
    every = {(row["a"], row["b"]): row["trend"] for row in answer("top", *args)["pairs"]}
    assert every["DE", "FR"] == "falling"
    assert every["FR", "JP"] == "none"
    out = CliRunner().invoke(
        app, ["top", "-w", str(ws), "--field", "qis", "--min-joint", "1", "--rising", "--index", "orc"]
    )
    assert out.exit_code == 0, out.stderr


def test_a_year_without_a_report_is_a_gap_and_no_zero(tmp_path: Path) -> None:
    rows = ["2018,M,764,392,H5,854231,5", "2019,M,410,156,H5,854231,5", "2020,M,764,156,H5,854231,7"]
    rows += ["2021,M,764,392,H5,854231,9", "2021,M,410,392,H5,854231,4"]
    (tmp_path / "t.csv").write_text(HEADER + "\n".join(rows) + "\n")
    ws = tc.Workspace(tmp_path / "ws")
    ws.ingest("comtrade", tmp_path / "t.csv")
    ws.update()
    (row,) = answer("show", "JP", "TH", "-w", str(tmp_path / "ws"), "--field", "semiconductors")["trade"]
    assert row["series_years"] == [2018, 2019, 2020, 2021]
    assert (row["series_a_to_b"], row["series_b_to_a"]) == ([5.0, None, None, 9.0], [None] * 4)
    (row,) = answer("show", "CN", "KR", "-w", str(tmp_path / "ws"), "--field", "semiconductors")["trade"]
    assert (row["series_a_to_b"], row["value_a_to_b"]) == ([None, 5.0, None, None], None)
