"""Writers that begin at the same moment: one wins, the others say so, and nothing is lost or mixed."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support.disturbances import frames
from support.figures import Figures
from support.stages import Ending, Racers, Stages, stage_of

#: how a racer may end
GOOD = {"done", "nothing", "conflict"}


@pytest.fixture
def stages(tmp_path: Path) -> Stages:
    stages = Stages(tmp_path)
    stages.begin()
    return stages


def sound(stages: Stages, endings: list[Ending]) -> None:
    assert {word for word, _ in endings} <= GOOD, endings
    assert stages.workspace.verify() == []
    assert list(stages.root.rglob("*.unfinished")) == []


def updates(stages: Stages, racers: Racers, n: int) -> Callable[[int], str]:
    """Let several updates loose on one change of the inputs; exactly one publishes it."""

    def disturb(turn: int) -> str:
        # sizes differ from turn to turn, and gates see no leap
        stage = (0, 1, 2)[turn % 3]
        stages.enter(stage)
        before = stages.workspace.releases()["release"].to_list()
        endings = racers.race(*[["update"]] * n)
        sound(stages, endings)
        words = Counter(word for word, _ in endings)
        assert words["done"] == 1, endings
        assert stages.workspace.releases()["release"].to_list() == [*before, before[-1] + 1]
        assert stage_of(stages.workspace, before[-1] + 1) == stage
        assert all(release == before[-1] + 1 for word, release in endings if word != "conflict")
        again = stages.workspace.update()
        assert (again.changed, again.release) == (False, before[-1] + 1)
        return "one published"

    return disturb


def race_updates(n: int, rounds: int, stages: Stages, figures: Figures) -> None:
    with Racers(stages.root, n) as racers:
        turns = range(1, rounds + 1)
        name = f"{n} updates at once"
        assert figures.sweep(name, turns, updates(stages, racers, n)) == {"one published": rounds}
    known = {stage: frames(stages.workspace, stage + 1) for stage in range(3) if stage < rounds + 1}
    for release in stages.workspace.releases()["release"]:
        # the list of inputs says in which order they came, which is another one each time
        now, then = frames(stages.workspace, release), known[(release - 1) % 3]
        assert [name for name in now if name != "inputs" and not now[name].equals(then[name])] == []


@pytest.mark.parametrize("n", [2, 4])
def test_updates_at_once(n: int, stages: Stages, figures: Figures) -> None:
    race_updates(n, 2, stages, figures)


@pytest.mark.slow
@pytest.mark.parametrize("n", [2, 4])
def test_updates_at_once_for_100_rounds(n: int, stages: Stages, figures: Figures) -> None:
    race_updates(n, 100, stages, figures)


def ingests(stages: Stages, racers: Racers, counter: Iterator[int]) -> Callable[[int], str]:
    """Let `ingest` loose beside `update`; what it acknowledged is counted by the next update."""
    counted: list[Path] = []

    def disturb(turn: int) -> str:
        more, stage = stages.more(next(counter)), turn % 3
        stages.enter(stage)
        endings = racers.race(["update"], ["ingest", str(more)])
        sound(stages, endings)
        (updated, _), (ingested, units) = endings
        assert "done" in (updated, ingested), endings
        if ingested == "conflict":
            units = len(stages.workspace.ingest("openalex", more).units)
        assert units == 1
        counted.append(more)
        result = stages.workspace.update()
        assert stage_of(stages.workspace, result.release, extra=len(counted)) == stage
        return f"update {updated}, ingest {ingested}"

    return disturb


def race_ingests(rounds: int, stages: Stages, figures: Figures) -> None:
    with Racers(stages.root, 2) as racers:
        disturb = ingests(stages, racers, itertools.count())
        assert figures.sweep("ingest beside update", range(1, rounds + 1), disturb).total() == rounds


def test_ingest_beside_update(stages: Stages, figures: Figures) -> None:
    race_ingests(2, stages, figures)


@pytest.mark.slow
def test_ingest_beside_update_for_30_rounds(stages: Stages, figures: Figures) -> None:
    race_ingests(30, stages, figures)


def rollbacks(stages: Stages, racers: Racers) -> Callable[[int], str]:
    """Let `rollback` loose beside `update`; each that was acknowledged has its release, whole."""

    def disturb(turn: int) -> str:
        stage = turn % 3
        stages.enter(stage)
        before = stages.workspace.releases()["release"].to_list()
        endings = racers.race(["update"], ["rollback", 1])
        sound(stages, endings)
        # to the release that is current nothing is rolled back
        made = sorted({release for word, release in endings if word == "done"}.difference(before))
        assert stages.workspace.releases()["release"].to_list() == [*before, *made]
        (updated, new), (rolled, old) = endings
        if updated == "done":
            assert stage_of(stages.workspace, new) == stage
        if rolled == "done":
            assert stage_of(stages.workspace, old) == 0
        last = stages.workspace.update(after_rollback=True)
        assert stage_of(stages.workspace, last.release) == stage
        return f"update {updated}, rollback {rolled}"

    return disturb


def race_rollbacks(rounds: int, stages: Stages, figures: Figures) -> None:
    with Racers(stages.root, 2) as racers:
        seen = figures.sweep("rollback beside update", range(1, rounds + 1), rollbacks(stages, racers))
        assert seen.total() == rounds


def test_rollback_beside_update(stages: Stages, figures: Figures) -> None:
    race_rollbacks(2, stages, figures)


@pytest.mark.slow
def test_rollback_beside_update_for_30_rounds(stages: Stages, figures: Figures) -> None:
    race_rollbacks(30, stages, figures)


def collections(stages: Stages, racers: Racers) -> Callable[[int], str]:
    """Let `gc` loose beside `update`; the two releases that it keeps stay whole."""

    def disturb(turn: int) -> str:
        stage = turn % 3
        stages.enter(stage)
        before = stages.workspace.releases()["release"].to_list()
        endings = racers.race(["update"], ["gc"])
        sound(stages, endings)
        (updated, new), (collected, _) = endings
        made = [new] if updated == "done" else []
        after = stages.workspace.releases()["release"].to_list()
        assert after[-2:] == [*before, *made][-2:]
        assert set(after) <= {*before, *made}
        assert [problem for number in after for problem in stages.workspace.verify(release=number)] == []
        last = stages.workspace.update()
        assert stage_of(stages.workspace, last.release) == stage
        return f"update {updated}, gc {collected}"

    return disturb


def race_collections(rounds: int, stages: Stages, figures: Figures) -> None:
    with Racers(stages.root, 2) as racers:
        disturb = collections(stages, racers)
        assert figures.sweep("gc beside update", range(1, rounds + 1), disturb).total() == rounds


def test_gc_beside_update(stages: Stages, figures: Figures) -> None:
    race_collections(2, stages, figures)


@pytest.mark.slow
def test_gc_beside_update_for_30_rounds(stages: Stages, figures: Figures) -> None:
    race_collections(30, stages, figures)
