"""Which folders become workspaces, which are opened, which are refused."""

from __future__ import annotations

import os
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import trendcore as tc
from trendcore.errors import StorageError, UsageError, WorkspaceError
from trendcore.store import Store

NAMES = ["ledger.json", "workspace.json"]


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_create_makes_a_folder_and_opens_it_again(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b" / "ws"
    store = Store.create(folder)
    assert (store.root, names(folder)) == (folder, NAMES)
    before = [(folder / name).read_bytes() for name in NAMES]
    assert Store.create(str(folder)).root == Store.open(folder).root == folder
    assert [(folder / name).read_bytes() for name in NAMES] == before


def test_an_empty_folder_will_do(tmp_path: Path) -> None:
    Store.create(tmp_path)
    assert names(tmp_path) == NAMES


def test_a_folder_with_other_things_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").touch()
    with pytest.raises(
        WorkspaceError, match=r"is not empty and no workspace \(thesis.tex is in it\): give a new"
    ):
        Store.create(tmp_path)
    assert names(tmp_path) == ["thesis.tex"]


def test_a_folder_with_settings_is_meant(tmp_path: Path) -> None:
    (tmp_path / "trendcore.toml").touch()
    (tmp_path / "fields.toml").touch()
    assert Store.create(tmp_path).releases() == []


@pytest.mark.parametrize(
    "left", [[".ledger.json.01.unfinished"], ["ledger.json"], ["ledger.json", ".x.unfinished"]]
)
def test_what_an_interrupted_create_leaves_is_no_obstacle(tmp_path: Path, left: list[str]) -> None:
    whole = Store.create(tmp_path / "whole").root / "ledger.json"
    folder = tmp_path / "ws"
    folder.mkdir()
    for name in left:
        (folder / name).write_bytes(whole.read_bytes())
    with pytest.raises(WorkspaceError, match="is no workspace"):
        Store.open(folder)
    store = Store.create(folder)
    with store.lock():
        store.sweep([])
    assert names(folder) == [*NAMES[:1], "lock", *NAMES[1:]]


def test_several_may_create_one_at_once(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        stores = list(pool.map(Store.create, [tmp_path / "a" / "ws"] * 32))
    assert {store.root for store in stores} == {tmp_path / "a" / "ws"}
    assert names(tmp_path / "a" / "ws") == NAMES


def test_open_says_what_to_do(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(
            WorkspaceError, match=f"{path} is no workspace: `trendcore ingest FEED PATH -w {path}`"
        ):
            Store.open(path)
    assert not (tmp_path / "nowhere").exists()


def test_a_file_is_no_workspace(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.touch()
    with pytest.raises(WorkspaceError, match="is a file; a workspace is a folder"):
        Store.create(path)
    with pytest.raises(StorageError, match="file"):
        Store.open(path)


@pytest.mark.parametrize("path", ["s3:/bucket/ws", "gs://x", "S3://bucket/ws", "az://x/y", "file:///tmp/ws"])
def test_other_addresses_are_refused(path: str) -> None:
    for make in (Store.create, Store.open):
        with pytest.raises(
            WorkspaceError, match=f"{path}: a workspace is a local folder or s3://bucket/prefix"
        ):
            make(path)


@pytest.mark.parametrize(
    "path",
    [
        "s3://",
        "s3://bucket",
        "s3://bucket/",
        "s3://b/ws",
        "s3://bucket/../ws",
        "s3://bucket/a b",
        "s3://b*t/w",
    ],
)
def test_an_address_on_s3_is_a_bucket_and_a_prefix(path: str) -> None:
    for make in (Store.create, Store.open):
        with pytest.raises(UsageError, match=f"{re.escape(path)}: an address is s3://bucket/prefix"):
            make(path)


@pytest.mark.skipif(os.name == "nt", reason="a backslash parts folders there")
@pytest.mark.parametrize("name", ["a%20b", "a%2e%2E", "a\\b", "a\nb", "a\tb"])
def test_names_that_deltalake_misreads_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(WorkspaceError, match="deltalake misreads"):
        Store.create(tmp_path / name / "ws")
    assert list(tmp_path.iterdir()) == []


def test_a_newer_format_is_refused(tmp_path: Path) -> None:
    Store.create(tmp_path)
    (tmp_path / "workspace.json").write_text('{"format_version": 3}')
    for make in (Store.create, Store.open):
        with pytest.raises(WorkspaceError, match=r"workspace.json has format version 3, .* update trendcore"):
            make(tmp_path)


def test_a_damaged_mark_is_named(tmp_path: Path) -> None:
    Store.create(tmp_path)
    (tmp_path / "workspace.json").write_text("{")
    with pytest.raises(StorageError, match=r"workspace\.json is damaged"):
        Store.open(tmp_path)


def test_a_relative_path_stays_what_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    store = Store.create("ws")
    monkeypatch.chdir("/")
    assert store.root == tmp_path / "ws"
    assert Store.open(store.root).ledger() == store.ledger()


def test_reading_writes_nothing(tmp_path: Path) -> None:
    store = Store.create(tmp_path)
    assert store.scan("papers", ["aaaaaaaa"]).collect().is_empty()
    assert (store.releases(), store.has_release(), store.verify_inputs(["aaaaaaaa"])) == ([], False, {})
    assert names(tmp_path) == NAMES


def test_an_address_keeps_its_slashes() -> None:
    for address in ("s3://bucket/ws", "gs://bucket/ws"):
        workspace = tc.Workspace(address)
        assert (workspace.path, repr(workspace)) == (address, f"Workspace('{address}')")
    with pytest.raises(WorkspaceError, match=r"^gs://bucket/ws: a workspace is a local folder"):
        tc.Workspace("gs://bucket/ws").releases()
