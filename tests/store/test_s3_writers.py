"""Workspaces on S3: several writers at once, and readers beside them."""

from __future__ import annotations

import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec
import polars as pl
import pytest
from support import faults, workspaces
from support.canonical import ingest, lines

from trendcore.errors import ConflictError
from trendcore.store import ReleaseInfo, Store, releases
from trendcore.store.volumes import S3Volume

TESTS = Path(__file__).parents[1]

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
