"""Releases: published whole, readable for ever, numbered, verified."""

from __future__ import annotations

import errno
import os
import re
from pathlib import Path
from typing import Any

import deltalake
import msgspec
import polars as pl
import pytest
from polars.testing import assert_frame_equal
from support.bits import flip
from support.canonical import ingest

from trendcore.errors import ConflictError, SchemaError, StorageError, UsageError, WorkspaceError
from trendcore.store import Manifest, ReleaseInfo, Store, releases
from trendcore.store.records import sealed
from trendcore.store.volumes import LocalVolume

PAIRS = pl.DataFrame({"a": ["JP", "JP"], "b": ["KR", "US"], "joint": [3, 5]})
TOTALS = pl.DataFrame({"year": [2020], "works": [9]}, schema={"year": pl.Int16, "works": pl.Int64})
INFO = ReleaseInfo(
    fingerprint="f1",
    inputs=[{"id": "aaaaaaaa", "feed": "baci", "name": "a.csv"}],
    settings={"policy": "default", "blocs": ["quad"]},
    versions={"trendcore": "0.1.0"},
    counts={"pairs": 2},
    timings={"scan": 0.5},
    gates=[{"name": "bounds", "passed": True}],
    warnings=["a.csv is short"],
)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store.create(tmp_path / "ws")


def publish(store: Store, info: ReleaseInfo = INFO, **tables: pl.DataFrame | pl.LazyFrame) -> Manifest:
    with store.lock():
        return store.publish(tables, info)


def volume(store: Store) -> LocalVolume:
    return LocalVolume(Path(store.root))


def data_files(store: Store) -> list[Path]:
    return sorted(store.root.glob("results/*/*.parquet"))


def test_a_release_says_what_it_is_and_holds_its_tables(store: Store) -> None:
    assert not store.has_release()
    made = publish(store, pairs=PAIRS, totals=TOTALS.lazy())
    there = Store.open(store.root).manifest()
    assert there == made
    assert (there.number, there.previous, store.releases()) == (1, None, [1])
    for name in ReleaseInfo.__struct_fields__:
        assert getattr(there, name) == getattr(INFO, name)
    assert {name: record.rows for name, record in there.tables.items()} == {"pairs": 2, "totals": 1}
    assert_frame_equal(store.read(there, "pairs").collect(), PAIRS)
    assert_frame_equal(store.read(there, "totals").collect(), TOTALS)
    assert store.verify(there) == []


def test_every_release_stays_readable(store: Store) -> None:
    """Rows, columns and types change from release to release; a table comes, one goes."""
    versions = [
        {"pairs": PAIRS, "totals": TOTALS},
        {"pairs": PAIRS.head(1)},
        {"pairs": PAIRS.select("a", pl.col("joint").cast(pl.Float64), extra=pl.lit("x"))},
        {"pairs": PAIRS.clear(), "totals": TOTALS.with_columns(works=pl.lit(1, pl.Int64))},
        {"pairs": PAIRS, "totals": TOTALS},
    ]
    for number, tables in enumerate(versions, 1):
        assert publish(store, **tables).number == number
    assert store.releases() == [1, 2, 3, 4, 5]
    for number, tables in enumerate(versions, 1):
        manifest = store.manifest(number)
        assert manifest.previous == (number - 1 or None)
        assert set(manifest.tables) == set(tables)
        for name, frame in tables.items():
            assert_frame_equal(store.read(manifest, name).collect(), frame)
            record = manifest.tables[name]
            pinned = deltalake.DeltaTable(store.root / "results" / name, version=record.delta_version)
            assert pinned.file_uris() == [str(store.root / file.path) for file in record.files]
        assert store.verify(manifest) == []


def test_equal_content_is_not_written_again(store: Store) -> None:
    first = publish(store, pairs=PAIRS, totals=TOTALS)
    files, log = data_files(store), sorted(store.root.glob("results/*/_delta_log/*"))
    second = publish(store, pairs=PAIRS.lazy(), totals=pl.concat([TOTALS.clear(), TOTALS]))
    assert second.tables == first.tables
    assert (data_files(store), sorted(store.root.glob("results/*/_delta_log/*"))) == (files, log)
    third = publish(store, pairs=PAIRS.reverse(), totals=TOTALS)
    assert third.tables["totals"] == first.tables["totals"]
    assert third.tables["pairs"].content_sha256 != first.tables["pairs"].content_sha256
    assert third.tables["pairs"].delta_version == first.tables["pairs"].delta_version + 1


def test_a_damaged_table_is_not_used_again(store: Store) -> None:
    publish(store, pairs=PAIRS)
    flip(data_files(store)[0])
    second = publish(store, pairs=PAIRS)
    assert store.verify(second) == []
    assert_frame_equal(store.read(second, "pairs").collect(), PAIRS)
    assert len(store.verify(store.manifest(1))) == 1


def test_verify_finds_one_flipped_bit_and_what_is_missing(store: Store) -> None:
    manifest = publish(store, pairs=PAIRS, totals=TOTALS)
    pairs, totals = data_files(store)
    flip(pairs)
    assert store.verify(manifest) == [f"{pairs}: the bytes are not those that were written"]
    totals.unlink()
    assert store.verify(manifest)[1] == f"{totals}: No such file or directory"


def test_reading_names_the_file_that_is_missing_or_cut(store: Store) -> None:
    manifest = publish(store, pairs=PAIRS)
    (path,) = data_files(store)
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(StorageError, match=f"{path.name} is damaged: it has"):
        store.read(manifest, "pairs")
    path.unlink()
    with pytest.raises(StorageError, match=f"{path.name}: No such file"):
        store.read(manifest, "pairs")


def test_a_version_of_the_table_that_no_manifest_names_is_not_read(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Dying between the table's log and the manifest: readers see the old release, the next run goes on."""
    publish(store, pairs=PAIRS)

    def dies(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(releases, "write", dies)
        with pytest.raises(KeyboardInterrupt):
            publish(store, pairs=PAIRS.head(1))
    assert store.releases() == [1]
    assert_frame_equal(store.read(store.manifest(), "pairs").collect(), PAIRS)
    again = publish(store, pairs=PAIRS.head(1))
    assert again.number == 2
    assert_frame_equal(store.read(again, "pairs").collect(), PAIRS.head(1))
    assert_frame_equal(store.read(store.manifest(1), "pairs").collect(), PAIRS)


def test_the_log_is_never_asked_on_reading(store: Store) -> None:
    manifest = publish(store, pairs=PAIRS, none=PAIRS.clear())
    for path in store.root.glob("results/*/_delta_log/*"):
        path.unlink()
    assert_frame_equal(store.read(manifest, "pairs").collect(), PAIRS)
    assert_frame_equal(store.read(manifest, "none").collect(), PAIRS.clear())


def test_the_second_of_two_with_one_number_gets_a_conflict(store: Store) -> None:
    first = publish(store, pairs=PAIRS)
    other = msgspec.structs.replace(first, fingerprint="f2")
    with pytest.raises(ConflictError, match="has published release 1"):
        releases.write(volume(store), other)
    assert store.manifest(1) == first
    assert [path.name for path in (store.root / "releases").iterdir()] == ["000001.json"]


def test_file_systems_without_hard_links(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object, **__: object) -> None:
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr(os, "link", refused)
    first = publish(store, pairs=PAIRS)
    assert store.manifest() == first
    with pytest.raises(ConflictError, match="has published release 1"):
        releases.write(volume(store), first)
    assert [path.name for path in (store.root / "releases").iterdir()] == ["000001.json"]
    assert Store.create(store.root.with_name("other")).releases() == []


def test_numbers_go_on_after_the_highest_and_past_six_digits(store: Store) -> None:
    first = publish(store, pairs=PAIRS)
    releases.write(volume(store), msgspec.structs.replace(first, number=999_999))
    assert publish(store, pairs=PAIRS).number == 1_000_000
    (store.root / "releases" / "note.json").write_text("mine")
    assert store.releases() == [1, 999_999, 1_000_000]
    assert store.manifest().previous == 999_999


def test_what_is_not_there_is_said_with_what_is(store: Store) -> None:
    with pytest.raises(WorkspaceError, match=r"nothing is published in .*: `trendcore update` publishes"):
        store.manifest()
    manifest = publish(store, pairs=PAIRS, totals=TOTALS)
    publish(store, pairs=PAIRS)
    with pytest.raises(WorkspaceError, match=r"no release 7 in .*; there are 1, 2"):
        store.manifest(7)
    with pytest.raises(UsageError, match="release 1 has no table 'pair'; it has pairs, totals"):
        store.read(manifest, "pair")


@pytest.mark.parametrize("name", ["", "../x", "a/b", "A", "_delta_log", "x" * 65, "a.b"])
def test_a_tables_name_is_no_path(store: Store, name: str) -> None:
    with pytest.raises(ValueError, match="a table's name is"):
        publish(store, **{name: PAIRS})
    assert not (store.root / "results").exists()


def test_a_type_that_cannot_be_published_stops_the_release(store: Store) -> None:
    with pytest.raises(SchemaError, match="table totals, column works"):
        publish(store, pairs=PAIRS, totals=TOTALS.with_columns(works=pl.lit(None)))
    assert store.releases() == []
    assert publish(store, pairs=PAIRS, totals=TOTALS).number == 1


def test_errors_of_the_callers_frames_go_through(store: Store) -> None:
    with pytest.raises(pl.exceptions.ColumnNotFoundError):
        publish(store, pairs=PAIRS.lazy().select("nowhere"))


def damaged(store: Store, old: str, new: str) -> Path:
    path = store.root / "releases" / "000001.json"
    text = path.read_text()
    assert old in text
    path.write_bytes(sealed(text.replace(old, new).encode()))
    return path


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"fingerprint"', '"fingerprint', "is damaged"),
        ('"number": 1', '"number": 2', "is damaged: it says that it is release 2"),
        ('"number": 1', '"number": "x"', "is damaged: Expected `int`"),
        ('"results/pairs/', '"../../pairs/', "is no file of a published table"),
        ('"results/pairs/', '"published/../', "is no file of a published table"),
        ('"results/pairs/', '"/published/', "is no file of a published table"),
        ('"format_version": 2', '"format_version": 0', "is damaged"),
    ],
)
def test_a_damaged_manifest_is_named(store: Store, old: str, new: str, message: str) -> None:
    publish(store, pairs=PAIRS)
    path = damaged(store, old, new)
    with pytest.raises(StorageError, match=f"{re.escape(str(path))}.*{message}"):
        store.manifest()


def test_a_damaged_schema_is_named(store: Store) -> None:
    publish(store, pairs=PAIRS)
    damaged(store, '"long"', '"lung"')
    with pytest.raises(StorageError, match="release 1 is damaged: the columns of pairs cannot be read"):
        store.read(store.manifest(), "pairs")


def test_a_manifest_of_a_newer_format_is_refused(store: Store) -> None:
    publish(store, pairs=PAIRS)
    damaged(store, '"format_version": 2', '"format_version": 3, "tables": 7')
    with pytest.raises(WorkspaceError, match=r"000001.json has format version 3, .* update trendcore"):
        store.manifest()


@pytest.mark.parametrize("name", ["ledger.json", "releases/000001.json", "workspace.json"])
def test_one_flipped_bit_of_a_record_is_found(store: Store, name: str) -> None:
    publish(store, pairs=PAIRS)
    path = store.root / name
    data = path.read_bytes()
    read: dict[str, Any] = {"ledger.json": store.ledger, "workspace.json": lambda: Store.open(store.root)}
    for at in range(0, len(data) - 1, 7):
        path.write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
        with pytest.raises(StorageError, match=re.escape(str(path))):
            read.get(name, store.manifest)()


def test_large_tables_come_in_row_groups_in_order(store: Store) -> None:
    frame = pl.select(n=pl.int_range(0, 200_000), text=pl.int_range(0, 200_000).cast(pl.String))
    manifest = publish(store, numbers=frame)
    assert_frame_equal(store.read(manifest, "numbers").collect(), frame)
    assert len(manifest.tables["numbers"].files) == 1


def test_publishing_leaves_canonical_rows_alone(store: Store) -> None:
    with store.lock():
        ledger = store.ledger()
        ingest(store, ledger, "aaaaaaaa", 1, 2)
        store.save_ledger(ledger)
    publish(store, quarantine=PAIRS)
    assert store.scan("quarantine", ["aaaaaaaa"]).collect().height == 2


def test_texts_are_kept_once_and_verified(store: Store) -> None:
    path = store.root / "methods" / ("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    with store.lock():
        kept = {store.keep_text(b"abc") for _ in range(2)}
        assert kept == {path.name}
        store.sweep([])
    assert (store.kept_text(path.name), [each.name for each in path.parent.iterdir()]) == (
        b"abc",
        [path.name],
    )
    made = publish(store, msgspec.structs.replace(INFO, method_files={"policy.toml": path.name}), pairs=PAIRS)
    assert store.verify(made) == []
    flip(path)
    wrong = f"{path}: the bytes are not those that were written"
    assert store.verify(made) == [wrong]
    with pytest.raises(StorageError, match=re.escape(wrong)):
        store.kept_text(path.name)
    with store.lock():
        store.keep_text(b"abc")
    assert store.verify(made) == []


@pytest.mark.parametrize("name", ["", "../../etc/passwd", "A" * 64, "a" * 63])
def test_a_kept_texts_hash_is_no_path(store: Store, name: str) -> None:
    with pytest.raises(ValueError, match="64 lower-case hex digits"):
        store.kept_text(name)


def test_a_text_that_was_not_kept_is_named(store: Store) -> None:
    with pytest.raises(StorageError, match=f"methods/{'a' * 64}: No such file"):
        store.kept_text("a" * 64)


def test_releases_without_later_fields_are_read(store: Store) -> None:
    publish(store, pairs=PAIRS)
    path = store.root / "releases" / "000001.json"
    record = msgspec.json.decode(path.read_bytes())
    for name in ("accepted_change", "rolled_back_to", "method_files", "checksum"):
        del record[name]
    path.write_bytes(sealed(msgspec.json.encode(record)))
    there = store.manifest()
    assert (there.accepted_change, there.rolled_back_to, there.method_files) == ("", None, {})
