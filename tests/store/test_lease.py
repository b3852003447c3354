"""A lock that is a lease: one holder at a time, renewed while it lives, taken over once it has run out."""

from __future__ import annotations

import os
import socket
import threading
import time
from pathlib import Path

import pytest

from trendcore.errors import ConflictError, StorageError
from trendcore.store.failpoints import armed
from trendcore.store.volumes import LocalVolume
from trendcore.store.volumes.lease import LeaseLock


class Place(LocalVolume):
    """A folder with tags: the bytes themselves, as no two leases are equal."""

    root: str  # type: ignore[assignment]

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.changing = threading.Lock()

    def read_tagged(self, key: str) -> tuple[bytes, str]:
        data = self.read(key)
        return data, data.decode()

    def replace(self, key: str, data: bytes, tag: str | None = None) -> str:  # type: ignore[override]
        with self.changing:
            if self.read(key).decode() != tag:
                raise ConflictError("too late")
            super().replace(key, data)
        return data.decode()


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def test_one_holder_at_a_time_and_the_second_is_told_who_it_is(place: Place) -> None:
    first, second = LeaseLock(place), LeaseLock(place)
    first.acquire(0)
    who = rf"another process works on {place.root} \({os.getpid()} on {socket.gethostname()}\): try again"
    with pytest.raises(ConflictError, match=rf"{who} .* if it died, in (59|60) s"):
        second.acquire(0)
    assert (first.held, second.held) == (True, False)
    first.release()
    second.acquire(0)
    assert (first.held, second.held) == (False, True)
    second.release()


def test_the_holder_may_take_it_again_and_gives_it_back_as_often(place: Place) -> None:
    first, second = LeaseLock(place), LeaseLock(place)
    first.acquire(0)
    first.acquire(0)
    first.release()
    with pytest.raises(ConflictError):
        second.acquire(0)
    first.release()
    second.acquire(0)
    second.release()


def test_it_is_renewed_while_it_is_held(place: Place) -> None:
    first, second = LeaseLock(place, seconds=0.3), LeaseLock(place, seconds=0.3)
    first.acquire(0)
    with pytest.raises(ConflictError):
        second.acquire(timeout=1.0)
    first.release()
    second.acquire(0)
    second.release()


def test_it_is_renewed_again_after_a_failure(place: Place) -> None:
    first, second = LeaseLock(place, seconds=0.6), LeaseLock(place)
    first.acquire(0)
    with armed(1, only={"replace"}) as trace, pytest.raises(ConflictError):
        second.acquire(timeout=1.2)
    assert trace.fired
    first.release()


def test_one_that_has_run_out_is_taken_over(place: Place) -> None:
    """The holder died, or is paused: its thread renews nothing."""
    first, second = LeaseLock(place, seconds=0.3), LeaseLock(place)
    first._ending.set()
    first._renew = lambda: None  # type: ignore[method-assign]
    first.acquire(0)
    start = time.monotonic()
    second.acquire(timeout=20)
    assert 0.1 < time.monotonic() - start < 10
    # the first one wakes up and ends: it takes nothing from the second
    first.release()
    with pytest.raises(ConflictError):
        LeaseLock(place).acquire(0)
    second.release()


def test_of_several_that_take_it_at_once_one_succeeds(place: Place) -> None:
    LeaseLock(place).acquire(0)
    for _ in range(5):
        (Path(place.root) / "lock").unlink()
        together = threading.Barrier(6)
        held = []

        def take() -> None:
            lock = LeaseLock(place)
            together.wait()  # noqa: B023 - the threads end before the next round
            try:
                lock.acquire(0)
            except ConflictError:
                return
            held.append(lock)  # noqa: B023

        threads = [threading.Thread(target=take) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(held) == 1
        held[0].release()


def test_a_damaged_lease_is_named(place: Place) -> None:
    place.create("lock", b"{")
    with pytest.raises(StorageError, match=r"lock is damaged: .*; remove it"):
        LeaseLock(place).acquire(0)
