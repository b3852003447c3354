"""Bad input by the command line: one clear line, or rows in the quarantine with file, line and reason."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
import time
import zipfile
from pathlib import Path
from typing import Any

import pytest
from support.bits import flip
from support.openalex import lines
from support.workspaces import contents, qis, write_works
from typer.testing import CliRunner, Result

import trendcore as tc
from trendcore.cli.app import app


def run(*args: str | Path) -> Result:
    return CliRunner().invoke(app, [str(arg) for arg in args])


def ingest(tmp_path: Path, feed: str, *paths: Path) -> dict[str, Any]:
    """The record of an ingest; rows read are always accepted + quarantined + set aside."""
    out = run("ingest", feed, *paths, "-w", tmp_path / "ws", "--json")
    assert out.exit_code == 0, out.stderr
    record: dict[str, Any] = json.loads(out.stdout)
    assert record["read"] == record["accepted"] + record["quarantined"] + sum(record["set_aside"].values())
    for entry in record["files"]:
        assert entry["read"] == entry["accepted"] + entry["quarantined"] + sum(entry["set_aside"].values())
    return record


def refused(tmp_path: Path) -> list[tuple[str, int, str]]:
    frame = tc.Workspace(tmp_path / "ws").quarantine().collect().sort("file", "line")
    return list(frame.select("file", "line", "reason").iter_rows())


def fails(tmp_path: Path, feed: str, path: Path, *words: str) -> None:
    out = run("ingest", feed, path, "-w", tmp_path / "ws")
    assert out.exit_code == 2, out.output
    assert out.stderr.startswith("error: ")
    assert out.stderr.count("\n") == 1
    for word in words:
        assert word in out.stderr, (word, out.stderr)


def baci(tmp_path: Path, text: str | bytes) -> Path:
    path = tmp_path / "BACI_HS22_Y2022_V202501.csv"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def test_truncated_gzip_counts_what_came_before_and_says_so(tmp_path: Path) -> None:
    path = tmp_path / "works.gz"
    records = [qis(number, "JP", "US", title=os.urandom(200).hex()) for number in range(400)]
    packed = gzip.compress(lines(*records))
    path.write_bytes(packed[: len(packed) // 2])
    record = ingest(tmp_path, "openalex", path)
    assert 0 < record["accepted"] < 400
    assert record["quarantined"] == 1
    assert "breaks off" in " ".join(record["warnings"])
    (_, line, reason), = refused(tmp_path)  # fmt: skip
    assert line == record["read"]
    assert "end" in reason or "cut" in reason or "JSON" in reason


def test_a_broken_json_line_is_quarantined_and_the_others_count(tmp_path: Path) -> None:
    path = tmp_path / "works.jsonl"
    path.write_bytes(
        lines(qis(1, "JP", "US")) + b'{"id": "https://openalex.org/W2", "pub\n' + lines(qis(3, "JP", "US"))
    )
    record = ingest(tmp_path, "openalex", path)
    assert (record["read"], record["accepted"], record["quarantined"]) == (3, 2, 1)
    (file, line, _), = refused(tmp_path)  # fmt: skip
    assert file.endswith("works.jsonl")
    assert line == 2
    assert run("update", "-w", tmp_path / "ws").exit_code == 0
    assert "2" in run("show", "JP", "US", "-w", tmp_path / "ws").output


def test_years_that_cannot_be_meant(tmp_path: Path) -> None:
    path = write_works(
        tmp_path / "works.jsonl",
        qis(1, "JP", "US", publication_year=0),
        qis(2, "JP", "US", publication_year=None),
        qis(3, "JP", "US"),
    )
    record = ingest(tmp_path, "openalex", path)
    assert (record["accepted"], record["quarantined"]) == (1, 2)
    assert [row[1] for row in refused(tmp_path)] == [1, 2]
    assert all("year" in row[2] for row in refused(tmp_path))


def test_an_unknown_country_code_is_named(tmp_path: Path) -> None:
    path = write_works(tmp_path / "works.jsonl", qis(1, "JP", "QQ"))
    record = ingest(tmp_path, "openalex", path)
    assert record["accepted"] == 1
    assert any("unknown country" in line and "QQ" in line for line in record["warnings"])
    paper = tc.Workspace(tmp_path / "ws").papers().collect().row(0, named=True)
    assert paper["countries"] == ["JP"]
    assert paper["n_authors_unknown"] == 1
    other = tmp_path / "trade"
    other.mkdir()
    trade = ingest(
        other, "baci", baci(other, "t,i,j,k,v,q\n2022,842,1,854231,1,1\n2022,842,392,854231,1,1\n")
    )
    assert (trade["accepted"], trade["quarantined"]) == (1, 1)
    assert refused(other)[0][1:] == (2, "unknown importer 1")


def test_negative_values_and_null_years_of_trade(tmp_path: Path) -> None:
    rows = (
        "2022,842,392,854231,-5,1",
        ",842,392,854232,5,1",
        "0,842,392,854233,5,1",
        "2022,842,392,854239,5,1",
    )
    record = ingest(tmp_path, "baci", baci(tmp_path, "\n".join(("t,i,j,k,v,q", *rows)) + "\n"))
    assert (record["accepted"], record["quarantined"]) == (1, 3)
    assert [row[1] for row in refused(tmp_path)] == [2, 3, 4]
    assert "negative" in refused(tmp_path)[0][2]


def test_a_missing_column_is_named_with_the_file(tmp_path: Path) -> None:
    fails(tmp_path, "baci", baci(tmp_path, "t,i,j,k,q\n2022,842,392,854231,5\n"), "BACI_HS22_Y2022", "v")


def test_wrong_encoding(tmp_path: Path) -> None:
    wide = baci(tmp_path, "t,i,j,k,v,q\n2022,842,392,854231,5,1\n".encode("utf-16"))
    fails(tmp_path, "baci", wide, "BACI_HS22_Y2022", "UTF-16")
    path = tmp_path / "works.jsonl"
    path.write_bytes(lines(qis(1, "JP", "US")) + b'{"id": "W2", "title": "caf\xe9"}\n')
    record = ingest(tmp_path, "openalex", path)
    assert (record["accepted"], record["quarantined"]) == (1, 1)
    assert refused(tmp_path)[0][1] == 2


def test_an_empty_file_is_said_and_holds_nothing(tmp_path: Path) -> None:
    path = tmp_path / "works.jsonl"
    path.write_bytes(b"")
    record = ingest(tmp_path, "openalex", path)
    assert record["read"] == 0
    assert any("empty" in line for line in record["warnings"])


def test_a_folder_with_nothing_in_it_and_a_path_that_is_not_there(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for feed in ("openalex", "patentsview", "baci", "comtrade"):
        fails(tmp_path, feed, tmp_path / "empty", "nothing found under", "empty")
        fails(tmp_path, feed, tmp_path / "missing.csv", "missing.csv")


def test_what_cannot_be_found_makes_no_workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "empty").mkdir()
    for path in (tmp_path / "nowhere", tmp_path / "empty", Path("*.nothing")):
        fails(tmp_path, "baci", path)
    good = write_works(tmp_path / "a.jsonl", qis(1, "JP", "US"))
    monkeypatch.setenv("TRENDCORE_TAXONOMY", str(tmp_path / "none.toml"))
    fails(tmp_path, "openalex", good, "none.toml")
    monkeypatch.setenv("TRENDCORE_TAXONOMY", "")
    monkeypatch.setenv("TRENDCORE_BREADTH", "broad")
    fails(tmp_path, "openalex", good, "breadth")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.jsonl", "empty"]


def test_the_folder_of_the_data_may_hold_the_workspace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write_works(tmp_path / "a.jsonl", qis(1, "JP", "US"))
    for command in (["ingest", "openalex", "."], ["update"], ["update"], ["ingest", "openalex", "."]):
        out = run(*command, "-w", "ws")
        assert (out.exit_code, out.stderr) == (0, ""), (command, out.output)


def test_an_update_says_what_it_reads_and_which_file_breaks_off(tmp_path: Path) -> None:
    path = write_works(tmp_path / "a.gz", qis(1, "JP", "US"))
    ingest(tmp_path, "openalex", path)
    out = run("update", "-w", tmp_path / "ws")
    assert (out.exit_code, out.stderr) == (0, "")
    assert not out.stdout.startswith("read ")
    whole = gzip.compress(lines(qis(1, "JP", "US"), qis(2, "JP", "US", title=os.urandom(4000).hex())))
    path.write_bytes(whole[: len(whole) // 2])
    out = run("update", "-w", tmp_path / "ws")
    assert out.exit_code == 0
    assert out.stdout.splitlines()[0] == "read 1 inputs, 2 rows: 1 accepted, 1 quarantined, 0 set aside"
    for _ in range(2):
        assert "a.gz breaks off: its rows before that count, the others are missing" in out.stderr
        out = run("update", "-w", tmp_path / "ws")
    record = json.loads(run("update", "-w", tmp_path / "ws", "--json").stdout)
    assert (record["changed"], record["read"]["units"], record["read"]["read"]) == (False, [], 0)


def test_quarantined_rows_can_be_exported(tmp_path: Path) -> None:
    path = tmp_path / "works.jsonl"
    path.write_bytes(lines(qis(1, "JP", "US")) + b"=cmd()\n")
    out = run("ingest", "openalex", path, "-w", tmp_path / "ws")
    assert "--table quarantine" in out.stderr
    said = run("export", tmp_path / "q.csv", "--table", "quarantine", "-w", tmp_path / "ws")
    assert (said.exit_code, said.stdout.endswith("q.csv: 1 rows\n")) == (0, True)
    header, row = (tmp_path / "q.csv").read_text().splitlines()
    assert header.split(",")[:4] == ["file", "line", "reason", "raw"]
    assert "works.jsonl,2," in row
    assert "'=cmd()" in row
    assert run("export", tmp_path / "p.csv", "--table", "papers", "-w", tmp_path / "ws").exit_code == 0
    args = ["export", tmp_path / "r.csv", "--table", "quarantine", "--release", "1", "-w", tmp_path / "ws"]
    out = run(*args)
    assert (out.exit_code, out.stderr.count("\n")) == (2, 1)


def test_a_zip_bomb_is_stopped(tmp_path: Path) -> None:
    path = tmp_path / "BACI_HS22_Y2022_V202501.csv.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        archive.writestr("BACI_HS22_Y2022_V202501.csv", b"t,i,j,k,v,q\n" + b"\n" * (400 << 20))
    assert path.stat().st_size < 1 << 20
    start = time.monotonic()
    fails(tmp_path, "baci", path, "BACI_HS22_Y2022_V202501.csv.zip", "times")
    assert time.monotonic() - start < 30


def test_nothing_of_a_failed_ingest_stays(tmp_path: Path) -> None:
    good = write_works(tmp_path / "good.jsonl", qis(1, "JP", "US"))
    ingest(tmp_path, "openalex", good)
    assert run("update", "-w", tmp_path / "ws").exit_code == 0
    before = contents(tc.Workspace(tmp_path / "ws"))
    fails(tmp_path, "baci", baci(tmp_path, "a,b\n1,2\n"))
    out = run("update", "-w", tmp_path / "ws")
    assert "nothing to do" in out.stdout
    assert contents(tc.Workspace(tmp_path / "ws")) == before


def test_a_folder_that_is_no_workspace(tmp_path: Path) -> None:
    for command in (["update"], ["show", "JP", "US"], ["releases"], ["top", "--field", "ai"]):
        out = run(*command, "-w", tmp_path / "nowhere")
        assert out.exit_code == 6, (command, out.output)
        assert out.stderr.startswith("error: ")
        assert "workspace" in out.stderr
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("precious")
    out = run("ingest", "openalex", write_works(tmp_path / "a.jsonl", qis(1, "JP")), "-w", tmp_path / "mine")
    assert out.exit_code == 6
    assert sorted(path.name for path in (tmp_path / "mine").iterdir()) == ["thesis.txt"]


@pytest.mark.parametrize("command", ["ingest", "update"])
@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_ctrl_c_leaves_the_workspace_as_it_was(tmp_path: Path, command: str) -> None:
    """Interrupted in the middle of its work; afterwards the old release, and the work can be done."""
    ws = tc.Workspace(tmp_path / "ws")
    ws.ingest("openalex", write_works(tmp_path / "a.jsonl", qis(1, "JP", "US")))
    ws.update()
    before, ledger = contents(ws), (tmp_path / "ws" / "ledger.json").read_bytes()
    path = write_works(tmp_path / "b.jsonl", *[qis(number, "JP", "US") for number in range(2, 30)])
    if command == "update":
        ws.ingest("openalex", path)
        ledger = (tmp_path / "ws" / "ledger.json").read_bytes()
    # the signal comes when rows of the new file (or tables of the new release) are on their way
    hook = {
        "ingest": "import trendcore.sources.openalex as m; cls, name = m.OpenAlex, 'read'",
        "update": "import trendcore.update.making as m; cls, name = m, 'tables'",
    }[command]
    script = (
        f"import os, signal, sys\n{hook}\nold = getattr(cls, name)\n"
        "def slow(*args, **more):\n"
        "    out = old(*args, **more)\n"
        "    out = list(out) if name == 'read' else out\n"
        "    os.kill(os.getpid(), signal.SIGINT)\n"
        "    return out\n"
        "setattr(cls, name, slow)\n"
        "from trendcore.cli import main\nmain()\n"
    )
    args = ["ingest", "openalex", str(path)] if command == "ingest" else ["update"]
    done = subprocess.run(
        [sys.executable, "-c", script, *args, "-w", str(tmp_path / "ws")],
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert done.returncode == 130, done.stderr
    assert done.stderr.strip().endswith("error: interrupted; the workspace is as it was")
    assert (tmp_path / "ws" / "ledger.json").read_bytes() == ledger
    assert contents(ws) == before
    assert ws.releases().height == 1
    if command == "ingest":
        assert not ws.update().changed
        assert len(ws.ingest("openalex", path).units) == 1
    assert ws.update().release == 2
    pairs = ws.table("pairs").collect()
    assert pairs["joint"].to_list() == [29]


def test_a_flipped_bit_of_stored_rows_is_refused_and_healed_by_reading_again(tmp_path: Path) -> None:
    path = write_works(tmp_path / "a.jsonl", *[qis(number, "JP", "US") for number in range(30)])
    ws = tc.Workspace(tmp_path / "ws")
    ws.ingest("openalex", path)
    ws.update()
    before = contents(ws)
    more = write_works(tmp_path / "b.jsonl", qis(31, "JP"))
    ws.ingest("openalex", more)
    for stored in sorted((tmp_path / "ws" / "tables" / "papers").rglob("*.parquet")):
        flip(stored)
    out = run("update", "-w", tmp_path / "ws")
    assert (out.exit_code, out.stderr.count("\n")) == (6, 1), out.output
    assert len(ws.verify()) == 2
    assert run("doctor", "-w", tmp_path / "ws").exit_code == 6
    # which of the two is named first is decided by hashes
    assert any(
        f"`trendcore ingest openalex {each}` reads the input again" in out.stderr for each in (path, more)
    )
    assert contents(ws) == before
    assert len(ws.ingest("openalex", path, more).units) == 2
    assert ws.ingest("openalex", path, more).units == ()
    assert ws.verify() == []
    assert ws.update().release == 2
    ws.withdraw(more)
    assert ws.update().release == 3
    assert contents(ws) == before


def test_doctor_finds_a_flipped_bit_of_a_release(tmp_path: Path) -> None:
    ws = tc.Workspace(tmp_path / "ws")
    ws.ingest("openalex", write_works(tmp_path / "a.jsonl", qis(1, "JP", "US")))
    ws.update()
    out = run("doctor", "-w", tmp_path / "ws")
    assert (out.exit_code, "every file as it was written" in out.stdout) == (0, True)
    flip(next((tmp_path / "ws" / "results" / "pairs").glob("*.parquet")))
    out = run("doctor", "-w", tmp_path / "ws", "--json")
    assert out.exit_code == 6
    assert len(json.loads(out.stdout)["workspace"]["damage"]) == 1
    assert "bytes are not those" in run("doctor", "-w", tmp_path / "ws").stdout
