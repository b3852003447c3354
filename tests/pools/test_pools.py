"""Pools: what is asked of them, what becomes of workers that die, and that none is left."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from support import tasks
from support.shared import ROOT

import trendcore as tc
from trendcore.errors import BackendError, InputError, UsageError, WorkerError
from trendcore.pools import cluster as clusters
from trendcore.pools.addresses import Tls, check_address
from trendcore.pools.base import Order, Result
from trendcore.pools.opening import opened
from trendcore.pools.processes import Processes


def test_processes_give_results_in_order_and_share_the_threads() -> None:
    done: list[int] = []

    def note(order: Order, result: Result) -> None:
        assert result["n"] == 2 * order["n"]
        done.append(order["n"])

    with Processes(2, threads=5) as pool:
        assert pool.map(tasks.double, []) == []
        results = pool.map(tasks.double, [{"n": n} for n in range(7)], done=note)
    assert [result["n"] for result in results] == [0, 2, 4, 6, 8, 10, 12]
    assert sorted(done) == list(range(7))
    assert {result["threads"] for result in results} == {"2"}
    pids = {result["pid"] for result in results}
    assert os.getpid() not in pids
    assert len(pids) <= 2
    assert not any(alive(pid) for pid in pids)


def test_an_error_of_a_task_is_raised_at_once_and_once(tmp_path: Path) -> None:
    order = {"tries": str(tmp_path / "tries")}
    with Processes(2, threads=2) as pool, pytest.raises(InputError, match="no table"):
        pool.map(tasks.fail, [order])
    assert (tmp_path / "tries").read_text() == "x"


def test_a_worker_that_always_dies_is_given_up(tmp_path: Path) -> None:
    order = {"tries": str(tmp_path / "tries")}
    with Processes(1, threads=1) as pool, pytest.raises(WorkerError, match="died 3 times in the same task"):
        pool.map(tasks.die, [order])
    assert (tmp_path / "tries").read_text() == "xxx"


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    # one whose parent has gone is a zombie until the system takes it
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks into /proc")
@pytest.mark.parametrize(
    ("number", "to_all", "status"),
    [(signal.SIGINT, True, 130), (signal.SIGTERM, False, 143), (signal.SIGKILL, False, -signal.SIGKILL)],
    ids=["Ctrl-C", "SIGTERM", "SIGKILL"],
)
def test_no_worker_outlives_its_parent(
    number: signal.Signals, to_all: bool, status: int, tmp_path: Path
) -> None:
    program = f"""
import sys
sys.path[:0] = [{str(ROOT / "tests")!r}]
from support import tasks
from trendcore.cli.guard import catch_termination, described
from trendcore.pools.processes import Processes

if __name__ == "__main__":
    catch_termination()
    try:
        with Processes(2, threads=2) as pool:
            pool.map(tasks.sleep, [{{"folder": {str(tmp_path)!r}}}] * 4)
    except BaseException as error:
        sys.exit(described(error)[0])
"""
    script = tmp_path / "script.py"
    script.write_text(program)
    with subprocess.Popen(
        [sys.executable, str(script)], start_new_session=True, stderr=subprocess.PIPE, text=True
    ) as parent:
        pids: list[int] = []
        end = time.monotonic() + 60
        while len(pids) < 2 and time.monotonic() < end:
            time.sleep(0.05)
            pids = [int(path.name) for path in tmp_path.iterdir() if path.name.isdigit()]
        assert len(pids) == 2
        if to_all:
            os.killpg(parent.pid, number)
        else:
            parent.send_signal(number)
        _, said = parent.communicate(timeout=60)
        assert parent.returncode == status
        # of a parent that was killed, Python's own tracker says what it removes
        assert said == "" or (number == signal.SIGKILL and "resource_tracker" in said)
    end = time.monotonic() + 10
    while any(alive(pid) for pid in pids) and time.monotonic() < end:
        time.sleep(0.05)
    assert not any(alive(pid) for pid in pids)


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("tcp://10.0.0.5:8786", "is not encrypted and leaves this machine"),
        ("tcp://example.org:8786", "is not encrypted and leaves this machine"),
        ("tcp://0.0.0.0:8786", "is not encrypted and leaves this machine"),
        ("tcp://127.0.0.1.example.org:8786", "is not encrypted and leaves this machine"),
        ("10.0.0.5:8786", "an address is tls://HOST:PORT"),
        ("ws://127.0.0.1:8786", "an address is tls://HOST:PORT"),
        ("tls://10.0.0.5", "an address is tls://HOST:PORT"),
        ("tcp://127.0.0.1:port", "an address is tls://HOST:PORT"),
        ("", "an address is tls://HOST:PORT"),
    ],
)
def test_addresses_that_others_may_listen_to_are_refused(address: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=said):
        check_address(address)
    with pytest.raises(UsageError, match=said):
        tc.Workspace(tmp_path / "ws").ingest("openalex", tmp_path, cluster=address)
    assert not (tmp_path / "ws").exists()


@pytest.mark.parametrize(
    "address", ["tcp://127.0.0.1:1", "tcp://127.8.9.1:1", "tcp://localhost:1", "tcp://[::1]:1"]
)
def test_addresses_of_this_machine_may_be_plain(address: str) -> None:
    check_address(address)


def test_what_does_not_go_together_is_refused(tmp_path: Path) -> None:
    files = (tmp_path / "ca", tmp_path / "cert", tmp_path / "key")
    for given, said in [
        ({"workers": 0}, "a number from 1 on"),
        ({"workers": True}, "a number from 1 on"),
        ({"workers": 2, "cluster": "tcp://127.0.0.1:1"}, "not both"),
        ({"tls": files}, "certificates are for a cluster"),
        ({"tls": files, "cluster": "tcp://127.0.0.1:1"}, "is not encrypted: write tls://"),
        ({"tls": files, "cluster": "tls://10.0.0.5:1"}, "--tls-ca: .* is no file"),
        ({"cluster": "tls://10.0.0.5:1"}, "give --tls-ca, --tls-cert and --tls-key"),
    ]:
        with pytest.raises(UsageError, match=said), opened(**given):  # type: ignore[arg-type]
            pass
    with opened() as pool:
        assert pool is None


def test_the_extra_is_named_where_it_lacks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with (
        pytest.raises(UsageError, match=r'pip install "trendcore\[dist\]"'),
        opened(cluster="tcp://127.0.0.1:8786"),
    ):
        pass


class Recorder:
    """A client that keeps what is submitted, and does it."""

    def __init__(self, *workers: dict[str, Any]) -> None:
        self.workers = {f"tcp://127.0.0.1:{port}": each for port, each in enumerate(workers, 1)}
        self.submitted: list[dict[str, Any]] = []
        self.scheduler = "tcp://127.0.0.1:8786"

    def scheduler_info(self, n_workers: int) -> dict[str, Any]:
        assert n_workers == -1
        return {"address": self.scheduler, "workers": self.workers}

    def submit(self, function: Any, task: Any, order: Any, **given: Any) -> Any:
        from concurrent.futures import Future

        self.submitted.append(given)
        future: Future[Any] = Future()
        future.set_result(function(task, order))
        return future

    def close(self) -> None:
        self.workers = {}


def test_tasks_for_a_gpu_ask_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    client = Recorder({"nthreads": 1, "resources": {"GPU": 1.0}}, {"nthreads": 4, "resources": {}})
    monkeypatch.setattr(clusters, "_connect", lambda *_: client)
    with opened(cluster="tcp://127.0.0.1:8786") as pool:
        assert pool is not None
        assert pool.size == 5
        pool.map(tasks.double, [{"n": 1}, {"n": 2}], gpu=True)
        pool.map(tasks.double, [{"n": 3}])
    asked = [(each["resources"], each["retries"]) for each in client.submitted]
    assert asked == [({"GPU": 1}, 3), ({"GPU": 1}, 3), (None, 3)]
    assert len({each["key"] for each in client.submitted}) == 3


def test_a_gpu_that_no_worker_has_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    client = Recorder({"nthreads": 1, "resources": {}})
    monkeypatch.setattr(clusters, "_connect", lambda *_: client)
    pool = clusters.Cluster("tcp://127.0.0.1:8786")
    with pytest.raises(BackendError, match='--resources "GPU=1"'):
        pool.map(tasks.double, [{"n": 1}], gpu=True)
    assert client.submitted == []
    with Processes(2, threads=2) as local, pytest.raises(BackendError, match="would share its GPU"):
        local.map(tasks.double, [{"n": 1}], gpu=True)


def test_a_cluster_that_talks_in_the_open_is_refused_whatever_its_address_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As where a scheduler that listens to all is reached by the loopback address, or through a tunnel."""
    client = Recorder({"nthreads": 1})
    monkeypatch.setattr(clusters, "_connect", lambda *_: client)
    client.scheduler = "tcp://192.168.0.9:8786"
    with pytest.raises(UsageError, match=r"the scheduler at .*: tcp://192\.168\.0\.9:8786 is not"):
        clusters.Cluster("tcp://127.0.0.1:8786")
    client = Recorder({"nthreads": 1})
    client.workers["tcp://192.168.0.9:40000"] = {"nthreads": 1}
    with pytest.raises(UsageError, match=r"a worker of .*: tcp://192\.168\.0\.9:40000 is not"):
        clusters.Cluster("tcp://127.0.0.1:8786")
    assert client.workers == {}


def test_a_cluster_without_workers_is_not_waited_for_forever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clusters, "_connect", lambda *_: Recorder())
    with pytest.raises(WorkerError, match="has no worker: start some with `dask worker tcp://"):
        clusters.Cluster("tcp://127.0.0.1:8786", patience=0.3)
    alive_ = clusters._Alive(0.05)
    assert alive_.seen(3, "a") == 3
    time.sleep(0.1)
    with pytest.raises(WorkerError, match="a has lost its workers"):
        alive_.seen(0, "a")


def test_a_scheduler_that_does_not_answer_is_an_error_of_workers() -> None:
    with pytest.raises(WorkerError, match="cannot be reached"):
        clusters.Cluster("tcp://127.0.0.1:9", patience=1.0)


def test_certificates_are_named_by_their_option(tmp_path: Path) -> None:
    ca = tmp_path / "ca.pem"
    ca.touch()
    with pytest.raises(UsageError, match=r"--tls-cert: .*own\.pem is no file"):
        Tls(ca, tmp_path / "own.pem", tmp_path / "key.pem").check()
