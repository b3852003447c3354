"""The ledger: it comes back as it was saved; what is damaged or newer is refused by name."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from support.canonical import name

from trendcore.errors import StorageError, WorkspaceError
from trendcore.store import Content, FileCounts, FileStamp, Ledger, Registration, Store, Unit
from trendcore.store.records import sealed

A, B = "aaaaaaaa", "bbbbbbbb"


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store.create(tmp_path / "ws")


def full() -> Ledger:
    counts = [FileCounts("a.csv", 5, 2, 1, {"repeat": 2}, {"unknown_country:ZZ": 3})]
    stamp = FileStamp("/data/ü/a.csv", "0" * 64, 2**40, 1_790_000_000_000_000_001)
    content = Content(A, "baci", "all", "", "1", 0, {"trade": 2, "quarantine": 1}, counts)
    return Ledger(
        registrations=[Registration("baci", "/data/ü/*.csv", "all")],
        units=[Unit("baci", "a.csv", [stamp], A, "2026-01-01T00:00:00+00:00")],
        contents={A: content},
        next_seq=1,
        withdrawn=["/data/ü/b.csv"],
    )


def test_a_new_workspace_has_an_empty_ledger(store: Store) -> None:
    assert store.ledger() == Ledger()


def test_it_comes_back_as_it_was_saved(store: Store) -> None:
    with store.lock():
        store.save_ledger(full())
        assert store.ledger() == full()
        store.save_ledger(Ledger())
    assert Store.open(store.root).ledger() == Ledger()


def test_ledgers_share_nothing() -> None:
    Ledger().units.append(full().units[0])
    assert Ledger().units == []


def test_active_contents_are_those_that_a_unit_names_in_the_order_of_ingestion() -> None:
    ledger = Ledger()
    for content in (B, A, "cccccccc"):
        name(ledger, content, {})
    ledger.contents = dict(sorted(ledger.contents.items()))
    ledger.units.append(ledger.units[0])
    del ledger.units[2]
    assert list(ledger.active()) == [B, A]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("}", "", "JSON is malformed"),
        ('"next_seq": 1', '"next_seq": "1"', "Expected `int`"),
        ('"format_version": 2', '"format_version": -1', ">= 1"),
        (
            '"content": "aaaaaaaa"',
            '"content": "bbbbbbbb"',
            "names the content 'bbbbbbbb', which is not there",
        ),
        ('"id": "aaaaaaaa"', '"id": "bbbbbbbb"', "content 'bbbbbbbb' stands under 'aaaaaaaa'"),
        ("aaaaaaaa", "../../xx", "8 to 64 lower-case hex digits"),
        ('"trade": 2', '"goods": 2', "has 2 rows of 'goods'"),
        ('"trade": 2', '"trade": -2', "has -2 rows of 'trade'"),
    ],
)
def test_a_damaged_ledger_is_named(store: Store, old: str, new: str, message: str) -> None:
    with store.lock():
        store.save_ledger(full())
    path = store.root / "ledger.json"
    text = path.read_text()
    assert old in text
    path.write_bytes(sealed(text.replace(old, new).encode()))
    with pytest.raises(StorageError, match=f"{re.escape(str(path))} is damaged: .*{re.escape(message)}"):
        store.ledger()


@pytest.mark.parametrize("content", [b"", b"\xff\xfe{}", b"[]", b"null", b"{}"])
def test_bytes_that_are_no_ledger_are_named(store: Store, content: bytes) -> None:
    (store.root / "ledger.json").write_bytes(content)
    with pytest.raises(StorageError, match=r"ledger\.json is damaged"):
        store.ledger()


def test_a_lost_ledger_is_not_an_empty_one(store: Store) -> None:
    """An empty one would have the next sweep remove every row."""
    (store.root / "ledger.json").unlink()
    with pytest.raises(StorageError, match=r"ledger\.json: No such file"):
        store.ledger()
    Store.create(store.root)
    with pytest.raises(StorageError, match=r"ledger\.json: No such file"):
        store.ledger()


def test_a_newer_format_is_refused(store: Store) -> None:
    (store.root / "ledger.json").write_text('{"format_version": 3, "units": "in another file"}')
    with pytest.raises(WorkspaceError, match=r"ledger.json has format version 3, .* reads up to 2: update"):
        store.ledger()


def test_parts_that_do_not_agree_are_not_saved(store: Store) -> None:
    ledger = full()
    ledger.contents.clear()
    with store.lock(), pytest.raises(ValueError, match="which is not there"):
        store.save_ledger(ledger)
    assert store.ledger() == Ledger()
