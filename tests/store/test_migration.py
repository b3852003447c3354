"""A workspace of format 1, made by the trendcore that wrote it, is read as it is and migrated by a writer.

``data/format-1.tar.xz``: 22 works and 3 flows, then 6 works more, one of them a later version; two releases.
"""

from __future__ import annotations

import json
import logging
import tarfile
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest
from support.faults import fault
from support.workspaces import contents, joint, qis, write_works

import trendcore as tc
from trendcore.errors import StorageError, WorkspaceError
from trendcore.store import Store
from trendcore.store.failpoints import Died
from trendcore.store.records import FORMAT_VERSION

CELL = ("openalex", "author", "qis", 2020)
#: joint works in the two releases, counted by hand
JOINT = {
    1: {(*CELL, "JP", "US"): 12, (*CELL, "JP", "KR"): 6},
    2: {(*CELL, "JP", "US"): 12 - 1 + 5, (*CELL, "JP", "KR"): 6, (*CELL, "DE", "JP"): 1},
}


@pytest.fixture
def place(tmp_path: Path) -> Path:
    with tarfile.open(Path(__file__).parent / "data" / "format-1.tar.xz") as archive:
        archive.extractall(tmp_path, filter="data")
    return tmp_path / "ws"


def workspace(place: Path) -> tc.Workspace:
    return tc.Workspace(place, blocs=("quad",), intervals=("salton",))


def formats(place: Path) -> dict[str, int]:
    names = [
        "workspace.json",
        "ledger.json",
        *(f"releases/{path.name}" for path in place.glob("releases/0*")),
    ]
    return {name: json.loads((place / name).read_text())["format_version"] for name in names}


def files(place: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in place.rglob("*") if path.is_file()}


def check_old(place: Path) -> None:
    """The two releases of format 1 say what they said."""
    ws = workspace(place)
    for number, expected in JOINT.items():
        of_works = {key: n for key, n in joint(ws, number).items() if key[2] == "qis"}
        assert of_works == expected
        assert ws.verify(release=number) == []
        value = ws.indices("JP-US", index="value", field="semiconductors", release=number).collect()
        assert sorted(value["value"]) == [3250.0, 10_500.0]
        long = ws.indices("JP-US", index="salton", field="qis", release=number).collect().row(0, named=True)
        assert 0 < long["lo"] < long["value"] < long["hi"] < 1


def test_readers_take_it_as_it_is(place: Path) -> None:
    before = files(place)
    check_old(place)
    ws = workspace(place)
    assert ws.releases()["release"].to_list() == [1, 2]
    assert ws.papers().collect().height == 28
    assert ws.verify() == []
    assert files(place) == before
    assert set(formats(place).values()) == {1}


def test_the_first_writer_migrates_it_and_says_so(place: Path, caplog: pytest.LogCaptureFixture) -> None:
    before = files(place)
    path = write_works(place.parent / "more.jsonl", *[qis(number, "JP", "US") for number in range(90, 93)])
    with caplog.at_level(logging.WARNING, "trendcore"):
        workspace(place).ingest("openalex", path, keep="all")
        workspace(place).ingest("openalex", path, keep="all")
    (said,) = [record for record in caplog.records if getattr(record, "event", "") == "migrated"]
    assert said.getMessage() == (
        f"{place} was migrated from format 1 to {FORMAT_VERSION}: an older trendcore can no longer open it"
    )
    releases = {name: bytes_ for name, bytes_ in before.items() if "/releases/" in name}
    assert formats(place) == {
        "workspace.json": FORMAT_VERSION,
        "ledger.json": FORMAT_VERSION,
        "releases/000001.json": 1,
        "releases/000002.json": 1,
    }
    published = {name: bytes_ for name, bytes_ in before.items() if "/published/" in name}
    now = files(place)
    assert {name: now[name] for name in releases | published} == releases | published


def test_it_is_updated_rolled_back_and_collected(place: Path) -> None:
    ws = workspace(place)
    path = write_works(place.parent / "more.jsonl", *[qis(number, "JP", "US") for number in range(90, 93)])
    ws.ingest("openalex", path, keep="all")
    done = ws.update()
    assert (done.release, done.changed) == (3, True)
    assert joint(ws)[(*CELL, "JP", "US")] == 16 + 3
    # of an input that format 1 wrote the rows are as good as of any other
    fresh = tc.Workspace(place.parent / "fresh", blocs=("quad",), intervals=("salton",))
    old = [qis(number, "JP", "US") for number in range(1, 13)]
    old += [qis(number, "JP", "KR") for number in range(20, 26)] + [qis(n, "US") for n in range(30, 34)]
    later = [qis(1, "JP", "DE", updated_date="2025-01-01T00:00:00")]
    later += [qis(number, "JP", "US") for number in range(50, 55)]
    fresh.ingest("openalex", write_works(place.parent / "a.jsonl", *old), keep="all")
    fresh.ingest("openalex", write_works(place.parent / "b.jsonl", *later), keep="all")
    fresh.ingest("openalex", path, keep="all")
    fresh.update()
    of_works = ["pairs", "members", "patterns", "indices", "intervals"]
    assert {name: contents(ws)[name] for name in of_works} == {
        name: contents(fresh)[name] for name in of_works
    }
    check_old(place)
    assert ws.rollback(1, "to see that it can be done") == 4
    assert joint(ws)[(*CELL, "JP", "US")] == 12
    assert formats(place)["releases/000004.json"] == FORMAT_VERSION
    gone = ws.gc(keep=2, grace=timedelta(0))
    assert gone.removed == (1, 2)
    assert ws.verify() == ws.verify(release=3) == ws.verify(release=4) == []
    assert joint(ws, 4)[(*CELL, "JP", "US")] == 12


def test_what_format_1_did_not_keep_is_said(place: Path) -> None:
    """Its method is that of the package only as long as the package has the same one."""
    workspace(place).ingest("openalex", write_works(place.parent / "c.jsonl", qis(1, "JP")), keep="all")
    moves = workspace(place).diff(1, 2)
    found = dict(moves.filter(measure="joint").select("b", "moved").iter_rows())
    assert found == {"US": 4, "JP": 1}
    assert moves["unexplained"].null_count() == 0
    assert set(moves["unexplained"]) == {"release 2 was made by a trendcore that counts in another way"}


def test_whoever_dies_while_migrating_leaves_it_readable(place: Path) -> None:
    before = files(place)
    fired, at = True, 0
    while fired:
        at += 1
        for name, data in before.items():
            Path(name).write_bytes(data)
        with suppress(Died), fault(at, "die") as trace, Store.open(place).lock():
            pass
        fired = trace.fired
        check_old(place)
        with Store.open(place).lock():
            pass
        assert formats(place)["workspace.json"] == formats(place)["ledger.json"] == FORMAT_VERSION
        check_old(place)
    assert at > 10


def test_a_newer_one_is_refused_and_left_alone(place: Path) -> None:
    path = place / "workspace.json"
    path.write_text(
        path.read_text().replace('"format_version": 1', f'"format_version": {FORMAT_VERSION + 1}')
    )
    before = files(place)
    ws = workspace(place)
    for attempt in (ws.update, ws.releases, lambda: ws.gc(keep=1), lambda: ws.rollback(1)):
        with pytest.raises(WorkspaceError, match=r"workspace\.json has format version .* update trendcore"):
            attempt()
    assert files(place) == before


def test_a_damaged_ledger_is_not_migrated(place: Path) -> None:
    (place / "ledger.json").write_text("{")
    with pytest.raises(StorageError, match=r"ledger\.json is damaged"), Store.open(place).lock():
        pass
    assert json.loads((place / "workspace.json").read_text())["format_version"] == 1
