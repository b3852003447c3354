"""The N-th call of the storage fails: the old release or the new one, and the next run heals."""

from __future__ import annotations

import itertools
import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from support.apart import Apart, Fault
from support.disturbances import Prepared, check, heal_new
from support.faults import fault
from support.figures import Figures
from typer.testing import CliRunner, Result

from trendcore.cli.app import app
from trendcore.store.failpoints import EXIT_STATUS, Trace

#: calls that change what is on disk: where a process ends between two of them, the disk is the same
CHANGING = frozenset({
    "open", "write", "fsync", "rename", "replace", "link", "unlink", "mkdir", "rmdir",
    "delta_create", "delta_restore", "delta_commit", "delta_committed",
})  # fmt: skip
KINDS = {
    "the N-th call fails (EIO)": Fault(0, "eio"),
    "the N-th call fails (ENOSPC)": Fault(0, "enospc", only=CHANGING),
    "the N-th call ends the process": Fault(0, "exit", only=CHANGING),
    "the N-th write is torn": Fault(0, "exit", torn=True, only=frozenset(["write"])),
}
SAID = {"eio": "Input/output error", "enospc": "No space left on device"}
#: the full sweep is cut into so many tests
PARTS = 4
CORES = os.cpu_count() or 1
#: takes a number of a call; returns what readers saw after it failed, None where there is no such call
Disturb = Callable[[int], str | None]


def failing(prepared: Prepared, folder: Path, how: Fault, healed: set[str]) -> Disturb:
    """Let a call fail within the process: it says so in a line with the path, and exits with 6."""

    def disturb(at: int) -> str | None:
        root = prepared.copy(folder / f"{how.action}{at}")
        left, ingested = at, False
        for arguments in prepared.commands(root):
            # in the second command calls go on to be counted where the first one ended
            with fault(left, how.action, only=how.only) as trace:
                done = CliRunner().invoke(app, arguments)
            if done.exit_code or trace.fired:
                break
            ingested, left = True, left - len(trace.names)
        if not trace.fired:
            return None
        if done.exit_code:
            _complained(done, root, trace.subjects[left - 1], SAID[how.action])
        ingested = prepared.more is not None and (ingested or not done.exit_code)
        seen = check(prepared, root, ingested=ingested)
        # a fault may be harmless: then the command did all of its work
        assert done.exit_code or seen == "new" or arguments[0] == "ingest"
        heal_new(prepared, root, healed)
        shutil.rmtree(root)
        return seen

    return disturb


def _complained(done: Result, root: Path, subject: str, said: str) -> None:
    errors = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    assert len(errors) == 1, done.stderr
    assert said in errors[0], errors
    assert "Traceback" not in done.output
    if subject.startswith(str(root)):
        assert done.exit_code == 6, done.output
        assert str(root) in errors[0], errors
    else:  # a file that is read in is the user's
        assert done.exit_code == 2, done.output
        assert subject in errors[0], errors


def dying(prepared: Prepared, folder: Path, how: Fault, healed: set[str]) -> Disturb:
    """Let the process end at a call, without any clean-up."""

    def disturb(at: int) -> str | None:
        root = prepared.copy(folder / f"{how.action}{at}")
        run = Apart(prepared.commands(root), root.with_suffix(".log"), replace(how, at=at))
        code, done = run.end()
        if code == 0:
            return None
        assert code == EXIT_STATUS, run.said()
        seen = check(prepared, root, ingested=prepared.more is not None and done > 0)
        heal_new(prepared, root, healed)
        shutil.rmtree(root)
        return seen

    return disturb


def one_of_each(trace: Trace, without: set[str]) -> Iterator[int]:
    """Return one call of each name, by turns the first, the last and one between."""
    for turn, name in enumerate(sorted(set(trace.names) - without)):
        places = [at for at, each in enumerate(trace.names, 1) if each == name]
        yield places[(0, -1, len(places) // 2)[turn % 3]]


def last(names: list[str], name: str) -> int:
    return len(names) - names[::-1].index(name)


def sweep(
    name: str, prepared: Prepared, places: Iterable[int], figures: Figures, folder: Path
) -> Counter[str]:
    how = KINDS[name]
    healed: set[str] = set()
    make, workers = (dying, CORES) if how.action == "exit" else (failing, 1)
    disturb = make(prepared, folder, how, healed)
    return figures.sweep(name, places, disturb, workers=workers, healed=healed)


def test_a_call_of_each_kind_may_fail(
    updating: Prepared, calls: Trace, figures: Figures, tmp_path: Path
) -> None:
    places = sorted({*one_of_each(calls, without={"write", "rename", "link"}), len(calls.names)})
    seen = sweep("the N-th call fails (EIO)", updating, places, figures, tmp_path)
    assert seen["old"] > seen["new"] > 0


def test_the_disk_may_be_full_at_any_step(
    updating: Prepared, calls: Trace, figures: Figures, tmp_path: Path
) -> None:
    changing = [name for name in calls.names if name in CHANGING]
    places = [changing.index("write") + 1, last(changing, "rename"), last(changing, "link")]
    assert sweep("the N-th call fails (ENOSPC)", updating, places, figures, tmp_path) == {"old": 3}


def test_the_process_may_end_at_any_call(
    ingesting: Prepared, calls: Trace, figures: Figures, tmp_path: Path
) -> None:
    changing = [name for name in calls.names if name in CHANGING]
    places = [1, len(changing) // 2, len(changing)]
    assert sweep("the N-th call ends the process", ingesting, places, figures, tmp_path).total() == 3


def test_a_write_may_be_cut_in_the_middle(
    updating: Prepared, calls: Trace, figures: Figures, tmp_path: Path
) -> None:
    places = [1, calls.names.count("write")]
    assert sweep("the N-th write is torn", updating, places, figures, tmp_path) == {"old": 2}


@pytest.mark.slow
@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize("scenario", ["updating", "ingesting"])
@pytest.mark.parametrize("name", KINDS)
def test_every_call_may_fail_until_a_run_is_clean(
    name: str, scenario: str, part: int, both: dict[str, Prepared], figures: Figures, tmp_path: Path
) -> None:
    """No list of calls: N = 1, 2, ... until the N-th is not reached any more."""
    places = itertools.count(part + 1, PARTS)
    assert sweep(name, both[scenario], places, figures, tmp_path)["old"] > 10
