"""Whatever fails while a workspace is written: the old state or the new one, and the next run heals."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from polars.testing import assert_frame_equal
from support import faults
from support.canonical import ingest, lines, refused
from support.faults import KEPT, NEW, OLD, TABLES, Died, fault, work

from trendcore.errors import StorageError
from trendcore.store import Store

ROWS = {OLD: [(OLD, 1), (OLD, 2)], NEW: [(NEW, 3), (NEW, 4)]}


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("old") / "ws"
    faults.prepare(root)
    return root


@pytest.fixture(scope="module")
def steps(old: Path, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Names of the calls that write, when nothing fails."""
    root = copy(old, tmp_path_factory.mktemp("clean"))
    with fault(0) as made:
        work(root)
    assert state(root) == (2, 2)
    return made


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


def moments(steps: list[str]) -> list[int]:
    """Places of the calls, from 1 on; of the many pieces of a file the first and the last."""
    inner = ["write"] * 3
    return [at for at in range(1, len(steps) + 1) if at < 2 or steps[at - 2 : at + 1] != inner]


def test_every_call_that_writes_may_fail_or_be_the_last(old: Path, steps: list[str], tmp_path: Path) -> None:
    seen = set()
    for at in moments(steps):
        root = copy(old, tmp_path)
        with fault(at, "death"), pytest.raises(Died):
            work(root)
        seen.add(state(root))
        heal(root)
    assert seen == {(1, 1), (2, 1), (2, 2)}


def refused_by_disk(root: Path, at: int) -> bool:
    """Whether the fault stops the work; it is said in the words of the operating system, with the path."""
    try:
        with fault(at):
            work(root)
    except StorageError as error:
        said = str(error)
    else:
        return False
    return str(root) in said and "No space left on device" in said


def test_every_call_that_writes_may_meet_a_full_disk(old: Path, steps: list[str], tmp_path: Path) -> None:
    refusals = 0
    for at in moments(steps):
        root = copy(old, tmp_path)
        refusals += refused_by_disk(root, at)
        state(root)
        heal(root)
    # two may fail in silence: making the lock's folder, which is there, and taking a temporary name away
    assert (steps[0], steps.count("unlink"), refusals) == ("mkdir", 1, len(moments(steps)) - 2)


def test_killed_at_any_moment(old: Path, steps: list[str], tmp_path: Path) -> None:
    """With SIGKILL, in a process of its own, holding the lock; among them between the rows and the ledger."""
    first = steps.index("create_write_transaction") + 1
    replaced = steps.index("replace") + 1
    second = steps.index("create_write_transaction", replaced) + 1
    moments = {
        first: (1, 1),  # the rows are written, no log names them
        first + 1: (1, 1),
        replaced: (1, 1),  # the log names the rows, the ledger does not
        replaced + 1: (2, 1),
        second + 1: (2, 1),  # the log of the published table names the rows, no manifest does
        len(steps): (2, 2),
    }
    for at, expected in moments.items():
        root = copy(old, tmp_path)
        command = [sys.executable, "-m", "support.faults", str(root), str(at)]
        tests = Path(__file__).parents[1]
        done = subprocess.run(command, cwd=tests, capture_output=True, text=True, timeout=60)
        assert done.returncode == -signal.SIGKILL, done.stderr
        assert state(root) == expected, (at, steps[at - 1])
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
        with store.lock(), fault(0) as made:
            write()
            whole = list(made)
            store.sweep([OLD])
    assert "write" in whole
    for at in [i for i, name in enumerate(whole, 1) if name == "write"]:
        with store.lock():
            with fault(at), pytest.raises(StorageError, match="No space left on device"):
                write()
            assert not list(root.glob(f"tables/*/input={NEW}"))
    assert state(root) == (1, 1)
