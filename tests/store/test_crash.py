"""Whatever fails while a workspace is written: the old state or the new one, and the next run heals."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from polars.testing import assert_frame_equal
from support import faults
from support.canonical import ingest, lines, refused
from support.faults import KEPT, NEW, OLD, TABLES, fault, work

from trendcore.errors import StorageError
from trendcore.store import Store, failpoints
from trendcore.store.failpoints import Died, Trace

#: reading changes nothing: of its calls fewer are tried by default
READING = {"read", "stat", "list", "delta_open"}
ROWS = {OLD: [(OLD, 1), (OLD, 2)], NEW: [(NEW, 3), (NEW, 4)]}


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("old") / "ws"
    faults.prepare(root)
    return root


@pytest.fixture(scope="module")
def steps(old: Path, tmp_path_factory: pytest.TempPathFactory) -> Trace:
    """The calls, when nothing fails."""
    root = copy(old, tmp_path_factory.mktemp("clean"))
    with fault(0) as trace:
        work(root)
    assert state(root) == (2, 2)
    return trace


def copy(old: Path, folder: Path) -> Path:
    shutil.rmtree(folder / "ws", ignore_errors=True)
    return Path(shutil.copytree(old, folder / "ws"))


def state(root: Path) -> tuple[int, int]:
    """Contents and releases that readers see; all of them must be whole."""
    store = Store.open(root)
    contents = list(store.ledger().active())
    assert contents in ([OLD], [OLD, NEW])
    assert lines(store, *contents) == [row for content in contents for row in ROWS[content]]
    assert store.verify_inputs(contents) == {}
    for number in store.releases():
        manifest = store.manifest(number)
        assert store.verify(manifest) == []
        assert_frame_equal(store.read(manifest, "numbers").collect(), TABLES[number])
        assert_frame_equal(store.read(manifest, "kept").collect(), KEPT)
    return len(contents), len(store.releases())


def heal(root: Path) -> None:
    """Run again: the new state, each row once, nothing left over."""
    work(root)
    assert state(root) == (2, 2)
    assert len(list(root.glob(f"tables/*/input={NEW}/*"))) == 1
    with (store := Store.open(root)).lock():
        store.sweep(store.ledger().contents)
    assert list(root.rglob("*.unfinished")) == []


def moments(trace: Trace) -> list[int]:
    """Places of the calls, from 1 on; of many alike in a row the first and the last."""
    names = trace.names
    alike = [names[at - 2 : at + 1] == [names[at - 1]] * 3 for at in range(1, len(names) + 1)]
    return [at for at, inner in enumerate(alike, 1) if at == 1 or not inner]


def writing(trace: Trace) -> list[int]:
    return [at for at in moments(trace) if trace.names[at - 1] not in READING]


def dies(root: Path, at: int, *, torn: bool = False) -> tuple[int, int]:
    """Die at a call; return what readers see, and let the next run heal it."""
    with fault(at, "die", torn=torn), pytest.raises(Died):
        work(root)
    seen = state(root)
    heal(root)
    return seen


def test_every_call_that_writes_may_be_the_last(old: Path, steps: Trace, tmp_path: Path) -> None:
    seen = {dies(copy(old, tmp_path), at) for at in writing(steps)}
    assert seen == {(1, 1), (2, 1), (2, 2)}


def test_every_write_may_be_cut_in_the_middle(old: Path, steps: Trace, tmp_path: Path) -> None:
    writes = [at for at in moments(steps) if steps.names[at - 1] == "write"]
    assert {dies(copy(old, tmp_path), at, torn=True) for at in writes} == {(1, 1), (2, 1)}


def refused_by_disk(root: Path, at: int, action: failpoints.Action, said: str) -> bool:
    """Whether the fault stops the work; it is said in the words of the operating system, with the path."""
    told = ""
    try:
        with fault(at, action):
            work(root)
    except StorageError as error:
        told = str(error)
    assert not told or (str(root) in told and said in told), told
    return bool(told)


def test_every_call_that_writes_may_meet_a_full_disk(old: Path, steps: Trace, tmp_path: Path) -> None:
    silent = []
    for at in writing(steps):
        root = copy(old, tmp_path)
        if not refused_by_disk(root, at, "enospc", "No space left on device"):
            silent.append(steps.names[at - 1])
        state(root)
        heal(root)
    # taking a temporary name away may fail in silence
    assert silent == ["unlink"]


def test_some_calls_that_read_may_fail(old: Path, steps: Trace, tmp_path: Path) -> None:
    reading = [at for at in moments(steps) if at not in writing(steps)]
    fail_at(old, tmp_path, reading[::3])


@pytest.mark.slow
def test_every_call_may_fail_until_a_run_is_clean(old: Path, tmp_path: Path) -> None:
    """No list of calls: N = 1, 2, ... until the N-th is not reached any more."""
    for end in (fails, died, torn):
        at = 1
        while end(copy(old, tmp_path), at):
            at += 1
        assert at > 50


def fails(root: Path, at: int) -> bool:
    with suppress(StorageError), fault(at, "eio") as trace:
        work(root)
    state(root)
    heal(root)
    return trace.fired


def died(root: Path, at: int) -> bool:
    with suppress(Died), fault(at, "die") as trace:
        work(root)
    state(root)
    heal(root)
    return trace.fired


def torn(root: Path, at: int) -> bool:
    with suppress(StorageError), fault(at, "enospc", torn=True) as trace:
        work(root)
    state(root)
    heal(root)
    return trace.fired


def fail_at(old: Path, folder: Path, places: list[int]) -> None:
    for at in places:
        assert fails(copy(old, folder), at)


def test_killed_at_any_moment(old: Path, steps: Trace, tmp_path: Path) -> None:
    """With SIGKILL, in a process of its own, holding the lock; among them between the rows and the ledger."""
    names = steps.names
    first = names.index("delta_commit") + 1
    replaced = names.index("replace") + 1
    second = names.index("delta_committed", replaced) + 1
    moments = {
        first: (1, 1),  # the rows are written, no log names them
        first + 1: (1, 1),
        replaced: (1, 1),  # the log names the rows, the ledger does not
        replaced + 1: (2, 1),
        second: (2, 1),  # the log of the published table names the rows, no manifest does
        len(names): (2, 2),
    }
    for at, expected in moments.items():
        root = copy(old, tmp_path)
        command = [sys.executable, "-m", "support.faults", str(root), str(at)]
        tests = Path(__file__).parents[1]
        done = subprocess.run(command, cwd=tests, capture_output=True, text=True, timeout=60)
        assert done.returncode == -signal.SIGKILL, done.stderr
        assert state(root) == expected, (at, names[at - 1])
        heal(root)


def test_a_second_run_writes_nothing(old: Path, tmp_path: Path) -> None:
    root = copy(old, tmp_path)
    work(root)
    files = sorted((path, path.stat().st_mtime_ns) for path in root.rglob("*") if path.is_file())
    work(root)
    assert sorted((path, path.stat().st_mtime_ns) for path in root.rglob("*") if path.is_file()) == files


def test_what_is_acknowledged_is_on_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every file and every folder was synced after its last change, Delta's logs and checkpoints too."""
    synced: dict[int, int] = {}
    sync = os.fsync

    def noted(handle: int) -> None:
        sync(handle)
        state = os.fstat(handle)
        synced[state.st_ino] = state.st_mtime_ns

    monkeypatch.setattr(os, "fsync", noted)
    root = tmp_path / "above" / "ws"
    faults.prepare(root)
    work(root)
    with (store := Store.open(root)).lock():
        ledger = store.ledger()
        for i in range(20):
            ingest(store, ledger, f"{i:08x}", i)
        store.save_ledger(ledger)
    assert list(root.rglob("*.checkpoint.parquet"))
    for path in [root.parent, root, *root.rglob("*")]:
        if path.name != "lock":
            assert synced[path.stat().st_ino] == path.stat().st_mtime_ns, path


def test_a_full_disk_in_the_middle_of_a_large_file_leaves_nothing(old: Path, tmp_path: Path) -> None:
    root = copy(old, tmp_path)
    store = Store.open(root)

    def write() -> None:
        with store.writer(NEW) as writer:
            writer.add("quarantine", refused(*range(1000)))

    # the second time, since the first one makes folders that the attempts below find there
    for _ in range(2):
        with store.lock(), fault(0) as trace:
            write()
            whole = list(trace.names)
            store.sweep([OLD])
    assert "write" in whole
    for at in [i for i, name in enumerate(whole, 1) if name == "write"]:
        with store.lock():
            with fault(at, torn=True), pytest.raises(StorageError, match="No space left on device"):
                write()
            assert not list(root.glob(f"tables/*/input={NEW}"))
    assert state(root) == (1, 1)
