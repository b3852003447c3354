"""Workspaces on S3: which addresses are, and that they hold the same as a folder."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal
from support import faults, workspaces
from support.buckets import KEY, SECRET, objects
from support.faults import OLD

import trendcore as tc
from trendcore.errors import StorageError, UsageError, WorkspaceError
from trendcore.store import ReleaseInfo, Store, failpoints
from trendcore.store.volumes import S3Volume
from trendcore.store.volumes import s3 as module


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


def test_without_keys_it_is_said_where_they_are_looked_for(bucket: str) -> None:
    """Where there are none, the machine is asked for its role."""
    from obstore.exceptions import GenericError

    volume = S3Volume(f"{bucket}/keys/ws")
    asked = "Generic S3 error: Error performing PUT http://169.254.169.254/latest/api/token in 1ms"
    with (
        pytest.raises(PermissionError, match="no AWS keys: set AWS_ACCESS_KEY_ID"),
        volume._asked("s3_get", "a"),
    ):
        raise GenericError(asked)


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
