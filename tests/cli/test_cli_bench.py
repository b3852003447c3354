"""`trendcore bench` at a tiny size: table, JSON, refusals, and from outside a clone."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from trendcore.bench import SPARSE, TALLY, timing
from trendcore.cli.app import app


def run(*args: str) -> Result:
    return CliRunner().invoke(app, ["bench", *args])


def test_table(monkeypatch: pytest.MonkeyPatch) -> None:
    there = timing.installed
    monkeypatch.setattr(timing, "installed", lambda name: None if name == "scipy" else there(name))
    out = run("--works", "2000")
    assert out.exit_code == 0, out.stderr
    assert out.stderr == ""  # progress is for terminals
    assert "2,000 works of 5 affiliations, 200 members" in out.stdout
    assert "2,000 works of 5 affiliations, 1,000,000 members" in out.stdout
    lines = [line.strip() for line in out.stdout.splitlines()]
    (codes, _) = (line for line in lines if line.startswith("tc.tally, lists of codes"))
    assert codes.endswith("1.00")
    assert sum("not run: scipy is not installed" in line for line in lines) == 2


def test_json() -> None:
    out = run("--works", "1e3", "--backend", "cpu", "--json")
    assert out.exit_code == 0, out.stderr
    record = json.loads(out.stdout)
    assert [one["name"] for one in record["timings"]] == [case.name for case in (*TALLY, *SPARSE)]
    assert all(one["works"] == 1000 and (one["seconds"] or one["reason"]) for one in record["timings"])
    assert record["machine"]["versions"]["polars"]


@pytest.mark.parametrize("works", ["0", "-5", "10.5", "nan", "1e12"])
def test_a_number_that_is_none_of_works_is_refused(works: str) -> None:
    out = run("--works", works)
    assert out.exit_code == 2
    assert out.stderr.startswith("error: --works must be a whole number")
    assert out.stdout == ""


def test_an_unknown_backend_is_refused() -> None:
    assert run("--works", "10", "--backend", "tpu").exit_code == 2


def test_it_needs_no_clone(tmp_path: Path) -> None:
    code = "import sys; from trendcore.cli import main; main()"
    command = [sys.executable, "-c", code, "bench", "--works", "500", "--json"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert len(json.loads(done.stdout)["timings"]) == len(TALLY) + len(SPARSE)
    assert list(tmp_path.iterdir()) == []
