"""Canonical rows: what is added comes back, of the right contents, in the right types, and nothing else."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import deltalake
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.bits import flip
from support.canonical import batch, ingest, lines, name, refused, rows

from trendcore.errors import SchemaError, StorageError, UsageError
from trendcore.schemas import CANONICAL
from trendcore.store import Ledger, ReleaseInfo, Store, delta
from trendcore.store.volumes import Volume

A, B, C = "aaaaaaaa", "bbbbbbbb", "cccccccc"


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store.create(tmp_path / "ws")


def data_files(store: Store, content: str = "*") -> list[Path]:
    return sorted(store.root.glob(f"tables/*/input={content}/*.parquet"))


@pytest.mark.parametrize("table", CANONICAL)
def test_whatever_is_added_comes_back(table: str) -> None:
    batches = st.lists(rows(table), max_size=3)

    @settings(max_examples=12, deadline=None)
    @given(st.dictionaries(st.sampled_from([A, B, C]), batches, max_size=3), st.sets(st.sampled_from([A, B])))
    def check(added: dict[str, list[list[dict[str, object]]]], wanted: set[str]) -> None:
        with tempfile.TemporaryDirectory() as folder:
            store = Store.create(Path(folder) / "ws")
            with store.lock():
                for content, parts in added.items():
                    with store.writer(content) as writer:
                        for part in parts:
                            writer.add(table, batch(table, part))
                    n = sum(map(len, parts))
                    assert writer.rows == ({table: n} if n else {})
            found = store.scan(table, sorted(wanted)).collect()
        # by way of Arrow, so that names stand in one order
        there = [
            {**row, "input": content}
            for content in wanted
            for part in added.get(content, [])
            for row in batch(table, part).to_pylist()
        ]
        assert sorted(map(repr, found.to_dicts())) == sorted(map(repr, there))
        assert found.schema == pl.DataFrame(delta_schema(table).empty_table()).schema

    check()


def delta_schema(table: str) -> pa.Schema:
    return CANONICAL[table].append(pa.field("input", pa.string()))


@pytest.mark.parametrize("table", CANONICAL)
def test_types_are_canonical_on_disk_and_in_frames(store: Store, table: str) -> None:
    @settings(max_examples=1, database=None)
    @given(rows(table).filter(bool))
    def add(given_rows: list[dict[str, object]]) -> None:
        with store.lock(), store.writer(A) as writer:
            writer.add(table, batch(table, given_rows))

    add()
    (path,) = data_files(store, A)
    on_disk = pq.read_schema(path).remove_metadata()
    for field in CANONICAL[table]:
        assert on_disk.field(field.name).type.equals(field.type)
        assert on_disk.field(field.name).nullable == field.nullable
    expected = pl.DataFrame(delta_schema(table).empty_table()).schema
    assert store.scan(table, [A]).collect_schema() == expected
    assert store.scan(table, [A]).collect().schema == expected
    assert store.scan(table, []).collect().schema == expected
    by_others = pa.schema(deltalake.DeltaTable(store.root / "tables" / table).schema().to_arrow())
    assert by_others.names == [*CANONICAL[table].names, "input"]
    assert by_others.field("input").type == pa.string()


def test_other_readers_of_delta_see_the_same_rows(store: Store) -> None:
    with store.lock():
        for content in (A, B):
            with store.writer(content) as writer:
                writer.add("quarantine", refused(1, 2))
    there = deltalake.DeltaTable(store.root / "tables" / "quarantine").to_pyarrow_table()
    ours = store.scan("quarantine", [A, B]).collect()
    assert sorted(map(repr, there.to_pylist())) == sorted(map(repr, ours.to_dicts()))
    assert pl.scan_delta(str(store.root / "tables" / "quarantine")).collect().height == 4


@pytest.mark.parametrize("above", ["year=2020", "input=aaaaaaaa", "a[1]*?", "ü b", "#x", "100%"])
def test_names_of_folders_above_mean_nothing(tmp_path: Path, above: str) -> None:
    store = Store.create(tmp_path / above / "ws")
    with store.lock():
        for content in (A, B):
            with store.writer(content) as writer:
                writer.add("quarantine", refused(1))
        release = store.publish({"t": pl.DataFrame({"year": [1]})}, ReleaseInfo(fingerprint="f"))
    assert lines(store, B) == [(B, 1)]
    assert store.read(release, "t").collect().rows() == [(1,)]
    assert store.verify(release) == []


def test_memory_is_bounded_by_writing_row_groups(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delta, "_BUFFER", 10_000)
    held = []
    with store.lock(), store.writer(A) as writer:
        for start in range(0, 5000, 100):
            writer.add("quarantine", refused(*range(start, start + 100)))
            held.append(writer._files["quarantine"]._bytes)
    assert max(held) < 10_000
    (path,) = data_files(store, A)
    assert pq.read_metadata(path).num_row_groups > 10
    assert lines(store, A) == [(A, n) for n in range(5000)]


def test_a_second_write_of_a_content_takes_the_place_of_the_first(store: Store) -> None:
    with store.lock():
        for _ in range(2):
            with store.writer(A) as writer:
                writer.add("quarantine", refused(1, 2))
        with store.writer(B) as writer:
            writer.add("quarantine", refused(3))
        with store.writer(A) as writer:
            writer.add("tombstones", None)
    assert lines(store, A, B) == [(B, 3)]
    assert len(data_files(store)) == 1


def test_an_exception_leaves_nothing(store: Store) -> None:
    def interrupted(error: BaseException) -> None:
        with store.writer(B) as writer:
            writer.add("quarantine", refused(3))
            raise error

    with store.lock():
        with store.writer(A) as writer:
            writer.add("quarantine", refused(1))
        for error in (KeyboardInterrupt(), ValueError("no"), SystemExit(1)):
            with pytest.raises(type(error)):
                interrupted(error)
            assert data_files(store, B) == []
            assert lines(store, A, B) == [(A, 1)]


def test_an_interrupt_while_rows_are_named_leaves_nothing(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second of two tables is interrupted: the first one's rows go too."""
    whole = delta.commit

    def interrupted(volume: Volume, folder: str, *rest: Any) -> int:
        if folder == "tables/tombstones":
            raise KeyboardInterrupt
        return whole(volume, folder, *rest)

    stone = {"id": "W", "updated": None, "reason": "merged", "source_file": "f", "source_line": 1}
    monkeypatch.setattr(delta, "commit", interrupted)

    def write() -> None:
        with store.writer(A) as writer:
            writer.add("quarantine", refused(1))
            writer.add("tombstones", batch("tombstones", [stone]))

    with store.lock(), pytest.raises(KeyboardInterrupt):
        write()
    assert data_files(store) == []
    assert lines(store, A) == []


def test_sweep_removes_what_is_not_kept_and_commits_only_then(store: Store) -> None:
    with store.lock():
        for content in (A, B, C):
            with store.writer(content) as writer:
                writer.add("quarantine", refused(1))
        store.sweep([A, C])
        assert lines(store, A, B, C) == [(A, 1), (C, 1)]
        assert data_files(store, B) == []
        log = sorted(store.root.glob("tables/*/_delta_log/*"))
        store.sweep([A, C, "dddddddd"])
        assert sorted(store.root.glob("tables/*/_delta_log/*")) == log
        store.sweep([])
        assert lines(store, A, B, C) == []
        assert data_files(store) == []


def test_sweep_removes_leftovers_but_follows_no_link(store: Store, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "precious").touch()
    table = store.root / "tables" / "papers"
    (table / "input=eeeeeeee").mkdir(parents=True)
    (table / "input=eeeeeeee" / ".1.unfinished").touch()
    (table / "input=ffffffff").symlink_to(outside)
    (store.root / ".ledger.json.1.unfinished").touch()
    with store.lock():
        store.sweep([])
    assert list(table.iterdir()) == []
    assert (outside / "precious").exists()
    assert sorted(path.name for path in store.root.iterdir()) == [
        "ledger.json",
        "lock",
        "tables",
        "workspace.json",
    ]


def test_writes_need_the_lock(store: Store) -> None:
    for write in (
        lambda: store.save_ledger(Ledger()),
        lambda: store.sweep([]),
        lambda: store.publish({}, ReleaseInfo(fingerprint="f")),
        lambda: store.writer(A).__enter__(),
        lambda: store.keep_text(b""),
    ):
        with pytest.raises(RuntimeError, match="without its lock"):
            write()


@pytest.mark.parametrize("content", ["", "../../../etc", "AAAAAAAA", "aaaaaaa", "a" * 65, "aaaaaaaa/b"])
def test_an_id_is_no_path(store: Store, content: str) -> None:
    with store.lock(), pytest.raises(ValueError, match="hex digits"), store.writer(content):
        pass
    assert not (store.root / "tables").exists()


def test_unknown_tables_and_other_schemas_are_refused(store: Store) -> None:
    with pytest.raises(UsageError, match="'paper'; there are papers, patents, trade"):
        store.scan("paper", [])
    with store.lock(), store.writer(A) as writer:
        with pytest.raises(UsageError, match="'paper'"):
            writer.add("paper", None)
        with pytest.raises(SchemaError, match="rows for papers"):
            writer.add("papers", refused(1))
    assert data_files(store) == []


def known(store: Store) -> Path:
    """Store two rows of a content that the ledger names; return their file."""
    with store.lock():
        ledger = store.ledger()
        ingest(store, ledger, A, 1, 2)
        store.save_ledger(ledger)
    return data_files(store, A)[0]


def test_rows_that_the_ledger_names_and_the_table_has_not_are_an_error(store: Store) -> None:
    known(store)
    with store.lock():
        store.sweep([])
    with pytest.raises(
        StorageError, match=r"quarantine holds 0 rows of input aaaaaaaa, .*ledger.json says 2"
    ):
        store.scan("quarantine", [A])
    assert store.scan("papers", [A]).collect().is_empty()


def test_a_lost_log_entry_is_an_error_not_fewer_rows(store: Store) -> None:
    known(store)
    (store.root / "tables/quarantine/_delta_log/00000000000000000001.json").write_bytes(b"")
    with pytest.raises(StorageError, match="holds 0 rows of input aaaaaaaa"):
        store.scan("quarantine", [A])


def test_missing_and_cut_files_are_named(store: Store) -> None:
    path = known(store)
    whole = path.read_bytes()
    path.write_bytes(whole[:-1])
    with pytest.raises(StorageError, match=f"{path.name} is damaged: it has"):
        store.scan("quarantine", [A])
    path.unlink()
    with pytest.raises(StorageError, match=f"{path.name}: No such file"):
        store.scan("quarantine", [A])


def test_a_damaged_log_is_a_storage_error_in_one_line(store: Store) -> None:
    known(store)
    entry = store.root / "tables/quarantine/_delta_log/00000000000000000001.json"
    for content in (b"xx", b'{"add":1}', b"\xff\xfe"):
        entry.write_bytes(content)
        with pytest.raises(StorageError, match="tables/quarantine: ") as caught:
            store.scan("quarantine", [A])
        assert "\n" not in str(caught.value)
        assert "<unknown>" not in str(caught.value)
        with store.lock(), pytest.raises(StorageError), store.writer(B) as writer:
            writer.add("quarantine", refused(1))


def test_a_log_that_names_files_elsewhere_is_refused(store: Store) -> None:
    path = known(store)
    entry = store.root / "tables/quarantine/_delta_log/00000000000000000001.json"
    text = entry.read_text()
    for elsewhere in (f"../../{path.name}", "/etc/passwd", "input=aaaaaaaa/../x.parquet", "input=bbbbbbbb/x"):
        entry.write_text(text.replace(f"input={A}/{path.name}", elsewhere))
        with pytest.raises(StorageError, match="log is damaged: it names"):
            store.scan("quarantine", [A])


def test_one_flipped_bit_of_stored_rows_is_found(store: Store) -> None:
    path = known(store)
    assert store.verify_inputs([A]) == {}
    flip(path)
    assert store.verify_inputs([A]) == {A: f"{path}: the bytes are not those that were written"}
    assert store.verify_inputs([B]) == {}
    path.unlink()
    assert "No such file" in store.verify_inputs([A])[A]


def test_a_folder_that_cannot_be_written_is_a_storage_error(store: Store) -> None:
    (store.root / "tables").write_text("a file")
    with store.lock(), pytest.raises(StorageError, match="tables"), store.writer(A) as writer:
        writer.add("quarantine", refused(1))


def test_a_reader_goes_on_while_rows_are_added(store: Store) -> None:
    known(store)
    frame = store.scan("quarantine", [A])
    with store.lock():
        ledger = store.ledger()
        with store.writer(B) as writer:
            writer.add("quarantine", refused(7))
        name(ledger, B, writer.rows)
        store.sweep(ledger.contents)
        store.save_ledger(ledger)
    assert frame.collect().height == 2
    assert lines(Store.open(store.root), A, B) == [(A, 1), (A, 2), (B, 7)]
