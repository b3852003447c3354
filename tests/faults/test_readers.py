"""Readers beside a writer: each sees one release, whole, and keeps it as long as it wants."""

from __future__ import annotations

import time
from collections import Counter
from pathlib import Path

import pytest
from support.apart import CONTEXT, LIMIT
from support.figures import Figures
from support.stages import Stages, read_on, stage_of, wait_for

NAME = "reads beside a writer"


def read_beside(folder: Path, figures: Figures, *, releases: int, readers: int) -> None:
    stages = Stages(folder)
    workspace = stages.begin()
    pipes = [CONTEXT.Pipe() for _ in range(readers)]
    processes = [
        CONTEXT.Process(target=read_on, args=(stages.root, there), daemon=True) for _, there in pipes
    ]
    for process, (here, there) in zip(processes, pipes, strict=True):
        process.start()
        there.close()
        assert wait_for(here) == "begun"
    start = time.perf_counter()
    for stage in range(1, releases + 1):
        stages.enter(stage)
        assert workspace.update().release == stage + 1
    told = []
    for process, (here, _) in zip(processes, pipes, strict=True):
        here.send("stop")
        told.append(wait_for(here))
        process.join(LIMIT)
    wrong = [line for _, _, lines in told for line in lines]
    right = sum(reads for reads, _, _ in told) - len(wrong)
    figures.count(NAME, Counter({"one release": right}), time.perf_counter() - start, len(wrong))
    assert wrong == []
    # they did see releases come
    assert min(seen for _, seen, _ in told) > releases // 2
    assert [stage_of(workspace, number) for number in workspace.releases()["release"]] == list(
        range(releases + 1)
    )


def test_readers_see_one_release(tmp_path: Path, figures: Figures) -> None:
    read_beside(tmp_path, figures, releases=3, readers=1)


@pytest.mark.slow
def test_readers_see_one_release_while_60_are_published(tmp_path: Path, figures: Figures) -> None:
    read_beside(tmp_path, figures, releases=60, readers=2)
