"""Past releases: made again as of their inputs and method, gone back to, and what holds an update back."""

from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import polars as pl
import pytest
from support.bits import flip
from support.workspaces import contents, joint, qis, write_works

import trendcore as tc
from trendcore.errors import StorageError, UsageError, WorkspaceError
from trendcore.store import Store
from trendcore.store.records import encode, sealed
from trendcore.store.releases import key_of
from trendcore.taxonomy.files import data_file
from trendcore.update.recomputing import other_versions

#: fewer tables, so that an update is quick
SMALL: dict[str, Any] = {"blocs": (), "intervals": ("salton",)}
PAIR = ("openalex", "author", "qis", 2020, "JP", "US")


def works(folder: Path, name: str, *numbers: int) -> Path:
    return write_works(folder / "in" / name, *[qis(number, "JP", "US", "HK") for number in numbers])


def goods(folder: Path) -> None:
    rows = "t,i,j,k,v,q\n2022,392,842,854231,10.5,1\n2022,842,392,854231,3.25,1\n"
    (folder / "goods").mkdir()
    (folder / "goods" / "BACI_HS22_Y2022_V202401.csv").write_text(rows)


def equal(ws: tc.Workspace, number: int) -> bool:
    return set(ws.recompute(number).values()) == {"equal"}


def test_every_past_release_is_made_again_as_it_was(tmp_path: Path) -> None:
    """Of other files, another taxonomy, policy, blocs, intervals: each as it was at its time."""
    taxonomy = tmp_path / "fields.toml"
    taxonomy.write_bytes(data_file("taxonomy"))
    policy = tmp_path / "policy.toml"
    policy.write_bytes(data_file("policy"))
    works(tmp_path, "a.jsonl", *range(1, 9))
    goods(tmp_path)
    ws = tc.Workspace(tmp_path / "ws", taxonomy=taxonomy, policy=str(policy), blocs=("quad",))
    ws.ingest("openalex", tmp_path / "in", keep="all")
    ws.ingest("baci", tmp_path / "goods")
    ws.update()
    works(tmp_path, "a.jsonl", *range(1, 6))
    works(tmp_path, "b.jsonl", 20)
    policy.write_bytes(data_file("policy", "hk-mo-with-cn"))
    lines = data_file("taxonomy").decode().splitlines()
    taxonomy.write_text("\n".join(line for line in lines if not line.startswith("10682")))
    other = {"bootstrap": 50, "seed": 7, "blocs": ("g7",), "breadth": "both", "intervals": ("salton",)}
    changed = tc.Workspace(tmp_path / "ws", taxonomy=taxonomy, policy=str(policy), **other)
    assert changed.update(accept_change="a test").release == 2
    for path in (taxonomy, policy):
        path.unlink()
    bare = tc.Workspace(tmp_path / "ws")
    assert equal(bare, 1)
    assert equal(bare, 2)
    assert bare.releases().height == 2
    assert other_versions(Store.open(tmp_path / "ws"), 1) == {}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with three releases: of one, two and three files."""
    folder = tmp_path_factory.mktemp("made")
    ws = tc.Workspace(folder / "now" / "ws", **SMALL)
    for name, numbers in (("a.jsonl", (1, 2, 3)), ("b.jsonl", (4,)), ("c.jsonl", (5, 6))):
        works(folder / "now", name, *numbers)
        ws.ingest("openalex", folder / "now" / "in")
        assert ws.update().changed
    (folder / "now").rename(folder / "kept")
    return folder


@pytest.fixture
def folder(made: Path) -> Path:
    """The folder as it was made, at the path of which the workspace knows."""
    shutil.rmtree(made / "now", ignore_errors=True)
    return Path(shutil.copytree(made / "kept", made / "now"))


@pytest.fixture
def ws(folder: Path) -> tc.Workspace:
    return tc.Workspace(folder / "ws", **SMALL)


def test_what_is_not_equal_is_named(ws: tc.Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    def one_more(*given: object) -> dict[str, pl.DataFrame]:
        made = tables(*given)
        made["pairs"] = made["pairs"].with_columns(pl.col("joint") + 1)
        made["inputs"] = made["inputs"].clear()
        made["fields"] = made["fields"].rename({"title": "name"})
        made["later"] = made["inputs"]
        del made["countries"]
        return made

    from trendcore.update.making import tables

    monkeypatch.setattr("trendcore.update.making.tables", one_more)
    found = {name: said for name, said in ws.recompute(2).items() if said != "equal"}
    assert found == {
        "pairs": "other values in joint",
        "inputs": "0 rows, 2 were published",
        "fields": "other columns: +name, -title",
        "later": "not published then",
        "countries": "this trendcore makes none",
    }


def test_other_packages_are_told(ws: tc.Workspace, folder: Path) -> None:
    store = Store.open(folder / "ws")
    manifest = store.manifest(1)
    old = msgspec.structs.replace(manifest, versions=manifest.versions | {"polars": "0.1"})
    (folder / "ws" / key_of(1)).write_bytes(encode(old))
    ((name, (then, now)),) = other_versions(store, 1).items()
    assert (name, then, now) == ("polars", "0.1", pl.__version__)


def test_what_cannot_be_made_again_is_said(ws: tc.Workspace, folder: Path) -> None:
    with pytest.raises(WorkspaceError, match="there is no release 9"):
        ws.recompute(9)
    works(folder, "a.jsonl", 1, 2, 3, 9)
    ws.update()
    ws.rollback(2)
    ws.gc(keep=2, grace=timedelta(0))
    assert equal(ws, 5)  # what goes back to 2 still needs what 2 counted
    store = Store.open(folder / "ws")
    with store.lock():
        ledger = store.ledger()
        gone = store.manifest(5).inputs[0]["id"]
        del ledger.contents[gone]
        store.save_ledger(ledger)
    with pytest.raises(
        UsageError, match=r"release 5 cannot be made again: the rows of in/a\.jsonl are no longer"
    ):
        ws.recompute(5)
    (why,) = set(ws.diff(5, 4)["unexplained"])
    assert "the rows of in/a.jsonl are no longer stored" in why


def test_another_country_table_or_a_lost_file_is_no_method(
    ws: tc.Workspace, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = folder / "ws" / key_of(1)
    text = path.read_text()
    store = Store.open(folder / "ws")
    countries = store.manifest(1).settings["countries"]["sha256"]
    path.write_bytes(sealed(text.replace(countries, "0" * 64).encode()))
    with pytest.raises(
        UsageError, match="method of release 1 cannot be had again: this trendcore has another countries"
    ):
        ws.recompute(1)
    path.write_bytes(sealed(text.replace('"proxies": false', '"other": false').encode()))
    with pytest.raises(UsageError, match="method of release 1 cannot be had again: KeyError: 'proxies'"):
        ws.recompute(1)
    path.write_text(text)
    kept = folder / "ws" / "methods" / store.manifest(1).method_files["taxonomy"]
    kept.write_bytes(kept.read_bytes() + b" ")
    with pytest.raises(StorageError, match="the bytes are not those that were written"):
        ws.recompute(1)
    assert len(ws.verify(release=1)) == 1


def test_damaged_rows_are_not_counted_again(ws: tc.Workspace, folder: Path) -> None:
    (path, *_) = (folder / "ws" / "tables" / "papers").rglob("input=*/*.parquet")
    flip(path)
    with pytest.raises(StorageError, match=r"release 3 cannot be made again: .* the bytes are not"):
        ws.recompute(3)


def test_a_release_of_before_there_were_method_files(ws: tc.Workspace, folder: Path) -> None:
    """The files of the package serve, as they are the same."""
    path = folder / "ws" / key_of(1)
    manifest = msgspec.json.decode(path.read_bytes())
    del manifest["method_files"], manifest["checksum"]
    path.write_bytes(sealed(msgspec.json.encode(manifest)))
    assert equal(ws, 1)


# going back


def test_a_rollback_names_the_old_tables_and_holds(ws: tc.Workspace, folder: Path) -> None:
    files = {path for path in (folder / "ws").rglob("*") if path.is_file()}
    assert ws.rollback(2, "c.jsonl\n is  wrong") == 4
    written = {path for path in (folder / "ws").rglob("*") if path.is_file()} - files
    assert written == {folder / "ws" / key_of(4)}
    assert contents(ws) == contents(ws, 2)
    assert joint(ws)[PAIR] == 4
    last = ws.releases().row(-1, named=True)
    assert (last["release"], last["rolled_back_to"], last["reason"]) == (4, 2, "c.jsonl is wrong")
    assert ws.rollback(2) == ws.rollback(4) == 4  # nothing to do
    for _ in range(2):
        held = ws.update()
        assert (held.release, held.changed) == (4, False)
        (said,) = held.warnings
        assert said.startswith("these inputs and settings were rolled back from, to release 2, and are not")
    assert ws.releases().height == 4


def test_after_a_rollback_a_change_is_published(ws: tc.Workspace, folder: Path) -> None:
    ws.rollback(1)
    works(folder, "d.jsonl", 7)
    assert (ws.update().release, joint(ws)[PAIR]) == (5, 7)
    manifest = Store.open(folder / "ws").manifest()
    assert (manifest.rolled_back_to, manifest.rolled_back_from) == (None, "")


def test_what_was_withdrawn_stays_out_after_a_rollback(ws: tc.Workspace, folder: Path) -> None:
    ws.rollback(1)
    ws.withdraw(folder / "in" / "c.jsonl")
    assert (ws.update().release, joint(ws)[PAIR]) == (5, 4)


def test_other_settings_are_published_after_a_rollback(ws: tc.Workspace, folder: Path) -> None:
    ws.rollback(1)
    assert tc.Workspace(folder / "ws", **SMALL, trend_years=12).update().changed


def test_a_rollback_ends_when_that_is_asked_for(ws: tc.Workspace) -> None:
    ws.rollback(1)
    assert ws.update(after_rollback=True).release == 5
    assert contents(ws) == contents(ws, 3)
    assert not ws.update().changed


def test_of_rollbacks_in_a_row_the_same_inputs_are_held_back(ws: tc.Workspace) -> None:
    assert (ws.rollback(2), ws.rollback(1)) == (4, 5)
    assert not ws.update().changed
    assert ws.rollback(3) == 6  # forward again, to where it began
    assert not ws.update().changed
    assert ws.update().warnings == ()
    assert contents(ws) == contents(ws, 3)


def test_a_damaged_release_is_not_gone_back_to(ws: tc.Workspace, folder: Path) -> None:
    store = Store.open(folder / "ws")
    only = {file.path for file in store.manifest(1).tables["pairs"].files}
    path = folder / "ws" / only.pop()
    flip(path)
    with pytest.raises(
        StorageError, match=r"release 1 cannot be published again: .*pairs.*: the bytes are not"
    ):
        ws.rollback(1)
    with pytest.raises(WorkspaceError, match="there is no release 7"):
        ws.rollback(7)
    assert ws.releases()["release"].to_list() == [1, 2, 3]
