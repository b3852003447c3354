"""One writer at a time, also of two processes, also after one that was killed."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from trendcore.errors import ConflictError, StorageError
from trendcore.store import Store

HOLD = """
import sys
from trendcore.store import Store
with Store.open(sys.argv[1]).lock():
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store.create(tmp_path / "ws")


@contextmanager
def holder(store: Store) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the lock until its standard input ends."""
    command = [sys.executable, "-c", HOLD, str(store.root)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        try:
            yield process
        finally:
            process.kill()


def test_of_two_processes_the_second_is_told_at_once(store: Store) -> None:
    with holder(store) as process:
        start = time.perf_counter()
        with (
            pytest.raises(ConflictError, match=f"another process works on {store.root}: try again"),
            store.lock(),
        ):
            pass
        assert time.perf_counter() - start < 1
        assert store.ledger().units == []  # reading needs no lock
        process.communicate()
    with store.lock():
        pass


def test_a_killed_holder_blocks_nobody(store: Store) -> None:
    with holder(store) as process:
        process.send_signal(signal.SIGKILL)
        process.wait()
        with store.lock():
            store.save_ledger(store.ledger())


def test_waiting_ends_when_the_holder_does(store: Store) -> None:
    with holder(store) as process:
        ending = threading.Timer(0.3, process.communicate)
        ending.start()
        with store.lock(timeout=20):
            pass
        ending.join()
        assert process.returncode == 0


def test_two_handles_in_one_process_exclude_each_other(store: Store) -> None:
    other = Store.open(store.root)
    with store.lock():
        with pytest.raises(ConflictError), other.lock():
            pass
        with store.lock():  # the same handle may take it again
            pass
        store.save_ledger(store.ledger())
    with other.lock():
        pass


def test_an_exception_gives_the_lock_back(store: Store) -> None:
    with pytest.raises(KeyboardInterrupt), store.lock():
        raise KeyboardInterrupt
    with Store.open(store.root).lock():
        pass


def test_a_lock_that_cannot_be_taken_is_a_storage_error(store: Store) -> None:
    (store.root / "lock").mkdir()
    with pytest.raises(StorageError, match="lock: Is a directory"), store.lock():
        pass
