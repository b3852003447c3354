"""Workers change nothing in a release: processes, a cluster, any parts in any order, some of them killed."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any, Final
from unittest import mock

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs
from support import tasks
from support.workers import Shuffled
from support.workspaces import contents, copy_of, qis, write_works

import trendcore as tc
from trendcore import gates
from trendcore.errors import InputError, StorageError, WorkerError
from trendcore.pools.base import Order, Result
from trendcore.pools.processes import Processes
from trendcore.schemas import QUARANTINE
from trendcore.simulate import write_sample
from trendcore.store import DataFile, Ledger, Store
from trendcore.update import inputs, run
from trendcore.update.stamping import stamps_of
from trendcore.update.workers import reading, tallying

#: data this small jump as real ones do not
ANY_DATA: Final = "".join(f"[gates.{name}]\non = false\n" for name in gates.DEFAULTS.gates)
FEEDS: Final = ("openalex", "patentsview", "baci")


def workspace(folder: Path) -> tc.Workspace:
    folder.mkdir(parents=True)
    (folder / "trendcore.toml").write_text(
        'intervals = ["salton", "nature_cs"]\ntrend_years = 5\n' + ANY_DATA
    )
    return tc.Workspace(folder)


def write_day(folder: Path, day: int, *records: dict[str, Any]) -> None:
    write_works(folder / "openalex" / f"updated_date=2024-01-{day:02}" / "part_000.gz", *records)


def of_year(key: int, year: int, *codes: str) -> dict[str, Any]:
    return qis(key, *codes, publication_year=year, publication_date=f"{year}-05-01")


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Works of which many have versions and some are merged away; patents of two quarters; trade."""
    folder = tmp_path_factory.mktemp("files")
    write_sample(folder, scale=0.02, feeds=["patentsview", "baci"])
    write_sample(folder / "later", scale=0.02, seed=8, feeds=["patentsview"])
    shutil.move(folder / "later" / "patentsview", folder / "patentsview" / "later")
    codes = ("JP", "US", "KR", "FR")
    for day in range(1, 5):
        numbers = range(day * 30, day * 30 + 60)  # half of them come again on the next day
        write_day(
            folder,
            day,
            *(of_year(key, 2012 + (key + day) % 8, codes[key % 4], codes[key % 3]) for key in numbers),
        )
    merged = folder / "openalex" / "merged_ids" / "works" / "2024-01-04.csv"
    merged.parent.mkdir(parents=True)
    merged.write_text(
        "merge_date,id,merge_into_id\n" + "".join(f"2024-01-04,W{n},W99\n" for n in range(40, 50))
    )
    return folder


@pytest.fixture(scope="module")
def ingested(files: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace that this process has read, not updated yet."""
    ws = workspace(tmp_path_factory.mktemp("ingested") / "ws")
    for feed in FEEDS:
        ws.ingest(feed, files / feed)
    return Path(ws.path)


@pytest.fixture(scope="module")
def published(ingested: Path, tmp_path_factory: pytest.TempPathFactory) -> tc.Workspace:
    """The same with a release, all of it made by this process."""
    ws = tc.Workspace(copy_of(ingested, tmp_path_factory.mktemp("published") / "ws"))
    ws.update()
    return ws


def by(pool: Any, folder: Path) -> dict[str, str]:
    """Tables of an update by workers."""
    ws = tc.Workspace(folder)
    run.update(Store.open(folder), ws.settings, pool=pool)
    return contents(ws)


def ingest(pool: Any, folder: Path, files: Path) -> None:
    ws = workspace(folder)
    for feed in FEEDS:
        inputs.ingest(ws.path, ws.settings, feed, [files / feed], pool=pool)


@pytest.fixture
def parts(monkeypatch: pytest.MonkeyPatch) -> Any:
    def set_(n: int) -> None:
        monkeypatch.setattr(tallying, "number_of_parts", lambda _rows, _workers: n)

    return set_


@given(st.lists(st.integers(0, 9), max_size=8), st.integers(1, 12))
def test_every_row_is_in_one_part(rows: list[int], n: int) -> None:
    files = [DataFile(str(at), 9, of_file, "") for at, of_file in enumerate(rows)]
    cut = list(tallying.cut(files, n))
    found = []
    for part in cut:
        scanned = [(file["key"], row) for file in part["stored"] for row in range(rows[int(file["key"])])]
        found += scanned[part["start"] :][: part["rows"]]
    assert found == [(file.key, row) for file in files for row in range(file.rows)]
    assert len(cut) == n
    assert max(part["rows"] for part in cut) - min(part["rows"] for part in cut) <= 1


@pytest.mark.parametrize("n", [1, 2, 3, 5, 7])
def test_parts_in_any_order_add_up(
    n: int, ingested: Path, published: tc.Workspace, tmp_path: Path, parts: Any
) -> None:
    parts(n)
    with mock.patch.object(tallying, "_HELD", 2):
        pool = Shuffled(seed=n)
        assert by(pool, copy_of(ingested, tmp_path / "ws")) == contents(published)
    assert pool.done.count("count_part") == 2 * n  # papers and patents


def test_only_what_changed_is_given_to_workers(
    files: Path, published: tc.Workspace, tmp_path: Path, parts: Any
) -> None:
    """An incremental update with workers is the one without."""
    more = copy_of(files, tmp_path / "files")
    write_day(more, 9, of_year(31, 2013, "JP", "KR"), of_year(900, 2013, "JP", "US"))
    alone = tc.Workspace(copy_of(Path(published.path), tmp_path / "alone"))
    alone.ingest("openalex", more / "openalex" / "updated_date=2024-01-09")
    helped = copy_of(Path(alone.path), tmp_path / "helped")
    parts(3)
    expected = alone.update()
    assert expected.anew == "openalex (2 years)"
    result = run.update(Store.open(helped), alone.settings, pool=Shuffled())
    assert (result.anew, contents(tc.Workspace(helped))) == (expected.anew, contents(alone))


def test_processes_read_and_tally_and_one_of_them_dies_at_each(
    files: Path, published: tc.Workspace, tmp_path: Path, parts: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts(3)
    monkeypatch.setattr(reading, "read_unit", tasks.read_unit)
    monkeypatch.setattr(tallying, "count_part", tasks.count_part)
    folder = tmp_path / "ws"
    with Processes(2, threads=2) as pool:
        ingest(pool, folder, files)
        check_read(folder, published, at_death=1)
        assert by(pool, folder) == contents(published)
    assert sorted(path.name for path in tmp_path.glob("ws-*")) == ["ws-read-died", "ws-tally-died"]
    assert tc.Workspace(folder).verify() == []


def check_read(folder: Path, published: tc.Workspace, *, at_death: int) -> None:
    """Whatever workers did, the rows are those of one process, and no file lies about that no log names."""
    ledgers = [Store.open(each).ledger() for each in (folder, published.path)]
    read = [
        sorted((each.id, each.seq, each.rows, each.counts) for each in ledger.contents.values())
        for ledger in ledgers
    ]
    assert read[0] == read[1]
    there = sorted(path.relative_to(folder).as_posix() for path in folder.glob("tables/*/input=*/*"))
    store = Store.open(folder)
    named = [file.key for table in ("papers", "patents", "trade", "tombstones", "quarantine")
             for file in store.stored(table, list(ledgers[0].contents))]  # fmt: skip
    assert there == sorted(named)


def test_workers_of_the_public_functions(published: tc.Workspace, files: Path, tmp_path: Path) -> None:
    ws = workspace(tmp_path / "ws")
    result = ws.ingest("openalex", files / "openalex", workers=2)
    assert len(result.units) == 5
    assert [counts.read for counts in result.counts].count(60) == 4
    ws.ingest("patentsview", files / "patentsview")
    ws.ingest("baci", files / "baci")
    assert ws.update(workers=2).changed
    assert contents(ws) == contents(published)


def test_a_worker_that_always_dies_leaves_the_workspace_as_it_was(
    files: Path, ingested: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = copy_of(ingested, tmp_path / "ws")
    before = sorted(path.relative_to(folder) for path in folder.rglob("*.parquet"))
    more = copy_of(files, tmp_path / "files")
    write_day(more, 9, of_year(900, 2013, "JP", "US"))
    monkeypatch.setattr(reading, "read_unit", tasks.die)
    monkeypatch.setattr(reading, "_order", lambda _apart, _store, found, _context: {
        "tries": str(tmp_path / "tries"), "content": found.content,
    })  # fmt: skip
    ws = tc.Workspace(folder)
    with Processes(1, threads=1) as pool, pytest.raises(WorkerError, match="died 3 times in the same task"):
        inputs.ingest(folder, ws.settings, "openalex", [more / "openalex"], pool=pool)
    assert (tmp_path / "tries").read_text() == "xxx"
    assert sorted(path.relative_to(folder) for path in folder.rglob("*.parquet")) == before


def test_what_a_dead_worker_has_written_is_swept(ingested: Path, tmp_path: Path) -> None:
    """Finished files too, which no log names."""
    folder = copy_of(ingested, tmp_path / "ws")
    store = Store.open(folder)
    taken = next(each.id for each in store.ledger().contents.values() if each.rows == {"papers": 60})
    row = {"file": "a", "line": 1, "reason": "r", "raw": "x"}
    for content in ("feedfeedfeedfeed", taken):
        with store.rows.files(content) as writer:
            writer.add("quarantine", pa.RecordBatch.from_pylist([row], schema=QUARANTINE))
    stray = [*folder.glob("tables/quarantine/input=feedfeedfeedfeed/*.parquet")]
    assert len(stray) == 1
    assert store.scan("quarantine", ["feedfeedfeedfeed"]).collect().is_empty()
    with store.lock():
        store.sweep(store.ledger().contents)
        assert not stray[0].exists()
        # of a content that counts they go when it is read again
        (file,) = store.stored("papers", [taken])
        store.commit(taken, {"papers": file})
    assert [*folder.glob(f"tables/quarantine/input={taken}/*")] == []
    assert store.scan("papers", [taken]).collect().height == 60


def altered(task: Any, **changes: Any) -> Any:
    """The task as a worker does it to which another order came."""

    def call(order: Order) -> Result:
        return task(order | changes)

    return call


def test_a_worker_that_is_another_program_refuses(
    ingested: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = copy_of(ingested, tmp_path / "ws")
    monkeypatch.setattr(tallying, "count_part", altered(tallying.count_part, program={"polars": "0.1"}))
    with pytest.raises(WorkerError, match=r"polars is \d.* there and 0.1 here"):
        by(Shuffled(), folder)
    assert not Store.open(folder).has_release()


def test_a_worker_counts_by_the_files_that_travel_with_the_order(
    files: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it has at the same path is no matter; a text that makes another taxonomy is refused."""
    packaged = (Path(tc.__file__).parent / "taxonomy" / "data" / "fields.toml").read_text()
    own = tmp_path / "own.toml"
    own.write_text(packaged)
    folder = tmp_path / "ws"
    workspace(folder)
    ws = tc.Workspace(folder, taxonomy=own)
    ws.ingest("openalex", files / "openalex")
    task = tallying.count_part

    def elsewhere(order: Order) -> Result:
        own.write_text("another one")
        try:
            return task(order)
        finally:
            own.write_text(packaged)

    monkeypatch.setattr(tallying, "count_part", elsewhere)
    run.update(Store.open(folder), ws.settings, pool=Shuffled())
    other = packaged.replace("10020", "10021")
    assert other != packaged

    def of_other(order: Order) -> Result:
        return task(order | {"files": order["files"] | {"taxonomy": other.encode()}})

    monkeypatch.setattr(tallying, "count_part", of_other)
    write_day(tmp_path, 9, of_year(900, 2013, "JP", "US"))
    ws.ingest("openalex", tmp_path / "openalex")
    with pytest.raises(WorkerError, match="counts by another method than the process that asks: taxonomy"):
        run.update(Store.open(folder), ws.settings, pool=Shuffled())


def test_a_reader_by_another_taxonomy_refuses(
    files: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ws = workspace(tmp_path / "ws")
    task = reading.read_unit
    monkeypatch.setattr(
        reading, "read_unit", lambda order: task(order | {"taxonomy": order["taxonomy"] | {"sha256": "0"}})
    )
    with pytest.raises(WorkerError, match="makes another taxonomy of the same file"):
        inputs.ingest(ws.path, ws.settings, "openalex", [files / "openalex"], pool=Shuffled())


def test_a_worker_that_cannot_see_an_input_says_so(
    files: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ws = workspace(tmp_path / "ws")
    more = copy_of(files, tmp_path / "files")
    path = more / "openalex" / "updated_date=2024-01-01" / "part_000.gz"
    task = reading.read_unit

    def elsewhere(change: Any) -> Any:
        def call(order: Order) -> Result:
            data = path.read_bytes()
            change()
            try:
                return task(order)
            finally:
                path.write_bytes(data)

        return call

    def read() -> None:
        inputs.ingest(ws.path, ws.settings, "openalex", [path], pool=Shuffled())

    monkeypatch.setattr(reading, "read_unit", elsewhere(path.unlink))
    with pytest.raises(InputError, match=r"cannot read it .* must be at the same path for every worker"):
        read()
    monkeypatch.setattr(reading, "read_unit", elsewhere(lambda: path.write_bytes(b"?" * path.stat().st_size)))
    with pytest.raises(InputError, match="has another file at this path"):
        read()
    # a copy with another time is the same file
    monkeypatch.setattr(reading, "read_unit", elsewhere(lambda: path.write_bytes(path.read_bytes())))
    read()
    assert len(Store.open(ws.path).ledger().contents) == 1


def test_a_worker_with_a_workspace_of_its_own_is_found_out(
    files: Path, ingested: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ws, other = workspace(tmp_path / "ws"), copy_of(ingested, tmp_path / "other")
    monkeypatch.setattr(reading, "read_unit", altered(reading.read_unit, workspace=str(other)))
    with pytest.raises(StorageError, match="was written and is not here: workers need the same workspace"):
        inputs.ingest(ws.path, ws.settings, "openalex", [files / "openalex"], pool=Shuffled())
    assert Store.open(ws.path).ledger().contents == {}


def test_workers_hash_files_and_are_believed_if_they_see_the_same_ones(files: Path) -> None:
    path = files / "openalex" / "updated_date=2024-01-01" / "part_000.gz"
    pool = Shuffled()
    seen = reading.Apart(pool, b"").hashed([path, path.with_name("nowhere")])
    assert (pool.done, list(seen)) == (["hash_file", "hash_file"], [path])
    own = stamps_of(Ledger(), [path])
    assert own == seen
    other = structs.replace(own[path], sha256="0" * 64)
    assert stamps_of(Ledger(), [path], lambda _: {path: other}) == {path: other}
    for another in (structs.replace(other, size=1), structs.replace(other, mtime_ns=1)):
        assert stamps_of(Ledger(), [path], lambda _, it=another: {path: it}) == own  # type: ignore[misc]
    with pytest.raises(InputError, match="nowhere: cannot be read"):
        stamps_of(Ledger(), [path.with_name("nowhere")], lambda _: {})
