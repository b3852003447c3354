"""What the commands that change a workspace ask of it, and what they print."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from support.published import done
from support.shared import ROOT


def test_ingest_counts_in_words_and_json(run: Any) -> None:
    out = run("ingest", "openalex", "a.gz", "b.gz", "-w", "ws", "--keep", "all")
    assert out.exit_code == 0, out.stderr
    assert done == [("openalex", "a.gz", "b.gz", "all")]
    assert (
        "2 inputs, 15 rows: 11 accepted, 1 quarantined, 3 set aside (1 merged, 2 out of field)" in out.stdout
    )
    assert "warning: part_000.gz: unknown country QQ" in out.stderr
    record = json.loads(run("ingest", "openalex", "a.gz", "-w", "ws", "--json").stdout)
    assert record["read"] == record["accepted"] + record["quarantined"] + sum(record["set_aside"].values())
    assert [entry["file"] for entry in record["files"]] == ["part_000.gz", "part_001.gz"]


def test_withdraw(run: Any) -> None:
    assert "withdrawn: a.gz" in run("withdraw", "a.gz", "-w", "ws").stdout
    assert json.loads(run("withdraw", "a.gz", "-w", "ws", "--json").stdout) == {
        "path": "a.gz",
        "withdrawn": ["a.gz"],
    }
    assert done == [("withdraw", "a.gz")] * 2


def test_update_says_what_was_published_or_that_nothing_was_to_do(run: Any) -> None:
    assert run("update", "-w", "ws").stdout == "published release 3 in 0.8 s\n"
    assert "nothing to do: release 3" in run("update", "-w", "ws", "--backend", "reference").stdout
    assert json.loads(run("update", "-w", "ws", "--json").stdout)["release"] == 3
    assert done[0] == ("update", "auto")


def test_demo_uses_the_sample_of_a_clone(run: Any, tmp_path: Path) -> None:
    out = run("demo", str(tmp_path / "demo"))
    assert out.exit_code == 0, out.stderr
    assert done[0] == ("openalex", str(ROOT / "datasets" / "sample" / "openalex"), "fields")
    assert [call[0] for call in done] == ["openalex", "patentsview", "baci", "comtrade", "update", "report"]
    assert done[-1][1:3] == ("JP-US", "quad")
    assert "says nothing about the world" in done[-1][-1]
    assert (tmp_path / "demo" / "report.html").read_text() == "<!DOCTYPE html>"
    assert "says nothing about the world" in out.stdout
    assert "Japan and United States" in out.stdout
    assert "trendcore top" in out.stderr


def test_demo_makes_the_sample_where_there_is_no_clone(
    run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import trendcore as tc

    monkeypatch.setattr(tc, "__file__", str(tmp_path / "site-packages" / "trendcore" / "__init__.py"))
    made = []
    monkeypatch.setattr(
        "trendcore.simulate.write_sample", lambda folder: [made.append(folder), folder.mkdir(parents=True)]
    )
    for _ in range(2):
        out = run("demo", str(tmp_path / "demo"), "--json")
        assert out.exit_code == 0, out.stderr
        assert json.loads(out.stdout)["a"] == "JP"
    assert made == [tmp_path / "demo" / "sample"]  # the second time it is there


def test_an_unknown_feed_or_keep_is_refused_before_work(run: Any) -> None:
    for args in (
        ("ingest", "scopus", "a", "-w", "ws"),
        ("ingest", "baci", "a", "-w", "ws", "--keep", "some"),
    ):
        out = run(*args)
        assert out.exit_code == 2
        assert out.stderr.count("\n") == 1
    assert done == []


def test_update_takes_replicates_and_seed(run: Any) -> None:
    assert run("update", "-w", "ws", "--bootstrap", "1000", "--seed", "7").exit_code == 0
    assert done[-1] == ("update", "auto", "1000", "7")
    assert run("update", "-w", "ws", "--seed", "-1").exit_code == 2
