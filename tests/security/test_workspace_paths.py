"""What a ledger, a manifest or a Delta log names lies in the workspace, or is an error of storage."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from support.canonical import ingest

from trendcore.errors import StorageError, TrendcoreError
from trendcore.store import ReleaseInfo, Store
from trendcore.store.records import encode

OUTSIDE = [
    "/etc/passwd",
    "../../outside.parquet",
    "results/../../outside.parquet",
    "results/pairs/../../../outside.parquet",
    "results/pairs/..",
    "results/pairs/",
    "results//etc/passwd",
    "file:///etc/passwd",
    "s3://bucket/outside.parquet",
    "ledger.json",
    "results/pairs/a\0b",
    "results/pairs/" + "x" * 5000,
    "",
    "inputs/../ledger.json",
]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    store = Store.create(tmp_path_factory.mktemp("made") / "ws")
    with store.lock():
        ledger = store.ledger()
        ingest(store, ledger, "aaaaaaaa", 1, 2)
        store.save_ledger(ledger)
        store.publish({"pairs": pl.DataFrame({"a": ["JP"], "joint": [3]})}, ReleaseInfo(fingerprint="f"))
    return Path(store.root)


@pytest.fixture
def place(made: Path, tmp_path: Path) -> Path:
    """A copy of the workspace, beside a file that is as good as one of its own."""
    place = Path(shutil.copytree(made, tmp_path / "ws"))
    (own,) = place.glob("results/pairs/*.parquet")
    shutil.copy(own, tmp_path / "outside.parquet")
    return place


def change(path: Path, how: Callable[[Any], None]) -> None:
    """Change a record, written as the store does, or the lines of a log."""
    text = path.read_text()
    documents = [json.loads(part) for part in (text.splitlines() if "_delta_log" in path.parts else [text])]
    for document in documents:
        how(document)
    if "_delta_log" in path.parts:
        path.write_text("\n".join(map(json.dumps, documents)) + "\n")
    else:
        path.write_bytes(encode(documents[0]))


def read_all(place: Path) -> None:
    store = Store.open(place)
    manifest = store.manifest()
    store.verify(manifest)
    for table in manifest.tables:
        store.read(manifest, table).collect()
    contents = list(store.ledger().active())
    store.scan("quarantine", contents).collect()
    store.verify_inputs(contents)


def test_a_workspace_as_it_was_is_read(place: Path) -> None:
    read_all(place)


@pytest.mark.parametrize("elsewhere", OUTSIDE)
def test_a_manifest_names_nothing_outside(place: Path, elsewhere: str) -> None:
    def lead_away(document: Any) -> None:
        document["tables"]["pairs"]["files"][0]["path"] = elsewhere

    change(place / "releases" / "000001.json", lead_away)
    with pytest.raises(
        StorageError, match=r"ws/re(leases|sults)/.*(is damaged|No such file|Is a directory|too long)"
    ):
        read_all(place)


@pytest.mark.parametrize("elsewhere", OUTSIDE)
def test_a_delta_log_names_nothing_outside(place: Path, elsewhere: str) -> None:
    def lead_away(document: Any) -> None:
        if "add" in document:
            document["add"]["path"] = elsewhere

    for log in place.glob("*/quarantine/_delta_log/*.json"):
        change(log, lead_away)
    with pytest.raises(StorageError, match="quarantine"):
        read_all(place)


@pytest.mark.parametrize(
    "values",
    [{}, {"input": None}, {"other": "aaaaaaaa"}, {"input": "aaaaaaaa/../.."}, {"input": "x\0"}, None],
)
def test_a_delta_log_without_its_partitions_is_damage(place: Path, values: dict[str, str] | None) -> None:
    def spoil(document: Any) -> None:
        if "add" in document:
            document["add"]["partitionValues"] = values

    for log in place.glob("*/quarantine/_delta_log/*.json"):
        change(log, spoil)
    with pytest.raises(StorageError, match="quarantine"):
        read_all(place)


@pytest.mark.parametrize("said", [None, "", "[]", "{}", '{"numRecords": -1}', '{"numRecords": "x"}'])
def test_a_delta_log_that_does_not_count_rows_is_damage(place: Path, said: str | None) -> None:
    def spoil(document: Any) -> None:
        if "add" in document:
            document["add"]["stats"] = said

    for log in place.glob("*/quarantine/_delta_log/*.json"):
        change(log, spoil)
    with pytest.raises(StorageError, match="quarantine"):
        read_all(place)


@pytest.mark.parametrize("columns", [[], ["line"], None])
def test_a_delta_log_partitioned_otherwise_is_damage(place: Path, columns: list[str] | None) -> None:
    def spoil(document: Any) -> None:
        if "metaData" in document:
            document["metaData"]["partitionColumns"] = columns

    for log in place.glob("*/quarantine/_delta_log/*.json"):
        change(log, spoil)
    with pytest.raises(StorageError, match="quarantine"):
        read_all(place)


@pytest.mark.parametrize("name", ["../../etc", "/etc/passwd", "", "A" * 32, "a" * 63 + "/", "aaaaaaaa\0"])
def test_a_ledger_names_no_folder(place: Path, name: str) -> None:
    def lead_away(document: Any) -> None:
        content = document["contents"].pop("aaaaaaaa")
        document["contents"] = {name: {**content, "id": name}}
        document["units"][0]["content"] = name

    change(place / "ledger.json", lead_away)
    with pytest.raises(StorageError, match=r"ledger\.json"):
        read_all(place)


@pytest.mark.parametrize(
    "columns",
    [
        {"type": "struct", "fields": [{"name": "a\0", "type": "long", "nullable": True, "metadata": {}}]},
        {"type": "struct", "fields": 7},
        {"type": {"type": "array"}},
        {},
    ],
)
def test_columns_that_nothing_can_hold_are_damage(place: Path, columns: Any) -> None:
    def spoil(document: Any) -> None:
        document["tables"]["pairs"]["columns"] = columns

    change(place / "releases" / "000001.json", spoil)
    with pytest.raises(StorageError, match="release 1 is damaged: the columns of pairs cannot be read"):
        read_all(place)


@pytest.mark.parametrize("name", ["ledger.json", "workspace.json", "releases/000001.json"])
def test_records_that_are_too_deep_are_damage(place: Path, name: str) -> None:
    (place / name).write_text("[" * 100_000)
    with pytest.raises(StorageError, match="is damaged"):
        read_all(place)
    (place / name).write_text('{"format_version": 1, "a": ' + '{"a":' * 100_000)
    with pytest.raises(StorageError, match="is damaged"):
        read_all(place)


@pytest.mark.parametrize("table", ["../pairs", "/etc", "a\nb", "x" * 300, ""])
def test_a_table_of_any_name_leads_nowhere(place: Path, table: str) -> None:
    def lead_away(document: Any) -> None:
        document["tables"] = {table: document["tables"]["pairs"]}

    change(place / "releases" / "000001.json", lead_away)
    before = sorted(place.parent.rglob("*"))
    with suppress(TrendcoreError):
        read_all(place)
    assert sorted(place.parent.rglob("*")) == before


def test_a_link_to_a_file_of_another_content_is_told_by_verify(place: Path) -> None:
    """Links are followed, as a workspace may lie on several disks; what is behind them is checked."""
    (own,) = place.glob("results/pairs/*.parquet")
    data = bytearray(own.read_bytes())
    data[10] ^= 1
    (place.parent / "other").write_bytes(data)
    own.unlink()
    own.symlink_to(place.parent / "other")
    store = Store.open(place)
    (problem,) = store.verify(store.manifest())
    assert own.name in problem
