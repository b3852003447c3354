"""What gc removes nobody needs: no kept release, no reader who had begun; and whoever dies loses nothing."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import deltalake
import polars as pl
import pytest
from polars.testing import assert_frame_equal
from support.buckets import copy, leases_last, objects
from support.canonical import ingest, lines
from support.faults import fault

from trendcore.errors import ConflictError, StorageError, UsageError, WorkspaceError
from trendcore.store import ReleaseInfo, Store, collecting, failpoints, parts
from trendcore.store.failpoints import Died
from trendcore.store.volumes import S3Volume

DAY = timedelta(days=1)
START = datetime(2030, 1, 1, tzinfo=UTC)
OLD, NEW = "aaaaaaaa", "bbbbbbbb"


def table(number: int) -> pl.DataFrame:
    """Of two cells one changes from release to release."""
    cells = {"source": ["s", "s"], "role": ["r", "r"], "field": ["f", "f"], "year": [1, 2]}
    return pl.DataFrame(cells | {"n": [0, number]}, schema_overrides={"year": pl.Int16})


def prepare(place: Path | str) -> None:
    """Four releases: the first of an input that is not there any more, and of a method of its own."""
    store = Store.create(place)
    with store.lock():
        ledger = store.ledger()
        ingest(store, ledger, OLD, 1)
        ingest(store, ledger, NEW, 2, 3)
        store.save_ledger(ledger)
        for number in range(1, 5):
            method = store.keep_text(b"first" if number == 1 else b"later")
            info = ReleaseInfo(
                fingerprint=str(number),
                inputs=[{"id": OLD if number == 1 else NEW, "feed": "baci", "name": "a"}],
                method_files={"taxonomy": method},
            )
            store.publish({"t": table(number), "same": table(0)}, info)
        ledger.units = [unit for unit in ledger.units if unit.content == NEW]
        store.save_ledger(ledger)


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> Callable[[timedelta], None]:
    """Sets the time that has passed since the beginning."""
    monkeypatch.setattr(parts, "LARGE", 1)

    def passed(since: timedelta) -> None:
        monkeypatch.setattr(collecting, "now", lambda: START + since)

    passed(timedelta(0))
    return passed


@pytest.fixture
def store(tmp_path: Path, at: Any) -> Store:
    prepare(tmp_path / "ws")
    return Store.open(tmp_path / "ws")


def check(store: Store, *numbers: int) -> None:
    """These releases are there, whole, in the store and for readers of Delta."""
    assert store.releases() == list(numbers)
    for number in numbers:
        manifest = store.manifest(number)
        assert store.verify(manifest) == []
        assert_frame_equal(store.read(manifest, "t").collect(), table(number))
        if isinstance(store.root, Path):
            version = manifest.tables["t"].delta_version
            pinned = deltalake.DeltaTable(store.root / "results" / "t", version=version)
            assert_frame_equal(
                pl.DataFrame(pinned.to_pyarrow_table()).drop("part").sort("year"), table(number)
            )
    assert lines(store, NEW) == [(NEW, 2), (NEW, 3)]
    assert store.verify_inputs([NEW]) == {}


def data_files(store: Store) -> int:
    return len(list(Path(store.root).glob("results/*/*.parquet")))


def test_old_releases_are_dropped_and_their_files_wait_for_readers(store: Store, at: Any) -> None:
    begun = store.read(store.manifest(1), "t")
    assert data_files(store) == 2 + 1 + 4  # two parts; one part stays, four are of a release each
    first = store.gc(2, DAY)
    assert (first.dropped, first.waiting, first.removed) == ((1, 2), (1, 2), ())
    assert (first.files, first.bytes, first.contents) == (0, 0, ())
    check(store, 3, 4)
    with pytest.raises(WorkspaceError, match=r"there is no release 1 in .*; there are 3, 4"):
        store.manifest(1)
    assert_frame_equal(begun.collect(), table(1))
    at(DAY - timedelta(seconds=1))
    assert store.gc(2, DAY).removed == ()
    assert_frame_equal(begun.collect(), table(1))
    at(DAY)
    sizes = {path: path.stat().st_size for path in Path(store.root).rglob("*") if path.is_file()}
    second = store.gc(2, DAY)
    assert (second.dropped, second.waiting, second.removed) == ((), (), (1, 2))
    assert second.contents == (OLD,)
    gone = [size for path, size in sizes.items() if not path.exists() and path.suffix != ".json"]
    assert (second.files, second.bytes) == (len(gone), sum(gone))
    assert second.files == 2 + 1 + 1  # a part of each of two releases, a text, the rows of an input
    check(store, 3, 4)
    assert list(store.ledger().contents) == [NEW]
    assert not list(Path(store.root).glob(f"tables/*/input={OLD}"))
    with pytest.raises(StorageError):
        store.kept_text(store.manifest(3).method_files["taxonomy"].replace("a", "b"))
    assert store.kept_text(store.manifest(3).method_files["taxonomy"]) == b"later"
    third = store.gc(2, DAY)
    assert third == collecting.Collected((), (), (), 0, 0, (), 0)


def test_what_is_released_later_stands_on_what_is_left(store: Store, at: Any) -> None:
    for days in (0, 2):
        at(days * DAY)
        store.gc(1, DAY)
    with store.lock():
        store.publish({"t": table(5), "same": table(0)}, ReleaseInfo(fingerprint="5"))
    check(store, 4, 5)
    with store.lock():
        ledger = store.ledger()
        ingest(store, ledger, OLD, 1)  # what was collected may come again
        store.save_ledger(ledger)
    assert lines(store, OLD) == [(OLD, 1)]


def test_without_a_grace_all_goes_at_once(store: Store) -> None:
    done = store.gc(1, timedelta(0))
    assert (done.dropped, done.removed, done.contents) == ((1, 2, 3), (1, 2, 3), (OLD,))
    check(store, 4)
    assert data_files(store) == 2 + 2
    assert list(Path(store.root).glob("releases/dropped/*")) == []


def test_young_releases_are_not_dropped(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collecting, "now", lambda: datetime.now(UTC) + timedelta(hours=23))
    assert store.gc(1, DAY).dropped == ()
    check(store, 1, 2, 3, 4)
    assert store.gc(9, timedelta(0)).dropped == ()


def test_what_a_rollback_names_stays(store: Store, at: Any) -> None:
    store.rollback(1, "the later ones are wrong")
    for days in (0, 2):
        at(days * DAY)
        done = store.gc(1, DAY)
    assert done.removed == (1, 2, 3, 4)
    assert done.contents == ()
    manifest = store.manifest()
    assert (manifest.number, manifest.rolled_back_to) == (5, 1)
    assert store.verify(manifest) == []
    assert_frame_equal(store.read(manifest, "t").collect(), table(1))
    assert lines(store, OLD) == [(OLD, 1)]


def test_a_dry_run_says_the_same_and_writes_nothing(store: Store) -> None:
    before = sorted((path, path.stat().st_mtime_ns) for path in Path(store.root).rglob("*"))
    said = store.gc(2, timedelta(0), dry_run=True)
    assert sorted((path, path.stat().st_mtime_ns) for path in Path(store.root).rglob("*")) == before
    assert store.gc(2, timedelta(0)) == said
    assert said.files == 4


def test_what_no_manifest_names_waits_too(store: Store, at: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """It may be of an update that is about to write its manifest, on a machine that is paused."""

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, store.lock():
        patch.setattr("trendcore.store.releases.write", die)
        with pytest.raises(KeyboardInterrupt):
            store.publish({"t": table(9), "same": table(0)}, ReleaseInfo(fingerprint="9"))
    assert data_files(store) == 8
    first = store.gc(4, DAY)
    assert (first.files, first.held) == (0, 1)
    at(DAY)
    assert (store.gc(4, DAY).files, data_files(store)) == (1, 7)
    check(store, 1, 2, 3, 4)


def test_an_input_that_was_replaced_before_any_release_waits_and_goes(store: Store, at: Any) -> None:
    with store.lock():
        ledger = store.ledger()
        ingest(store, ledger, "cccccccc", 7)
        ledger.units.pop()
        store.save_ledger(ledger)
    assert store.gc(4, DAY).held == 1
    assert lines(store, "cccccccc") == [("cccccccc", 7)]
    at(DAY)
    assert store.gc(4, DAY).contents == ("cccccccc",)


@pytest.mark.parametrize(
    ("keep", "grace", "said"),
    [(0, DAY, "at least 1 release stays, not 0"), (1, -DAY, "the grace is 0 hours or more")],
)
def test_what_makes_no_sense_is_refused(store: Store, keep: int, grace: timedelta, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        store.gc(keep, grace)


def test_a_damaged_manifest_stops_it_and_so_does_another_writer(store: Store) -> None:
    with Store.open(store.root).lock(), pytest.raises(ConflictError):
        store.gc(1, timedelta(0))
    path = Path(store.root) / "releases" / "000003.json"
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(StorageError, match=r"000003\.json is damaged"):
        store.gc(1, timedelta(0))
    assert data_files(store) == 7


def ends(store: Store) -> set[str]:
    """What is left when it has done its work, but for names that are drawn and logs."""
    root = Path(store.root)
    left = [path.relative_to(root) for path in root.rglob("*") if path.is_file()]
    return {str(path) for path in left if "_delta_log" not in path.parts}


def run(store: Store) -> None:
    store.gc(2, timedelta(0))


def survives(place: Path | str, at: int, whole: Callable[[Store], None]) -> bool:
    """Whether the call was reached; who dies at it has lost nothing, and the next run goes on."""
    with suppress(Died), fault(at, "die") as trace:
        run(Store.open(place))
    store = Store.open(place)
    assert set(store.releases()) >= {3, 4}
    check(store, *store.releases())
    run(Store.open(place))
    with store.lock():
        store.sweep(store.ledger().contents)
    whole(store)
    return trace.fired


@pytest.fixture
def copied(store: Store, tmp_path: Path) -> Callable[[], Path]:
    """Gives a fresh copy of the workspace."""

    def fresh() -> Path:
        shutil.rmtree(tmp_path / "copy", ignore_errors=True)
        return Path(shutil.copytree(store.root, tmp_path / "copy"))

    return fresh


@pytest.fixture
def writing(copied: Callable[[], Path]) -> list[int]:
    """The calls that change something, by their number."""
    place = copied()
    with fault(0) as trace:
        run(Store.open(place))
    return [n for n, name in enumerate(trace.names, 1) if name not in {"read", "stat", "list", "delta_open"}]


@pytest.fixture
def whole(copied: Callable[[], Path]) -> Callable[[Store], None]:
    """Checks that the work is done, as by a run that nothing disturbs."""
    clean = Store.open(copied())
    run(clean)
    left = ends(clean)

    def same(store: Store) -> None:
        assert ends(store) == left
        check(store, 3, 4)

    return same


def test_whoever_dies_loses_nothing_and_the_next_run_goes_on(
    copied: Callable[[], Path], writing: list[int], whole: Callable[[Store], None]
) -> None:
    assert len(writing) > 25
    for at in writing:
        assert survives(copied(), at, whole)


@pytest.mark.slow
def test_whoever_dies_at_any_call_loses_nothing(
    copied: Callable[[], Path], whole: Callable[[Store], None]
) -> None:
    at = 1
    while survives(copied(), at, whole):
        at += 1
    assert at > 50


def test_a_disk_that_fails_is_said_and_loses_nothing(copied: Callable[[], Path], writing: list[int]) -> None:
    told = []
    for at in writing[::2]:
        place = copied()
        try:
            with fault(at, "eio"):
                run(Store.open(place))
        except StorageError as error:
            told.append(str(error))
        store = Store.open(place)
        check(store, *store.releases())
        run(store)
        check(store, 3, 4)
    assert len(told) > len(writing) // 4
    assert all(str(place) in error for error in told)


def test_on_s3_too(place: str, at: Any) -> None:
    prepare(place)
    store = Store.open(place)
    begun = store.read(store.manifest(2), "t")
    assert store.gc(2, DAY).dropped == (1, 2)
    assert_frame_equal(begun.collect(), table(2))
    check(store, 3, 4)
    at(DAY)
    done = store.gc(2, DAY)
    assert (done.removed, done.files, done.contents) == ((1, 2), 4, (OLD,))
    check(store, 3, 4)
    data = [key for key in S3Volume(place).below("results") if key.endswith(".parquet")]
    assert len([key for key in data if "_delta_log" not in key]) == 2 + 1 + 2


def test_on_s3_who_is_paused_and_shut_out_removes_nothing_more(
    place: str, at: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepare(place)
    leases_last(monkeypatch, 0.0, renewed=False)

    def another() -> None:
        """Another process takes over and goes back to a release that is to be dropped."""
        Store.open(place).rollback(2)

    store = Store.open(place)
    with (
        failpoints.armed(1, another, only={"s3_delete"}) as trace,
        pytest.raises(ConflictError, match="another process has taken over"),
    ):
        store.gc(1, timedelta(0))
    assert trace.fired
    assert store.verify(store.manifest(5)) == []
    assert_frame_equal(store.read(store.manifest(5), "t").collect(), table(2))
    assert lines(store, NEW) == [(NEW, 2), (NEW, 3)]
    data = [key for key in S3Volume(place).below("results") if key.endswith(".parquet")]
    assert len([key for key in data if "_delta_log" not in key]) == 2 + 1 + 4


@pytest.mark.slow
def test_on_s3_whoever_dies_loses_nothing(place: str, at: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    prepare(place)
    old = objects(place)
    leases_last(monkeypatch, 0.0, renewed=False)  # who died has lost its lease at once

    def done(store: Store) -> None:
        check(store, 3, 4)
        assert store.gc(2, timedelta(0)).files == 0

    call = 1
    while survives(copy(old, f"{place}-copy"), call, done):
        call += 1
    assert call > 50
