"""`schedule` and `update`: records of every outcome, signals, a lock that another process holds."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from support.workspaces import contents, copy_of, qis, write_works
from typer.testing import CliRunner, Result

import trendcore as tc
from trendcore.cli.app import app
from trendcore.runs.record import LAST_RUN
from trendcore.schedule import Clock
from trendcore.store import Store

MAIN = "from trendcore.cli import main; main()"
posix = pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")


@pytest.fixture(scope="module")
def ingested(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("schedule")
    path = write_works(folder / "in" / "a.jsonl", *[qis(number, "JP", "US") for number in range(30)])
    tc.Workspace(folder / "ws").ingest("openalex", path)
    return folder / "ws"


@pytest.fixture
def ws(ingested: Path, tmp_path: Path) -> Path:
    return copy_of(ingested, tmp_path / "ws")


def call(*args: object) -> Result:
    return CliRunner().invoke(app, [str(each) for each in args])


def read(path: Path) -> dict[str, Any]:
    known: dict[str, Any] = json.loads(path.read_text())
    return known


def test_update_writes_a_record_of_what_came_of_it(ws: Path, tmp_path: Path) -> None:
    summary, prom = tmp_path / "run.json", tmp_path / "t.prom"
    out = call("update", "-w", ws, "--summary", summary, "--metrics", prom)
    assert out.exit_code == 0, out.stderr
    known = read(summary)
    assert (known["outcome"], known["exit_code"], known["error"]) == ("published", 0, None)
    assert (known["release"], known["previous_release"], known["scheduled"]) == (1, None, None)
    assert known["rows"] == {name: table.rows for name, table in Store.open(ws).manifest().tables.items()}
    assert known["started"] < known["finished"]
    assert {"scan", "papers", "publish"} <= set(known["timings"])
    assert all(gate["ok"] for gate in known["gates"])
    assert read(ws / LAST_RUN) == known
    assert 'trendcore_release{workspace="' in prom.read_text()

    assert call("update", "-w", ws, "--summary", summary).exit_code == 0
    again = read(summary)
    assert (again["outcome"], again["release"], again["previous_release"]) == ("nothing_to_do", 1, 1)
    assert again["rows"] == known["rows"]


def test_what_is_read_and_warned_of_is_in_the_record(ws: Path, tmp_path: Path) -> None:
    source = next(entry.path for entry in Store.open(ws).ledger().registrations)
    moved = Path(source).rename(tmp_path / "gone.jsonl")
    try:
        out = call("update", "-w", ws, "--summary", tmp_path / "run.json")
    finally:
        moved.rename(source)
    known = read(tmp_path / "run.json")
    assert any("is no longer there" in warning for warning in known["warnings"])
    assert out.stderr.splitlines() == [f"warning: {warning}" for warning in known["warnings"]]


@pytest.mark.parametrize(
    "command", [["update"], ["schedule", "--once", "--cron", "* * * * *", "--retries", "2"]]
)
def test_a_locked_workspace_is_a_conflict(
    ws: Path, tmp_path: Path, command: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    slept: list[float] = []
    monkeypatch.setattr("trendcore.schedule.Clock", lambda: Clock(sleep=slept.append))
    monkeypatch.setattr("trendcore.schedule._wait", lambda *_: None)
    before = contents_or_none(ws)
    with Store.open(ws).lock():
        out = call(*command, "-w", ws, "--summary", tmp_path / "run.json")
    assert out.exit_code == 5, out.output
    known = read(tmp_path / "run.json")
    assert (known["outcome"], known["exit_code"], known["release"]) == ("conflict", 5, None)
    assert "another process works on" in known["error"]
    assert known["attempt"] == (3 if slept else 1)
    assert slept == ([30, 60] if "schedule" in command else [])
    assert contents_or_none(ws) == before
    assert not (ws / LAST_RUN).exists()


def contents_or_none(ws: Path) -> dict[str, str] | None:
    return contents(tc.Workspace(ws)) if Store.open(ws).has_release() else None


def test_a_refused_release_is_recorded_with_its_gates(
    ws: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from trendcore.errors import GateError
    from trendcore.update import run

    def refuse(*_: object, **_more: object) -> None:
        raise GateError("nothing was published, a gate refused: token=hunter2")

    monkeypatch.setattr(run.gates, "refuse", refuse)
    out = call("update", "-w", ws, "--summary", tmp_path / "run.json", "--metrics", tmp_path / "t.prom")
    assert (out.exit_code, out.stderr.count("\n")) == (3, 1)
    known = read(tmp_path / "run.json")
    assert (known["outcome"], known["exit_code"], known["release"]) == ("refused", 3, None)
    assert known["error"] == "nothing was published, a gate refused: token=***"
    assert read(ws / LAST_RUN)["outcome"] == "refused"
    assert 'outcome="refused"} 1' in (tmp_path / "t.prom").read_text()


@pytest.mark.parametrize("command", [["update"], ["schedule", "--once", "--cron", "* * * * *"]])
def test_a_fault_is_recorded_as_failed(
    ws: Path, tmp_path: Path, command: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **_more: object) -> None:
        raise ValueError("a fault")

    monkeypatch.setattr("trendcore.schedule._wait", lambda *_: None)
    monkeypatch.setattr("trendcore.workspace.Workspace.update", fail)
    out = call(*command, "-w", ws, "--summary", tmp_path / "run.json")
    assert out.exit_code == 1
    assert "error: ValueError: a fault" in out.stderr
    assert read(tmp_path / "run.json")["outcome"] == "failed"


def test_a_workspace_that_is_none_is_a_storage_error_with_a_record(tmp_path: Path) -> None:
    out = call("update", "-w", tmp_path / "none", "--summary", tmp_path / "run.json")
    assert out.exit_code == 6
    assert read(tmp_path / "run.json")["outcome"] == "storage"


def test_usage_errors_end_the_loop_at_once_with_a_record(ws: Path, tmp_path: Path) -> None:
    (ws / "trendcore.toml").write_text("no_such_setting = 1\n")
    out = run_due(ws, "--summary", tmp_path / "run.json")
    known = read(tmp_path / "run.json")
    assert (out.exit_code, known["outcome"], known["exit_code"]) == (2, "failed", 2)
    for wrong in (["--backend", "quick"], ["--timezone", "Mars"], ["--log-format", "xml"]):
        assert run_due(ws, *wrong).exit_code == 2


def run_due(ws: Path, *more: object) -> Result:
    """Run the loop without waiting for its first due time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("trendcore.schedule._wait", lambda *_: None)
        return call("schedule", "-w", ws, "--cron", "* * * * *", *more)


def test_an_absent_gpu_ends_the_loop(ws: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from trendcore.errors import BackendError

    def absent(*_: object, **_more: object) -> None:
        raise BackendError("no GPU")

    monkeypatch.setattr("trendcore.workspace.Workspace.update", absent)
    assert run_due(ws, "--backend", "gpu").exit_code == 7


def test_failing_runs_and_unreadable_inputs_do_not_end_the_loop(
    ws: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from trendcore.errors import GateError, InputError, QuarantineError, StorageError, UsageError

    failures = [GateError("g"), QuarantineError("q"), StorageError("s"), InputError("i"), OSError(5, "io")]

    def fail(*_: object, **_more: object) -> None:
        if not failures:
            raise UsageError("the end")
        raise failures.pop(0)

    monkeypatch.setattr("trendcore.workspace.Workspace.update", fail)
    out = run_due(ws, "--json", "--metrics", tmp_path / "t.prom")
    codes = [json.loads(line)["exit_code"] for line in out.stdout.splitlines()]
    assert codes == [3, 4, 6, 2, 6]
    assert out.exit_code == 2
    assert 'trendcore_runs_total{workspace="' in (tmp_path / "t.prom").read_text()


def test_results_go_to_stdout_and_logs_to_stderr(ws: Path) -> None:
    out = run_due(ws, "--once", "--log-format", "json")
    assert out.exit_code == 0, out.stderr
    assert out.stdout.startswith("published release 1 in ")
    logged = [json.loads(line) for line in out.stderr.splitlines()]
    assert [each["event"] for each in logged][:2] == ["run_started", "step_started"]
    steps = [each["step"] for each in logged if each["event"] == "step_finished"]
    assert steps == ["scan", "papers", "patents", "trade", "tables", "trends", "gates", "publish"]
    assert logged[-1]["event"] == "run_finished"
    assert (logged[-1]["outcome"], logged[-1]["exit_code"]) == ("published", 0)


def test_catching_up_starts_from_the_last_run(ws: Path) -> None:
    assert call("update", "-w", ws).exit_code == 0
    known = read(ws / LAST_RUN)
    # of the release alone, and of the record where it is later
    old = Store.open(ws).manifest()
    assert known["finished"][:16] == old.created[:16] or known["finished"] > old.created
    from trendcore.runs.record import last_finished

    ended = last_finished(str(ws))
    assert ended is not None
    assert ended.isoformat()[:19] == known["finished"][:19]
    (ws / LAST_RUN).unlink()
    created = last_finished(str(ws))
    assert created is not None
    assert created <= ended


@pytest.mark.parametrize("option", ["--summary", "--metrics"])
def test_a_file_that_cannot_be_written_is_refused_before_any_work(ws: Path, option: str) -> None:
    out = call("update", "-w", ws, option, ws / "no" / "such" / "t.prom")
    assert (out.exit_code, out.stderr.count("\n")) == (2, 1)
    assert not Store.open(ws).has_release()


def test_a_summary_that_fails_to_be_written_is_an_error_after_the_work(
    ws: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from trendcore.errors import StorageError
    from trendcore.runs import files

    def full(path: Path, _text: str) -> None:
        raise StorageError(f"{path}: No space left on device")

    monkeypatch.setattr(files, "write_whole", full)
    out = call("update", "-w", ws, "--summary", tmp_path / "run.json")
    assert out.exit_code == 6
    assert "the run ended well (published), but" in out.stderr
    assert Store.open(ws).has_release()


SLOW = """
import sys, time
from trendcore.update import run
real = run.gates.check
def slow(*args, **more):
    print("in the update", flush=True)
    time.sleep(60)
    return real(*args, **more)
run.gates.check = slow
from trendcore.cli import main
main()
"""


@contextmanager
def process(code: str, *args: object) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", code, *[str(each) for each in args]]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        yield child
    finally:
        child.kill()
        child.communicate()


@posix
@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_signal_while_it_waits_ends_it_at_once(ws: Path, number: signal.Signals, code: int) -> None:
    with process(MAIN, "schedule", "-w", ws, "--cron", "0 0 29 2 *", "--log-format", "json") as child:
        assert child.stderr is not None
        assert json.loads(child.stderr.readline())["event"] == "waiting"
        start = time.monotonic()
        os.kill(child.pid, number)
        out, err = child.communicate(timeout=30)
        assert time.monotonic() - start < 10
    assert (child.returncode, out) == (code, "")
    assert json.loads(err.splitlines()[-1])["message"] == "interrupted; the workspace is as it was"


@posix
@pytest.mark.parametrize("command", [["update"], ["schedule", "--once", "--cron", "0 0 29 2 *"]])
def test_sigterm_in_an_update_rolls_back_and_is_recorded(
    ws: Path, tmp_path: Path, command: list[str]
) -> None:
    # a due time has passed since the last run: the loop catches up at once
    write_last(ws, "2020-01-01T00:00:00.000Z")
    before = (ws / "ledger.json").read_bytes()
    summary, prom = tmp_path / "run.json", tmp_path / "t.prom"
    with process(SLOW, *command, "-w", ws, "--summary", summary, "--metrics", prom) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "in the update\n"
        os.kill(child.pid, signal.SIGTERM)
        _, err = child.communicate(timeout=30)
    assert child.returncode == 143, err
    assert err.splitlines()[-1] == "error: interrupted; the workspace is as it was"
    known = read(summary)
    assert (known["outcome"], known["exit_code"], known["release"]) == ("interrupted", 143, None)
    assert 'outcome="interrupted"} 1' in prom.read_text()
    assert read(ws / LAST_RUN)["finished"] == "2020-01-01T00:00:00.000Z"  # that run has not ended
    assert (ws / "ledger.json").read_bytes() == before
    assert not Store.open(ws).has_release()
    assert tc.Workspace(ws).update().release == 1  # the lock was given back


def write_last(ws: Path, finished: str) -> None:
    from support.scheduling import record

    known = record(0, workspace=str(ws), finished=finished)
    (ws / LAST_RUN).write_text(known.as_json())
