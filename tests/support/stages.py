"""A workspace whose inputs go through numbered stages, for writers and readers that run side by side.

In stage k, ``10 + k`` works of 2020 are joint ones of JP and US; of an update that follows stages in turn,
release ``k + 1`` must say just that, in each of its tables.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any, Self

import polars as pl
from support.apart import CONTEXT, LIMIT
from support.disturbances import SETTINGS
from support.workspaces import qis, write_works

import trendcore as tc
from trendcore.errors import ConflictError, TrendcoreError

_CELL = {"field": "qis", "year": 2020}
#: what a command line said: how it ended, and a number
Ending = tuple[str, int]


@dataclass(frozen=True)
class Stages:
    """A folder with inputs and a workspace, in which release 1 is of stage 0."""

    folder: Path

    @property
    def root(self) -> Path:
        return self.folder / "workspace"

    @property
    def workspace(self) -> tc.Workspace:
        return tc.Workspace(self.root)

    def begin(self) -> tc.Workspace:
        self.root.mkdir()
        (self.root / "trendcore.toml").write_text(SETTINGS)
        self.enter(0)
        write_works(self.folder / "in" / "other.jsonl", *[qis(i, "JP", "KR") for i in range(500, 520)])
        workspace = self.workspace
        workspace.ingest("openalex", self.folder / "in")
        assert workspace.update().release == 1
        return workspace

    def enter(self, stage: int) -> None:
        """Replace the works of the stage before."""
        write_works(self.folder / "in" / "stage.jsonl", *[qis(i, "JP", "US") for i in range(1, 11 + stage)])

    def more(self, number: int) -> Path:
        """Return a file that was never ingested, with one work of CN and JP."""
        return write_works(self.folder / "more" / f"{number}.jsonl", qis(1000 + number, "CN", "JP"))


def stage_of(workspace: tc.Workspace, release: int, extra: int = 0) -> int:
    """Return the stage that a release is of; all its tables must say the same.

    Parameters
    ----------
    workspace, release
        Where to look.
    extra
        Works of CN and JP that are counted too.
    """
    names = ["pairs", "members", "coverage", "patterns", "indices"]
    found = pl.collect_all([workspace.table(name, release=release).filter(**_CELL) for name in names])
    pairs, members, coverage, patterns, indices = found
    joint = _only(pairs.filter(a="JP", b="US"), "joint")
    assert _only(members.filter(member="JP"), "works") == joint + 20 + extra
    assert _only(coverage, "works") == joint + 20 + extra
    assert int(patterns["n"].sum()) == joint + 20 + extra
    assert pairs["joint"].sum() == joint + 20 + extra
    assert _only(indices.filter(a="JP", b="US"), "joint") == joint
    return joint - 10


def _only(frame: pl.DataFrame, column: str) -> int:
    assert frame.height == 1, frame
    return int(frame[column][0])


class Racers:
    """Processes that each do what they are told, all at the same moment."""

    def __init__(self, root: Path, n: int) -> None:
        self._barrier = CONTEXT.Barrier(n)
        pipes = [CONTEXT.Pipe() for _ in range(n)]
        self._ends = [here for here, _ in pipes]
        self._processes = [
            CONTEXT.Process(target=_race, args=(root, self._barrier, there), daemon=True)
            for _, there in pipes
        ]
        for process in self._processes:
            process.start()
        for _, there in pipes:
            there.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for end, process in zip(self._ends, self._processes, strict=True):
            end.close()
            process.join(LIMIT)
            if process.is_alive():
                process.kill()

    def race(self, *tasks: Sequence[Any]) -> list[Ending]:
        """Let each process do a task; return how each ended: ``done``, ``nothing`` or ``conflict``."""
        for end, task in zip(self._ends, tasks, strict=True):
            end.send(list(task))
        endings = []
        for end in self._ends:
            assert end.poll(LIMIT), "hung"
            endings.append(end.recv())
        return endings


def _race(root: Path, barrier: Barrier, end: Connection[Any, Any]) -> None:
    while True:
        try:
            name, *arguments = end.recv()
        except EOFError:
            return
        barrier.wait(LIMIT)
        try:
            ending = _do(tc.Workspace(root), name, arguments)
        except ConflictError:
            ending = ("conflict", 0)
        except TrendcoreError as error:
            ending = (f"{type(error).__name__}: {error}", 0)
        except BaseException as error:
            ending = (f"a fault: {error!r}", 0)
        end.send(ending)


def _do(workspace: tc.Workspace, name: str, arguments: Sequence[Any]) -> Ending:
    if name == "update":
        result = workspace.update()
        return ("done" if result.changed else "nothing", result.release)
    if name == "rollback":
        return "done", workspace.rollback(*arguments)
    if name == "gc":
        return "done", len(workspace.gc(keep=2, grace=timedelta(0)).dropped)
    if name == "ingest":
        return "done", len(workspace.ingest("openalex", *arguments).units)
    raise ValueError(name)


def read_on(root: Path, end: Connection[Any, Any]) -> None:
    """Read the current release again and again until told to stop; tell how often, and what was wrong.

    A frame of the first release is kept all the time, and collected at the end.
    """
    workspace = tc.Workspace(root)
    kept = workspace.table("pairs", release=1)
    first = kept.collect()
    reads, last, seen = 0, 0, set()
    wrong: list[str] = []
    end.send("begun")
    while not end.poll():
        try:
            release = int(workspace.releases()["release"].max())  # type: ignore[arg-type]
            stage = stage_of(workspace, release)
            loose = stage_now(workspace)
            if stage != release - 1 or release < last or loose < stage:
                wrong.append(f"release {release} is of stage {stage}, after {last}; then {loose}")
            last = release
            seen.add(release)
        except BaseException as error:
            wrong.append(repr(error))
        reads += 1
    if not kept.collect().equals(first):
        wrong.append("a frame of the first release has changed")
    end.send((reads, len(seen), wrong))


def stage_now(workspace: tc.Workspace) -> int:
    """Return the stage of whatever release is current at this moment."""
    return _only(workspace.table("pairs").filter(a="JP", b="US", **_CELL).collect(), "joint") - 10


def wait_for(end: Connection[Any, Any], seconds: float = LIMIT) -> Any:
    """Return what a process tells."""
    start = time.monotonic()
    while not end.poll(0.1):
        assert time.monotonic() - start < seconds, "hung"
    return end.recv()
