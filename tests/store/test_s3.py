"""Workspaces on S3: the same numbers as in a folder, whole whatever fails, one writer at a time."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec
import polars as pl
import pytest
from polars.testing import assert_frame_equal

pytest.importorskip("moto", reason="moto serves S3 in these tests: pip install trendcore[test]")
pytest.importorskip("obstore", reason="S3 needs obstore: pip install trendcore[s3]")

from support import faults, workspaces
from support.buckets import KEY, SECRET, copy, leases_last, objects, served
from support.canonical import ingest, lines, refused
from support.faults import KEPT, NEW, OLD, TABLES, fault, work

import trendcore as tc
from trendcore.errors import ConflictError, StorageError, UsageError, WorkspaceError
from trendcore.store import ReleaseInfo, Store, failpoints, releases
from trendcore.store.failpoints import Died, Trace
from trendcore.store.volumes import S3Volume
from trendcore.store.volumes import s3 as module

ROWS = {OLD: [(OLD, 1), (OLD, 2)], NEW: [(NEW, 3), (NEW, 4)]}
TESTS = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def bucket() -> Iterator[str]:
    with served() as address:
        yield address


@pytest.fixture
def place(bucket: str, request: pytest.FixtureRequest) -> str:
    """An address of the test's own."""
    name = "".join(char if char.isalnum() else "-" for char in request.node.name)
    return f"{bucket}/{name}/ws"


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


# ---- the server, and what an address is ----


def test_the_server_honours_conditions(bucket: str) -> None:
    """Else the tests below would prove nothing."""
    import obstore
    from obstore.exceptions import AlreadyExistsError, PreconditionError

    volume = S3Volume(f"{bucket}/conditions/ws")
    first = obstore.put(volume._store, "a", b"1", mode="create")
    with pytest.raises(AlreadyExistsError):
        obstore.put(volume._store, "a", b"2", mode="create")
    with pytest.raises(PreconditionError):
        obstore.put(volume._store, "a", b"2", mode={"e_tag": '"0123"'})
    with pytest.raises(PreconditionError):
        obstore.put(volume._store, "b", b"2", mode={"e_tag": '"0123"'})
    second = obstore.put(volume._store, "a", b"3", mode={"e_tag": first["e_tag"]})
    with pytest.raises(PreconditionError):
        obstore.put(volume._store, "a", b"4", mode={"e_tag": first["e_tag"]})
    assert second["e_tag"] != first["e_tag"]
    assert volume.below("") == ["a"]
    assert volume.read("a") == b"3"


def test_without_obstore_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "obstore", None)
    with pytest.raises(UsageError, match=r"s3://bucket/ws: S3 needs obstore: pip install trendcore\[s3\]"):
        Store.open("s3://bucket/ws")


def test_what_is_not_there_is_said(bucket: str, place: str) -> None:
    with pytest.raises(
        WorkspaceError, match=f"{place} is no workspace: `trendcore ingest FEED PATH -w {place}`"
    ):
        Store.open(place)
    with pytest.raises(StorageError, match=r"^s3://elsewhere/ws: there is no bucket elsewhere$"):
        Store.create("s3://elsewhere/ws")
    store = Store.create(place)
    with pytest.raises(WorkspaceError, match=f"nothing is published in {place} yet"):
        store.manifest()
    assert (store.scan("papers", ["aaaaaaaa"]).collect().height, store.verify_inputs(["aaaaaaaa"])) == (0, {})


def test_a_prefix_with_other_things_is_refused(place: str) -> None:
    S3Volume(place).create("thesis.tex", b"")
    with pytest.raises(WorkspaceError, match=r"is not empty and no workspace \(thesis.tex is in it\)"):
        Store.create(place)
    S3Volume(place).create("trendcore.toml", b"")
    assert Store.create(f"{place}/").root == place
    assert Store.create(place.replace("/ws", "/w")).releases() == []  # a prefix is no beginning of a name


def test_a_server_that_cannot_be_reached_is_a_storage_error(
    place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(module._RETRIES, "max_retries", 0)
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    with pytest.raises(StorageError, match=f"^{place}/workspace.json: ") as caught:
        Store.open(place)
    assert not {KEY, SECRET, "\n"} & set(str(caught.value).split(" "))


# ---- the same as in a folder ----


def test_the_whole_way_gives_the_same_numbers_as_in_a_folder(place: str, tmp_path: Path) -> None:
    feeds = ("patentsview", "baci")
    there, here = (workspaces.of_sample(at, feeds) for at in (place, tmp_path / "ws"))  # type: ignore[arg-type]
    for workspace in (there, here):
        assert (workspace.update().release, workspace.update().changed) == (1, False)
        assert workspace.verify() == []
    assert workspaces.contents(there) == workspaces.contents(here)
    chosen: dict[str, Any] = {"field": "semiconductors", "index": "joint"}
    assert_frame_equal(
        there.indices(**chosen).collect(), here.indices(**chosen).collect(), check_row_order=False
    )
    assert_frame_equal(there.patents().collect(), here.patents().collect(), check_row_order=False)
    assert there.releases().height == 1
    there.withdraw(workspaces.SAMPLE / "baci")
    assert there.update(accept_change="trade is left out").release == 2
    assert workspaces.contents(there) != workspaces.contents(there, release=1) == workspaces.contents(here)
    assert there.verify() == there.verify(release=1) == []
    everything = objects(place)
    assert len(everything) > 20
    for key, data in everything.items():
        assert KEY.encode() not in data, key
        assert SECRET.encode() not in data, key
    assert SECRET not in repr(there)


def test_settings_are_read_from_the_bucket(place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    workspace = tc.Workspace(place)
    assert workspace.settings.breadth == "core"
    volume = S3Volume(place)
    volume.create("trendcore.toml", b'breadth = "wide"\nblocs = ["quad"]\n')
    assert (workspace.settings.breadth, workspace.settings.blocs) == ("wide", ("quad",))
    monkeypatch.setenv("TRENDCORE_BREADTH", "both")
    assert (workspace.settings.breadth, tc.Workspace(place, breadth="core").settings.breadth) == (
        "both",
        "core",
    )
    for said, message in (
        (b'taxonomy = "mine.toml"', r"trendcore.toml: setting taxonomy: 'mine.toml' is no absolute path"),
        (b"bredth = 1", r"trendcore.toml: no setting is called 'bredth'"),
        (b"breadth = 1", r"setting breadth \(of .*trendcore.toml\)"),
        (b"=", "not TOML"),
    ):
        monkeypatch.delenv("TRENDCORE_BREADTH", raising=False)
        volume.replace("trendcore.toml", said)
        with pytest.raises(UsageError, match=message) as caught:
            _ = workspace.settings
        assert place in str(caught.value)


def test_large_files_go_up_in_parts(place: str) -> None:
    store = Store.create(place)
    frame = pl.select(n=pl.int_range(0, 1_500_000).hash(7).cast(pl.String))
    with store.lock():
        made = store.publish({"numbers": frame}, ReleaseInfo(fingerprint="f"))
    assert made.tables["numbers"].files[0].size > 2 * 5 * 1024 * 1024
    assert store.verify(made) == []
    assert_frame_equal(store.read(made, "numbers").collect(), frame)


def test_damage_is_found_and_named(place: str) -> None:
    faults.prepare(place)
    store, volume = Store.open(place), S3Volume(place)
    manifest = store.manifest()
    key = manifest.tables["numbers"].files[0].path
    whole = volume.read(key)
    volume.replace(key, whole[:50] + bytes([whole[50] ^ 1]) + whole[51:])
    assert store.verify(manifest) == [f"{place}/{key}: the bytes are not those that were written"]
    volume.replace(key, whole[:-1])
    with pytest.raises(StorageError, match=f"{key} is damaged: it has"):
        store.read(manifest, "numbers")
    volume.remove_all([key])
    assert store.verify(manifest) == [f"{place}/{key}: No such file or directory"]
    (rows,) = [key for key in volume.below("tables") if key.endswith(".parquet")]
    volume.remove_all([rows])
    with pytest.raises(StorageError, match=f"{rows}: No such file"):
        store.scan("quarantine", [OLD])
    volume.remove_all(["ledger.json"])
    with pytest.raises(StorageError, match=r"ledger.json: No such file"), store.lock():
        pass


def test_texts_are_kept(place: str) -> None:
    store = Store.create(place)
    with store.lock():
        name = store.keep_text(b"abc")
        assert store.keep_text(b"abc") == name
    assert Store.open(place).kept_text(name) == b"abc"


# ---- whatever fails ----


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


@pytest.mark.parametrize(("end", "nth"), [(fails, 12), (dies, 10), (paused, 5)])
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


# ---- several at once ----

ROUNDS = """
import sys
from support.canonical import ingest
import polars as pl
from trendcore.errors import ConflictError
from trendcore.store import ReleaseInfo, Store
store, name, wait = Store.open(sys.argv[1]), sys.argv[2], float(sys.argv[3])
print("ready", flush=True)
for line in sys.stdin:
    number = int(line)
    try:
        with store.lock(timeout=wait):
            ledger = store.ledger()
            store.sweep(ledger.contents)
            ingest(store, ledger, f"{name}{number:07x}", number)
            store.save_ledger(ledger)
            store.publish({"n": pl.DataFrame({"n": [len(ledger.contents)]})}, ReleaseInfo(fingerprint=name))
        print("done", flush=True)
    except ConflictError as error:
        print("conflict", error, flush=True)
"""


def writer(place: str, name: str, wait: float) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", ROUNDS, place, name, str(wait)]
    return subprocess.Popen(command, cwd=TESTS, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


@pytest.mark.parametrize("wait", [0.0, 60.0])
def test_two_writers_at_once(place: str, wait: float) -> None:
    """Who does not wait may be refused; who waits never is. Each row is there once, each release is whole."""
    store = Store.create(place)
    told: list[str] = []
    with writer(place, "a", wait) as first, writer(place, "b", wait) as second:
        both = (first, second)
        for each in both:
            assert each.stdout is not None
            assert each.stdout.readline() == "ready\n"
        for number in range(5):
            for each in both:
                assert each.stdin is not None
                each.stdin.write(f"{number}\n")
                each.stdin.flush()
            told += [each.stdout.readline() for each in both if each.stdout is not None]
            assert "done\n" in told[-2:]
        for each in both:
            assert each.stdin is not None
            each.stdin.close()
            assert each.wait(60) == 0
    done = told.count("done\n")
    conflicts = [line for line in told if line.startswith(f"conflict another process works on {place} (")]
    assert len(told) == done + len(conflicts) == 10
    assert bool(conflicts) == (wait == 0.0)
    contents = list(store.ledger().contents)
    assert len(contents) == done
    assert lines(store, *contents) == sorted((content, int(content[1:], 16)) for content in contents)
    assert store.releases() == list(range(1, done + 1))
    for number in store.releases():
        manifest = store.manifest(number)
        assert store.verify(manifest) == []
        assert store.read(manifest, "n").collect().item() == number


def test_the_command_that_comes_second_exits_with_the_status_of_a_conflict(place: str) -> None:
    code = "from trendcore.cli import main; main()"
    store = Store.create(place)
    with store.lock():
        command = [sys.executable, "-c", code, "ingest", "baci", str(workspaces.SAMPLE / "baci"), "-w", place]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == ConflictError.exit_code, done.stderr
    assert f"another process works on {place} (" in done.stderr
    assert store.ledger().units == []


def test_a_release_is_created_once(place: str) -> None:
    faults.prepare(place)
    first = Store.open(place).manifest()
    together = threading.Barrier(8)

    def publish(number: int) -> bool:
        manifest = msgspec.structs.replace(first, number=2, fingerprint=str(number))
        volume = S3Volume(place)
        together.wait()
        try:
            releases.write(volume, manifest)
        except ConflictError as error:
            assert "another process has published release 2" in str(error)  # noqa: PT017 - some succeed
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        won = list(pool.map(publish, range(8)))
    assert won.count(True) == 1
    assert Store.open(place).manifest(2).fingerprint == str(won.index(True))


def test_several_may_create_one_workspace_at_once(place: str) -> None:
    with ThreadPoolExecutor(8) as pool:
        stores = list(pool.map(Store.create, [place] * 8))
    assert {store.root for store in stores} == {place}
    assert S3Volume(place).names() == ["ledger.json", "workspace.json"]


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


def test_readers_see_whole_releases_while_others_are_written(place: str) -> None:
    """What a release holds is known from its number alone."""
    store = Store.create(place)
    ended = threading.Event()

    def write() -> None:
        try:
            for number in range(1, 9):
                with store.lock():
                    ledger = store.ledger()
                    ingest(store, ledger, f"{number:08x}", *range(number))
                    store.save_ledger(ledger)
                    store.publish(
                        {"n": pl.DataFrame({"n": range(number)}), "sum": pl.DataFrame({"n": [number]})},
                        ReleaseInfo(fingerprint=str(number)),
                    )
        finally:
            ended.set()

    seen = set()
    with ThreadPoolExecutor(1) as pool:
        writing = pool.submit(write)
        while not ended.is_set():
            reader = Store.open(place)
            contents = list(reader.ledger().active())
            assert lines(reader, *contents) == [(each, n) for each in contents for n in range(int(each, 16))]
            if not reader.has_release():
                continue
            manifest = reader.manifest()
            assert reader.read(manifest, "n").collect()["n"].to_list() == list(range(manifest.number))
            assert reader.read(manifest, "sum").collect().item() == manifest.number
            seen.add(manifest.number)
        writing.result()
    assert len(seen) > 2


@pytest.mark.slow
def test_more_objects_than_one_answer_lists(place: str) -> None:
    volume = S3Volume(place)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: volume.create(f"many/{n:05}", b"x"), range(2100)))
    assert len(volume.names("many")) == len(volume.below("many")) == 2100
    assert volume.sizes(volume.below("many")) == [1] * 2100
    with failpoints.armed(only={"s3_delete"}) as trace:
        volume.remove_all(volume.below("many"))
    assert (len(trace.names), volume.holds("many")) == (3, False)
