"""A cluster of dask.distributed reads and tallies, and changes nothing in a release."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from support import tasks
from support.shared import ROOT
from support.workers import certificates
from support.workspaces import SAMPLE, contents
from typer.testing import CliRunner

import trendcore as tc
from trendcore.cli.app import app
from trendcore.errors import InputError, UsageError, WorkerError
from trendcore.pools.cluster import Cluster
from trendcore.update.workers import reading, tallying

pytest.importorskip("distributed", reason="needs dask.distributed: pip install trendcore[dist]")

FEEDS = ("openalex", "baci")


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Tables of a release that one process has made."""
    ws = tc.Workspace(tmp_path_factory.mktemp("one") / "ws")
    for feed in FEEDS:
        ws.ingest(feed, SAMPLE / feed)
    ws.update()
    return contents(ws)


@contextmanager
def started(folder: Path, n: int = 2, tls: tuple[Path, ...] = ()) -> Iterator[str]:
    """A scheduler and so many workers, as a person starts them; all on this machine."""
    folder.mkdir(exist_ok=True)
    place = folder / "scheduler.json"
    scheme = "tls" if tls else "tcp"
    options = [
        f"--tls-{name}={path}" for name, path in zip(("ca-file", "cert", "key"), tls, strict=bool(tls))
    ]
    dask = [sys.executable, "-m", "dask"]
    scheduler = ["scheduler", "--host", f"{scheme}://127.0.0.1", "--port", "0", "--no-dashboard"]
    worker = ["worker", "--nthreads", "1", "--no-dashboard", "--local-directory", str(folder)]
    # tests' own tasks are imported by workers, too
    environment = os.environ | {"PYTHONPATH": str(ROOT / "tests"), "POLARS_MAX_THREADS": "1"}
    with ExitStack() as stack:
        log = stack.enter_context((folder / "log").open("wb"))
        for command in [scheduler, *[worker] * n]:
            process = subprocess.Popen(
                [*dask, *command, "--scheduler-file", str(place), *options], stderr=log, env=environment
            )
            stack.callback(process.wait)
            stack.callback(process.terminate)
        end = time.monotonic() + 60
        while not place.exists() and time.monotonic() < end:
            time.sleep(0.05)
        yield json.loads(place.read_text())["address"]


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    from distributed import LocalCluster

    with LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, host="127.0.0.1", dashboard_address=None
    ) as cluster:
        yield cluster.scheduler_address


def trendcore(*arguments: object) -> str:
    """Run a command; return what it has printed."""
    done = CliRunner().invoke(app, [str(each) for each in arguments])
    assert done.exit_code == 0, done.output
    return done.stdout


def test_commands_let_a_cluster_read_and_tally(published: dict[str, str], tmp_path: Path) -> None:
    folder = tmp_path / "ws"
    with started(tmp_path / "cluster") as address:
        assert address.startswith("tcp://127.0.0.1:")
        for feed in FEEDS:
            assert "accepted" in trendcore("ingest", feed, SAMPLE / feed, "-w", folder, "--cluster", address)
        code = "from trendcore.cli import main; main()"
        done = subprocess.run(
            [sys.executable, "-c", code, "update", "-w", str(folder), "--cluster", address],
            capture_output=True,
            text=True,
            check=False,
        )
    assert (done.returncode, done.stdout.partition(" in ")[0]) == (0, "published release 1"), done.stderr
    assert contents(tc.Workspace(folder)) == published
    # the log is for the cluster's own: people see a bar, and nothing of connections
    assert "distributed" not in done.stderr


def test_a_worker_that_is_killed_at_each_step_changes_nothing(
    address: str, published: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "read_unit", tasks.read_unit)
    monkeypatch.setattr(tallying, "count_part", tasks.count_part)
    monkeypatch.setattr(tallying, "number_of_parts", lambda _rows, _workers: 3)
    ws = tc.Workspace(tmp_path / "ws")
    for feed in FEEDS:
        ws.ingest(feed, SAMPLE / feed, cluster=address)
    ws.update(cluster=address)
    assert contents(ws) == published
    assert sorted(path.name for path in tmp_path.glob("ws-*")) == ["ws-read-died", "ws-tally-died"]


def test_an_input_that_cannot_be_used_is_not_tried_again(address: str, tmp_path: Path) -> None:
    with Cluster(address) as pool, pytest.raises(InputError, match="no table"):
        pool.map(tasks.fail, [{"tries": str(tmp_path / "tries")}])
    assert (tmp_path / "tries").read_text() == "x"


def test_a_task_that_kills_every_worker_is_given_up(address: str, tmp_path: Path) -> None:
    with Cluster(address) as pool, pytest.raises(WorkerError, match="died again and again"):
        pool.map(tasks.die, [{"tries": str(tmp_path / "tries")}])
    assert (tmp_path / "tries").read_text() == "xxxx"


def test_a_cluster_with_certificates_works_and_lets_nobody_else_in(
    published: dict[str, str], tmp_path: Path
) -> None:
    own, other = certificates(tmp_path / "own"), certificates(tmp_path / "other", "stranger")
    with started(tmp_path / "cluster", 1, own) as address:
        assert address.startswith("tls://127.0.0.1:")
        with Cluster(address, tls_of(own)) as pool:
            assert [result["n"] for result in pool.map(tasks.double, [{"n": 4}])] == [8]
        for files, said in [
            ((own[0], *other[1:]), "cannot be reached|not accepted"),  # one that the cluster does not know
            ((other[0], *own[1:]), "cannot be reached|not accepted"),  # a cluster that we do not know
        ]:
            with pytest.raises(WorkerError, match=said):
                Cluster(address, tls_of(files), patience=2)
        with pytest.raises(UsageError, match="give --tls-ca, --tls-cert and --tls-key"):
            Cluster(address)
        # nor by any other door
        with pytest.raises(WorkerError, match="cannot be reached"):
            Cluster(address.replace("tls://", "tcp://"), patience=2)
        folder = tmp_path / "ws"
        with_files = [f"--tls-{name}={path}" for name, path in zip(("ca", "cert", "key"), own, strict=True)]
        trendcore("ingest", "baci", SAMPLE / "baci", "-w", folder, "--cluster", address, *with_files)
    assert len(tc.Workspace(folder).trade().collect()) > 0


def tls_of(files: Any) -> Any:
    from trendcore.pools.addresses import Tls

    return Tls(*files)
