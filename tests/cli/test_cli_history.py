"""Commands about releases, on a small workspace: what they print, and their exit codes."""

from __future__ import annotations

import csv
import io
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from support.bits import flip
from support.workspaces import qis, write_works
from typer.testing import CliRunner, Result

import trendcore as tc
from trendcore.cli.app import app
from trendcore.store import Store
from trendcore.store.records import sealed

SMALL: dict[str, Any] = {"blocs": (), "intervals": ("salton",)}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two releases: 24 joint works of Japan and the US, of which one went and three came."""
    folder = tmp_path_factory.mktemp("made")
    (folder / "ws").mkdir()
    (folder / "ws" / "trendcore.toml").write_text('blocs = []\nintervals = ["salton"]\n')
    ws = tc.Workspace(folder / "ws")
    works = [qis(number, "JP", "US") for number in range(24)] + [qis(30, "JP", "KR"), qis(31, "US", "KR")]
    ws.ingest("openalex", write_works(folder / "in" / "a.jsonl", *works))
    ws.update()
    changed = {"updated_date": "2025-01-01"}
    works = [qis(number, "JP", "US") for number in (40, 41, 42)] + [qis(0, "JP", "DE", **changed)]
    ws.ingest("openalex", write_works(folder / "in" / "b.jsonl", *works))
    ws.update()
    return folder


@pytest.fixture
def ws(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made / "ws", tmp_path / "ws"))


def run(*args: object) -> Result:
    return CliRunner().invoke(app, [str(each) for each in args])


def good(*args: object) -> str:
    out = run(*args)
    assert out.exit_code == 0, out.output
    return out.stdout


def test_diff_says_what_moved_and_why(ws: Path) -> None:
    out = good("diff", 1, 2, "-w", ws)
    lines = [" ".join(line.split()) for line in out.splitlines()]
    assert lines[:5] == [
        "Release 1 to 2: 1 cells changed, pairs in 2 places.",
        "Of 1 with 20 joint works or more: median change 8.3%, largest 8.3%.",
        "Beyond the earlier interval of salton: 0 of 1 (0.0%).",
        "joint works: +3 in all: late +3",
        "works of a country: +6 in all: late +6",
    ]
    (first,) = [line for line in lines if line.startswith("openalex author qis 2020 JP US")]
    assert first.startswith("openalex author qis 2020 JP US 24 26 +2 0.9")
    assert first.endswith("no late +3, country -1")
    (other,) = [line for line in lines if line.startswith("openalex author qis 2020 DE JP")]
    assert other.startswith("openalex author qis 2020 DE JP 0 1 +1 – > 0.1")
    assert other.endswith(" – country +1")
    assert "openalex author qis 2020 DE 0 1 +1 country +1" in lines


def test_diff_of_few_rows_and_as_json_and_csv(ws: Path) -> None:
    assert "1 of 2; --csv gives all." in good("diff", 1, 2, "-w", ws, "--limit", 1)
    told = json.loads(good("diff", 1, 2, "-w", ws, "--json", "--limit", 1))
    assert (told["from"], told["to"], told["index"]) == (1, 2, "salton")
    assert told["summary"]["pairs"] == 2
    (row,) = told["moved"]["joint"]
    assert {name: row[name] for name in ("a", "b", "moved", "late", "country", "method", "revised")} == {
        "a": "JP", "b": "US", "moved": 2, "late": 3, "country": -1, "method": 0, "revised": None,
    }  # fmt: skip
    rows = list(csv.DictReader(io.StringIO(good("diff", 1, 2, "-w", ws, "--csv"))))
    assert len(rows) == 2 + 4 - 1  # of the countries Korea did not move
    assert sum(int(row["moved"]) for row in rows if row["measure"] == "works") == 6


def test_diff_of_one_pair_field_or_nothing(ws: Path) -> None:
    only = good("diff", 1, 2, "-w", ws, "--pair", "JP-DE", "--index", "joint")
    assert "1 cells changed, pairs in 1 places." in only
    assert "US" not in only
    assert good("diff", 2, 2, "-w", ws) == "nothing moved from release 2 to 2\n"
    for args, said in (
        (("diff", 1, 2, "--field", "qsi"), "neither release has the field 'qsi'"),
        (("diff", 1, 9), None),
        (("diff", 1, 2, "--json", "--csv"), "--json and --csv exclude each other"),
        (("diff", 1, 2, "--pair", "JP"), "a pair is two displayed codes"),
    ):
        out = run(*args, "-w", ws)
        assert (out.exit_code, out.stdout) == (6 if said is None else 2, "")
        assert (said or "there is no release 9") in out.stderr
        assert out.stderr.count("\n") == 1


def test_what_cannot_be_explained_is_said(ws: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trendcore.update.comparing.TABLES", 999)
    out = good("diff", 1, 2, "-w", ws)
    assert "openalex: no parts are given: release 2 was made by a trendcore" in out
    assert "late" not in out


def test_rollback_releases_and_an_update_after_it(ws: Path) -> None:
    assert good("rollback", 1, "-w", ws, "--reason", "b.jsonl was wrong") == (
        "published release 3: the tables of release 1\n"
    )
    assert json.loads(good("rollback", 1, "-w", ws, "--json")) == {
        "release": 3,
        "rolled_back_to": 1,
        "changed": False,
    }
    assert good("rollback", 3, "-w", ws) == "nothing to do: release 3 has the tables of release 3\n"
    listed = good("releases", "-w", ws).splitlines()
    assert "rolled back to" in listed[1]
    assert "b.jsonl was wrong" in listed[-2]
    rows = json.loads(good("releases", "-w", ws, "--json"))
    assert [row["rolled_back_to"] for row in rows] == [None, None, 1]
    assert rows[2]["reason"] == "b.jsonl was wrong"
    out = run("update", "-w", ws)
    assert (out.exit_code, out.stdout) == (0, "nothing to do: release 3 is up to date\n")
    assert "warning: these inputs and settings were rolled back from, to release 1" in out.stderr
    assert "published release 4" in good("update", "-w", ws, "--after-rollback")


def test_of_an_accepted_change_the_reason_is_shown(ws: Path) -> None:
    path = ws / "releases" / "000002.json"
    text = path.read_text().replace('"accepted_change": ""', '"accepted_change": "it is right"')
    path.write_bytes(sealed(text.encode()))
    good("rollback", 1, "-w", ws)
    good("rollback", 2, "-w", ws)
    rows = json.loads(good("releases", "-w", ws, "--json"))
    assert [row["reason"] for row in rows] == [None, "it is right", None, None]


def test_rollback_to_a_damaged_release_is_refused(ws: Path) -> None:
    path = ws / Store.open(ws).manifest(1).tables["pairs"].files[0].path
    flip(path)
    out = run("rollback", 1, "-w", ws)
    assert (out.exit_code, out.stdout) == (6, "")
    assert "release 1 cannot be published again" in out.stderr
    assert path.name in out.stderr
    assert run("rollback", 7, "-w", ws).exit_code == 6
    assert good("releases", "-w", ws, "--csv").count("\n") == 3


def test_verify_names_each_damaged_file(ws: Path) -> None:
    assert good("verify", "-w", ws) == "every file is as it was written\n"
    store = Store.open(ws)
    old, new = (ws / store.manifest(number).tables["pairs"].files[0].path for number in (1, 2))
    (stored, *_) = (ws / "tables" / "papers").rglob("input=*/*.parquet")
    for path in (old, stored):
        flip(path)
    out = run("verify", "-w", ws)
    assert out.exit_code == 6
    assert sorted(line.split(": ")[0] for line in out.stdout.splitlines()) == sorted([str(old), str(stored)])
    assert "all, and stored rows, by default" in " ".join(good("verify", "--help").split())
    assert good("verify", "-w", ws, "--release", 2) == "every file is as it was written\n"
    new.unlink()
    out = run("verify", "-w", ws, "--release", 2, "--json")
    assert out.exit_code == 6
    (problem,) = json.loads(out.stdout)["damage"]
    assert problem == f"{new}: No such file or directory"
    assert run("verify", "-w", ws, "--release", 9).exit_code == 6


def test_recompute_says_whether_a_release_can_be_had_again(ws: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tables = len(Store.open(ws).manifest(1).tables)
    assert good("recompute", 1, "-w", ws) == f"release 1: all {tables} tables are equal\n"
    monkeypatch.setattr("trendcore.update.making.inputs.accounting", lambda _ledger: [])
    monkeypatch.setattr("trendcore.update.recomputing.package_versions", lambda: {"polars": "99"})
    out = run("recompute", 1, "-w", ws)
    assert out.exit_code == 3
    assert "0 rows, 1 were published" in out.stdout
    assert f"1 of {tables} tables of release 1 are not equal" in out.stdout
    assert "is 99" in out.stderr
    told = json.loads(run("recompute", 1, "-w", ws, "--json").stdout)
    assert (told["equal"], told["tables"]["pairs"]) == (False, "equal")
    assert told["other_versions"]["polars"][1] == "99"
    assert run("recompute", 9, "-w", ws).exit_code == 6
    assert run("recompute", 1, "-w", ws, "--backend", "fast").exit_code == 2


def test_gc_says_what_it_does_and_would_do(ws: Path) -> None:
    assert good("gc", "-w", ws, "--keep", 1) == "nothing to do\n"  # both are younger than a day
    would = good("gc", "-w", ws, "--keep", 1, "--grace", 0, "--dry-run")
    assert "releases would be dropped: 1\nreleases would be removed: 1\n" in would
    assert "would be removed: " in would
    assert good("gc", "-w", ws, "--keep", 1, "--grace", 0) == would.replace("would be ", "")
    assert json.loads(good("gc", "-w", ws, "--keep", 1, "--grace", 0, "--json")) == {
        "dropped": [], "waiting": [], "removed": [], "files": 0, "bytes": 0, "contents": [], "held": 0,
        "dry_run": False,
    }  # fmt: skip
    assert good("verify", "-w", ws) == "every file is as it was written\n"
    out = run("diff", 1, 2, "-w", ws)
    assert (out.exit_code, out.stdout) == (6, "")
    for args in (("--keep", 0), ("--keep", 1, "--grace", -1), ()):
        assert run("gc", "-w", ws, *args).exit_code == 2


def test_no_workspace_no_release(tmp_path: Path) -> None:
    for args in (("diff", 1, 2), ("rollback", 1), ("recompute", 1), ("verify",), ("gc", "--keep", 1)):
        out = run(*args, "-w", tmp_path / "none")
        assert (out.exit_code, out.stdout) == (6, "")
        assert "is no workspace" in out.stderr
    write_works(tmp_path / "a.jsonl", qis(1, "JP", "US"))
    good("ingest", "openalex", tmp_path / "a.jsonl", "-w", tmp_path / "ws")
    for args in (("diff", 1, 2), ("rollback", 1), ("recompute", 1)):
        out = run(*args, "-w", tmp_path / "ws")
        assert out.exit_code == 6
        assert "nothing is published" in out.stderr
    assert good("gc", "--keep", 1, "-w", tmp_path / "ws") == "nothing to do\n"
    assert good("verify", "-w", tmp_path / "ws") == "every file is as it was written\n"
