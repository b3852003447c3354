"""Processes that are killed or told to stop at random moments, from the first call to the last."""

from __future__ import annotations

import os
import random
import shutil
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from support.apart import Apart, Fault
from support.disturbances import Prepared, check, heal
from support.figures import Figures

from trendcore.store.failpoints import Trace

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")

CORES = os.cpu_count() or 1
KILLS = "kill -9 at a random moment"
STOPPED_LATE = "SIGTERM when a release is published already"
STOPS = "SIGTERM at a random moment"
#: workspace that is disturbed, and the part of the run's time after which it is
Moment = tuple[Prepared, float]


@pytest.fixture(scope="module")
def seconds(ingesting: Prepared, tmp_path_factory: pytest.TempPathFactory) -> float:
    """How long `ingest` and `update` take; `update` alone somewhat less."""
    folder = tmp_path_factory.mktemp("timed")
    run = Apart(ingesting.commands(ingesting.copy(folder / "workspace")), folder / "log")
    run.begun()
    start = time.perf_counter()
    assert run.end() == (0, 2), run.said()
    return time.perf_counter() - start


def moments(both: dict[str, Prepared], n: int, seed: int) -> list[Moment]:
    """Return random moments of both kinds of runs, from the same seed the same ones."""
    chance = random.Random(seed)
    return [(both["ingesting" if i % 2 else "updating"], chance.random()) for i in range(n)]


def hit(
    moment: Moment, folder: Path, seconds: float, number: signal.Signals
) -> tuple[Prepared, Path, Apart, int, int]:
    """Send a signal while commands run; where they were through already, again at an earlier moment."""
    prepared, part = moment
    root = prepared.copy(folder / f"at{part * 1e9:.0f}")
    run = Apart(prepared.commands(root), root.with_suffix(".log"))
    run.begun()
    time.sleep(part * seconds)
    run.signal(number)
    code, done = run.end()
    if code == 0:
        return hit((prepared, 0.9 * part), folder, seconds, number)
    return prepared, root, run, code, done


def killed(folder: Path, seconds: float) -> Callable[[Moment], str]:
    def disturb(moment: Moment) -> str:
        prepared, root, run, code, done = hit(moment, folder, seconds, signal.SIGKILL)
        assert code == -signal.SIGKILL, run.said()
        seen = check(prepared, root, ingested=prepared.more is not None and done > 0)
        heal(prepared, root)
        shutil.rmtree(root)
        return seen

    return disturb


def stopped(folder: Path, seconds: float) -> Callable[[Moment], str]:
    """Stop with SIGTERM: exit code 143, and the workspace is as it was, unless one line says otherwise."""

    def disturb(moment: Moment) -> str:
        prepared, root, run, code, done = hit(moment, folder, seconds, signal.SIGTERM)
        said = run.said()
        assert code == 143, said
        # Polars itself reports the signal where that has reached one of its callbacks
        assert "Traceback" not in said or "panicked" in said, said
        seen = check(prepared, root, ingested=prepared.more is not None and done > 0)
        errors = [line for line in said.splitlines() if line.startswith("error: ")]
        if seen == "old":
            # where no command had begun, nothing is said
            assert errors in ([], ["error: interrupted; the workspace is as it was"]), said
        else:
            stays = ["error: interrupted; release 2 was published just before, and stays"]
            assert errors == stays or (errors == [] and "published release 2" in said), said
        heal(prepared, root)
        shutil.rmtree(root)
        return seen

    return disturb


def terminate() -> None:
    os.kill(os.getpid(), signal.SIGTERM)


def test_stopped_when_the_release_is_published_already(
    updating: Prepared, calls: Trace, figures: Figures, tmp_path: Path
) -> None:
    """The name of the release is there, its folder is not synced yet: that is not rolled back, and said."""

    def disturb(at: int) -> str:
        # the passing name goes right after the lasting one is there
        run = Apart(
            updating.commands(root), tmp_path / "log", Fault(at, terminate, only=frozenset(["unlink"]))
        )
        assert run.end() == (143, 0), run.said()
        assert run.said() == "error: interrupted; release 2 was published just before, and stays\n"
        seen = check(updating, root)
        heal(updating, root)
        return seen

    last = calls.names.count("unlink")
    root = updating.copy(tmp_path / "workspace")
    assert figures.sweep(STOPPED_LATE, [last], disturb) == {"new": 1}


def test_killed_at_random_moments(
    both: dict[str, Prepared], seconds: float, figures: Figures, tmp_path: Path
) -> None:
    disturb = killed(tmp_path, seconds)
    assert figures.sweep(KILLS, moments(both, 6, 1), disturb, workers=CORES).total() == 6


def test_stopped_at_random_moments(
    both: dict[str, Prepared], seconds: float, figures: Figures, tmp_path: Path
) -> None:
    disturb = stopped(tmp_path, seconds)
    assert figures.sweep(STOPS, moments(both, 2, 2), disturb, workers=CORES).total() == 2


def test_a_half_written_record_of_a_killed_run_goes_with_the_next_one(
    updating: Prepared, tmp_path: Path
) -> None:
    root = updating.copy(tmp_path / "workspace")
    left = root / ".last_run.json.0badc0de.part"
    left.write_text("{")
    run = Apart(updating.commands(root), tmp_path / "log")
    assert run.end() == (0, 1), run.said()
    assert not left.exists()
    assert (root / "last_run.json").is_file()


@pytest.mark.slow
@pytest.mark.parametrize("seed", [3, 4])
def test_killed_100_times(
    seed: int, both: dict[str, Prepared], seconds: float, figures: Figures, tmp_path: Path
) -> None:
    disturb = killed(tmp_path, seconds)
    seen = figures.sweep(KILLS, moments(both, 100, seed), disturb, workers=CORES)
    assert seen["old"] > 50


@pytest.mark.slow
def test_stopped_20_times(
    both: dict[str, Prepared], seconds: float, figures: Figures, tmp_path: Path
) -> None:
    disturb = stopped(tmp_path, seconds)
    assert figures.sweep(STOPS, moments(both, 20, 5), disturb, workers=CORES).total() == 20
