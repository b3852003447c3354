"""The first command of the README, from the raw sample to the table of a pair."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

pytest.importorskip("trendcore.workspace", reason="the workspace is not built into this installation")


def test_demo_goes_the_whole_way_and_finds_nothing_to_do_the_second_time(tmp_path: Path) -> None:
    from trendcore.cli.app import app

    folder = tmp_path / "demo"
    first = CliRunner().invoke(app, ["demo", str(folder), "--json"])
    assert first.exit_code == 0, first.stderr
    record = json.loads(first.stdout)
    papers = {row["field"]: row for row in record["works"] if row["source"] == "openalex"}
    assert set(papers) >= {"semiconductors", "ai", "qis", "5g", "space"}
    assert all(row["year"] == 2023 for row in papers.values())  # 2024 is not over
    assert all(row["joint"] > 0 and row["rank"] for row in papers.values())
    inventors = {row["field"]: row for row in record["works"] if row["role"] == "inventor"}
    assert all(inventors[field]["joint"] > 0 for field in ("semiconductors", "ai", "qis", "5g", "space"))
    flows = {row["field"]: row for row in record["trade"]}
    assert all(flows[field]["value_a_to_b"] > 0 for field in ("semiconductors", "5g", "space"))
    report = (folder / "report.html").read_text("utf-8")
    assert "Synthetic data: invented, says nothing about the world." in report
    again = CliRunner().invoke(app, ["demo", str(folder), "--json"])
    assert again.exit_code == 0, again.stderr
    assert json.loads(again.stdout) == record
    assert "nothing to do" in again.stderr
    assert (folder / "report.html").read_text("utf-8") == report
