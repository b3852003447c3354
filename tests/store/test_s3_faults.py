"""Workspaces on S3: whatever fails, the old state or the new one; who was paused can write nothing more."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from polars.testing import assert_frame_equal
from support import faults
from support.buckets import copy, leases_last, objects
from support.canonical import ingest, lines, refused
from support.faults import KEPT, NEW, OLD, TABLES, fault, work

from trendcore.errors import ConflictError, StorageError
from trendcore.store import ReleaseInfo, Store
from trendcore.store.failpoints import Died, Trace
from trendcore.store.volumes import S3Volume

ROWS = {OLD: [(OLD, 1), (OLD, 2)], NEW: [(NEW, 3), (NEW, 4)]}


@pytest.fixture(scope="module")
def old(bucket: str) -> dict[str, bytes]:
    """Objects of a workspace in its old state."""
    faults.prepare(f"{bucket}/old/ws")
    return objects(f"{bucket}/old/ws")


@pytest.fixture(scope="module")
def steps(bucket: str, old: dict[str, bytes]) -> Trace:
    """The calls, when nothing fails."""
    address = copy(old, f"{bucket}/clean/ws")
    with fault(0) as trace:
        work(address)
    assert state(address) == (2, 2)
    return trace


def state(address: str) -> tuple[int, int]:
    """Contents and releases that readers see; all of them must be whole."""
    store = Store.open(address)
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


def heal(address: str) -> None:
    """Run again: the new state, each row once, nothing left over."""
    work(address)
    assert state(address) == (2, 2)
    assert len([key for key in S3Volume(address).below("tables") if f"/input={NEW}/" in key]) == 1


def some(steps: Trace, nth: int) -> list[int]:
    """Places of calls; of writes of one file the first, of the others each n-th."""
    places = [
        at for at, name in enumerate(steps.names, 1) if name != "write" or steps.names[at - 2] != "write"
    ]
    return places[::nth]


def fails(address: str, at: int) -> bool:
    with suppress(StorageError), fault(at, "eio") as trace:
        work(address)
    state(address)
    heal(address)
    return trace.fired


def dies(address: str, at: int) -> bool:
    with suppress(Died), fault(at, "die") as trace:
        work(address)
    state(address)
    heal(address)
    return trace.fired


def paused(address: str, at: int) -> bool:
    """Another process takes the lock over while a call is about to be made, and does all of the work."""
    told = False
    with fault(at, lambda: work(address)) as trace:
        try:
            work(address)
        except ConflictError:
            told = True
    if trace.fired:
        assert state(address) == (2, 2), trace.names[at - 1]
        ledger = Store.open(address).ledger()
        assert len(ledger.units) == 2
    heal(address)
    ends.append(told)
    return trace.fired


#: whether the writers that were paused were told of the conflict
ends: list[bool] = []


@pytest.mark.parametrize(("end", "nth"), [(fails, 17), (dies, 15), (paused, 7)])
def test_calls_may_fail_be_the_last_or_wait_for_long(
    old: dict[str, bytes],
    steps: Trace,
    place: str,
    monkeypatch: pytest.MonkeyPatch,
    end: Callable[[str, int], bool],
    nth: int,
) -> None:
    # who died, or is paused, has lost its lease at once
    leases_last(monkeypatch, 0.0, renewed=False)
    ends.clear()
    for at in some(steps, nth):
        assert end(copy(old, place), at), at
    assert end is not paused or (any(ends) and not all(ends))


@pytest.mark.slow
@pytest.mark.parametrize("end", [fails, dies, paused])
def test_every_call_may(
    old: dict[str, bytes], place: str, monkeypatch: pytest.MonkeyPatch, end: Callable[[str, int], bool]
) -> None:
    leases_last(monkeypatch, 0.0, renewed=False)
    at = 1
    while end(copy(old, place), at):
        at += 1
    assert at > 50


@pytest.mark.parametrize("fires", ["create", "replace"])
def test_a_put_whose_answer_was_lost_is_known_for_ones_own(
    place: str, monkeypatch: pytest.MonkeyPatch, fires: str
) -> None:
    """The library puts again when the connection breaks after the put, and is told that it came too late."""
    import obstore

    volume = S3Volume(place)
    whole = obstore.put

    def twice(*args: Any, **options: Any) -> Any:
        whole(*args, **options)
        return whole(*args, **options)

    volume.create("there", b"1")
    tag = volume.tag("there")
    monkeypatch.setattr(obstore, "put", twice)
    if fires == "create":
        volume.create("new", b"2")
        with pytest.raises(FileExistsError):
            volume.create("there", b"2")
        assert (volume.read("new"), volume.read("there")) == (b"2", b"1")
    else:
        assert volume.replace("there", b"2", tag) == volume.tag("there")
        with pytest.raises(ConflictError, match="another process has written"):
            volume.replace("there", b"3", tag)
        assert volume.read("there") == b"2"


def test_a_paused_writer_can_write_nothing_any_more(place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    faults.prepare(place)
    leases_last(monkeypatch, 0.0, renewed=False)
    store = Store.open(place)
    fence = store.ledger().fence
    with store.lock():
        ledger = store.ledger()
        ingest(store, ledger, "cccccccc", 9)
        work(place)
        before = objects(place)
        for write in (
            lambda: store.save_ledger(ledger),
            lambda: store.sweep([]),
            lambda: store.publish({}, ReleaseInfo(fingerprint="f")),
            lambda: store.writer("dddddddd").__enter__(),
            lambda: store.keep_text(b"abc"),
        ):
            with pytest.raises(ConflictError, match=f"another process has (taken over|written) {place}"):
                write()
        assert objects(place) == before
    assert state(place) == (2, 2)
    assert store.ledger().fence == fence + 2


def test_a_writer_that_is_paused_within_a_content_takes_nothing_of_it_away(
    place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    faults.prepare(place)
    leases_last(monkeypatch, 0.0, renewed=False)
    store = Store.open(place)

    def write() -> None:
        with store.writer(NEW) as rows:
            rows.add("quarantine", refused(3, 4))
            work(place)

    with store.lock(), pytest.raises(ConflictError, match="another process has taken over"):
        write()
    assert state(place) == (2, 2)
