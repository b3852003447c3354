"""What the reading commands print, from a small invented release."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from support.published import PublishedWorkspace

from trendcore.errors import UsageError
from trendcore.report.pair import country


@pytest.mark.parametrize("text", ["JP", "jp", "JPN", "japan", " Japan "])
def test_countries_by_code_and_name(text: str) -> None:
    assert country(text) == "JP"


def test_a_wrong_country_names_the_nearest() -> None:
    with pytest.raises(UsageError, match="did you mean Japan"):
        country("Jappan")


def test_show_says_who_when_and_how_counted(run: Any) -> None:
    out = run("show", "JP", "US", "-w", "ws")
    assert out.exit_code == 0
    for words in (
        "Japan and United States", "Papers (OpenAlex", "2023", "2 of 4", "full counting",
        "10.0 % of the works",
        "international works", "latest complete year", "no threshold", "3.1 bn", "11.0 %", "JP → US",
        "invented JP, owned US",
    ):  # fmt: skip
        assert words in out.stdout, words
    assert "chance" not in out.stdout


def test_show_json_holds_both_ways(run: Any) -> None:
    out = run("show", "USA", "japan", "-w", "ws", "--json")
    record = json.loads(out.stdout)
    assert (record["a"], record["b"]) == ("US", "JP")
    paper = record["works"][0]
    assert paper["joint"] == 31
    assert paper["share_of_b"] == pytest.approx(0.31)
    assert paper["share_of_a"] == pytest.approx(31 / 400)
    assert (paper["rank"], paper["rank_of"]) == (2, 4)
    assert paper["year"] == 2023
    assert paper["series_years"] == [2018, 2022, 2023]
    assert paper["share_unknown_country"] == pytest.approx(0.1)
    trade = record["trade"][0]
    assert (trade["value_a_to_b"], trade["value_b_to_a"]) == (2.2e9, 3.1e9)
    assert trade["import_share_of_b"] == pytest.approx(2.2e9 / 2e10)
    owned = record["ownership"][0]
    assert (owned["value_a_to_b"], owned["value_b_to_a"]) == (2, 7)


def test_show_of_a_pair_without_joint_works_is_zero(run: Any) -> None:
    record = json.loads(run("show", "DE", "AU", "-w", "ws", "--json").stdout)
    assert record["works"][0]["joint"] == 0
    assert record["works"][0]["salton"] == 0.0
    assert record["works"][0]["rank"] is None


def test_show_csv_has_a_row_for_each_source_and_field(run: Any) -> None:
    rows = list(csv.DictReader(io.StringIO(run("show", "JP", "US", "-w", "ws", "--csv").stdout)))
    assert {row["source"] for row in rows} == {"openalex", "patentsview", "baci"}
    assert "salton=docs_int" in rows[0]["marginals"].split()


def test_show_ranks_by_another_symmetric_index(run: Any) -> None:
    out = run("show", "JP", "US", "-w", "ws", "--index", "ncses", "--json")
    assert json.loads(out.stdout)["works"][0]["rank"] == 2


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("show", "JP", "Japan", "-w", "ws"), "same country"),
        (("show", "JP", "Atlantis", "-w", "ws"), "no country is called 'Atlantis'"),
        (
            ("show", "JP", "US", "-w", "ws", "--field", "biotech"),
            "nothing is published for the field 'biotech'",
        ),
        (("show", "JP", "US", "-w", "ws", "--index", "saltn"), "no index is called 'saltn'"),
        (("show", "JP", "US", "-w", "ws", "--index", "calibrated"), "calibrated is not published"),
        (("show", "JP", "US", "-w", "ws", "--index", "share"), "symmetric"),
        (("show", "JP", "US", "-w", "ws", "--json", "--csv"), "exclude each other"),
        (("show", "JP", "US"), "Missing option"),
        (("show", "JP", "US", "-w", "ws", "--nonsense"), "No such option"),
        (("shw",), "No such command"),
        (("top", "-w", "ws", "--field", "biotech"), "nothing is published"),
        (("top", "-w", "ws", "--field", "ai", "--source", "baci"), "not published for baci"),
        (("top", "-w", "ws", "--field", "ai", "--year", "1990"), "of the year 1990"),
        (("export", "out.doc", "-w", "ws"), "unknown format"),
    ],
)
def test_wrong_usage_is_one_line_and_exit_2(run: Any, args: tuple[str, ...], words: str) -> None:
    out = run(*args)
    assert out.exit_code == 2
    assert out.stdout == ""
    assert out.stderr.startswith("error: ")
    assert out.stderr.count("\n") == 1
    assert words in out.stderr


def test_top_orders_and_leaves_small_pairs_out(run: Any) -> None:
    answer = json.loads(run("top", "-w", "ws", "--field", "ai", "--index", "salton", "--json").stdout)
    assert [(row["a"], row["b"]) for row in answer["pairs"]] == [("CN", "US"), ("JP", "US"), ("DE", "US")]
    assert (answer["source"], answer["year"], answer["marginals"]) == ("openalex", 2023, "docs_int")
    fewer = json.loads(run("top", "-w", "ws", "--field", "ai", "--min-joint", "30", "--json").stdout)
    assert len(fewer["pairs"]) == 2


def test_top_of_directed_rising_and_trade(run: Any) -> None:
    share = json.loads(
        run("top", "-w", "ws", "--field", "ai", "--index", "share", "--json", "--limit", "2").stdout
    )
    assert [row["rank"] for row in share["pairs"]] == [1, 2]
    trade = json.loads(
        run("top", "-w", "ws", "--field", "semiconductors", "--index", "value", "--json").stdout
    )
    assert trade["pairs"][0]["a"] == "TW"
    for more in ((), ("--rising",), ("--csv",)):
        assert run("top", "-w", "ws", "--field", "ai", *more).exit_code == 0


@pytest.mark.parametrize("form", ["parquet", "csv", "xlsx", "arrow"])
def test_export_gives_back_the_rows(run: Any, tmp_path: Path, form: str) -> None:
    path = tmp_path / f"out.{form}"
    out = run("export", str(path), "-w", "ws", "--field", "ai", "--index", "joint", "--json")
    assert out.exit_code == 0, out.stderr
    readers = {"parquet": pl.read_parquet, "csv": pl.read_csv, "xlsx": pl.read_excel, "arrow": pl.read_ipc}
    found = readers[form](path)  # type: ignore[operator]
    assert found.height == json.loads(out.stdout)["rows"] > 0
    assert [entry.name for entry in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_export_escapes_formulas(run: Any, tmp_path: Path, form: str) -> None:
    path = tmp_path / f"out.{form}"
    assert run("export", str(path), "-w", "ws", "--table", "raw").exit_code == 0
    found = pl.read_csv(path) if form == "csv" else pl.read_excel(path)
    assert found["a"].to_list() == ["'=1+1", "JP"]
    assert found["members"][0] == "JP US"


def test_export_keeps_a_file_that_is_there(run: Any, tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    path.write_text("mine")
    out = run("export", str(path), "-w", "ws")
    assert out.exit_code == 2
    assert "--force" in out.stderr
    assert path.read_text() == "mine"
    assert run("export", str(path), "-w", "ws", "--force").exit_code == 0


def test_export_selects_a_pair(run: Any, tmp_path: Path) -> None:
    path = tmp_path / "out.parquet"
    assert run("export", str(path), "-w", "ws", "--pair", "us-japan").exit_code == 0
    found = pl.read_parquet(path)
    assert set(found["a"]) | set(found["b"]) == {"JP", "US"}


def test_indices_lists_the_registry(run: Any) -> None:
    from trendcore.indices import registry

    entries = json.loads(run("indices", "--json").stdout)
    assert {entry["name"] for entry in entries} == set(registry())
    assert all(entry["formula"] and entry["source"] and entry["range"] for entry in entries)
    assert "salton" in run("indices").stdout
    assert run("indices", "--csv").stdout.startswith("name,")


def test_releases(run: Any) -> None:
    assert [row["release"] for row in json.loads(run("releases", "-w", "ws", "--json").stdout)] == [1, 2]
    assert "2024-07-09" in run("releases", "-w", "ws").stdout


def test_a_folder_is_no_file_to_export_to(run: Any, tmp_path: Path) -> None:
    for more in ((), ("--force",)):
        out = run("export", str(tmp_path), "-w", "ws", "--format", "csv", *more)
        assert (out.exit_code, out.stderr) == (2, f"error: {tmp_path} is a folder; give the name of a file\n")


def test_show_says_interval_and_trend_of_every_value(run: Any) -> None:
    out = run("show", "JP", "US", "-w", "ws")
    assert "[0.077, 0.310]" in out.stdout
    assert "▲ 0.004" in out.stdout
    assert "Mann-Kendall" in out.stdout
    assert "by the delta method" in out.stdout
    record = json.loads(run("show", "US", "JP", "-w", "ws", "--json").stdout)
    paper, owned, trade = (record[kind][0] for kind in ("works", "ownership", "trade"))
    names = ("index", "value", "lo", "hi", "interval", "interval_flag")
    assert tuple(paper[name] for name in names) == ("salton", 0.155, 0.0775, 0.31, "delta", None)
    names = ("trend", "trend_p", "trend_slope", "trend_years")
    assert tuple(paper[name] for name in names) == ("rising", 0.004, 0.01, "2018-2023")
    assert (owned["lo_b_to_a"], owned["hi_b_to_a"], owned["trend_b_to_a"]) == (3.5, 14.0, "rising")
    assert (trade["trend_b_to_a"], trade["lo_b_to_a"], trade["interval_b_to_a"]) == ("rising", None, None)
    few = run("show", "AU", "JP", "-w", "ws").stdout
    assert "[0.005, 0.020]*" in few
    assert "▼ <0.001" in few
    rows = list(csv.DictReader(io.StringIO(run("show", "JP", "US", "-w", "ws", "--csv").stdout)))
    assert rows[0]["trend"] == "rising"
    assert rows[0]["trend_years"] == "2018-2023"


def test_arrows_are_ascii_where_stdout_knows_no_others(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from trendcore.cli import output

    monkeypatch.setattr(output.sys, "stdout", io.TextIOWrapper(io.BytesIO(), encoding="cp1252"))
    assert [output.arrow(each) for each in ("rising", "falling", "none", None)] == ["^", "v", "=", "–"]


def test_top_says_interval_and_trend_and_lists_the_rising(run: Any) -> None:
    args = ("top", "-w", "ws", "--field", "ai", "--min-joint", "1")
    rows = json.loads(run(*args, "--json").stdout)["pairs"]
    first, last = rows[0], rows[-1]
    assert (first["lo"], first["hi"], first["interval"], first["trend"]) == (0.1, 0.4, "delta", "rising")
    assert (last["interval_flag"], last["trend"], last["trend_slope"]) == ("small_count", "falling", -0.02)
    shown = run(*args).stdout
    assert "[0.0050, 0.0200]*" in shown
    assert "means nothing" in shown
    rising = json.loads(run(*args, "--rising", "--json").stdout)
    assert [row["b"] for row in rising["pairs"]] == ["US"] * 3
    assert (rising["tested"], rising["rising"]) == (4, True)
    assert "Rising of 4 tested, by slope" in run(*args, "--rising").stdout
    out = run(*args, "--rising", "--year", "2022")
    assert (out.exit_code, "up to 2023" in out.stderr) == (2, True)
    older = json.loads(run(*args, "--year", "2022", "--json").stdout)["pairs"]
    assert {row["trend"] for row in older} == {None}


@pytest.mark.parametrize(
    "command", [("show", "JP", "US"), ("top", "--field", "ai"), ("top", "--field", "ai", "--rising")]
)
def test_nothing_is_called_above_or_below_chance(run: Any, command: tuple[str, ...]) -> None:
    shown = run(*command, "-w", "ws").stdout.lower()
    assert shown
    assert not {word for word in ("chance", "above", "below", "expected") if word in shown}


def test_a_release_without_trends_is_shown_without(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PublishedWorkspace, "tables", lambda *_args, **_named: ["coverage"])
    assert json.loads(run("show", "JP", "US", "-w", "ws", "--json").stdout)["works"][0]["trend"] is None
    shown = run("show", "JP", "US", "-w", "ws")
    assert (shown.exit_code, "Mann-Kendall" in shown.stdout) == (0, False)
    top = run("top", "-w", "ws", "--field", "ai", "--rising")
    assert (top.exit_code, "no pair has a trend" in top.stdout) == (0, True)
