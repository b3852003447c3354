"""A disk that is full, and one that may only be read."""

from __future__ import annotations

import itertools
import os
import shutil
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import nullcontext
from pathlib import Path

import pytest
from support.disks import PAGE, fill, forbidden, read_only, small_disk
from support.disturbances import Prepared, check, heal, heal_new
from support.figures import Figures
from typer.testing import CliRunner, Result

from trendcore.cli.app import app

FULL = "a full disk of 8 MB"


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    with small_disk(tmp_path / "disk") as folder:
        yield folder


def refused(done: Result, root: Path, said: str) -> None:
    errors = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    assert done.exit_code == 6, done.output
    assert len(errors) == 1, done.stderr
    assert str(root) in errors[0], errors
    assert said in errors[0], errors
    assert "Traceback" not in done.output


def out_of_room(prepared: Prepared, disk: Path, healed: set[str]) -> Callable[[int], str | None]:
    """Leave so many pages on the disk; None: that was enough."""

    def disturb(pages: int) -> str | None:
        root = prepared.copy(disk / "workspace")
        ballast = fill(disk, pages)
        for arguments in prepared.commands(root):
            done = CliRunner().invoke(app, arguments)
            if done.exit_code:
                break
        ended = done.exit_code == 0
        if not ended:
            refused(done, root, "No space left on device")
        seen = check(prepared, root, ingested=arguments[0] == "update" and prepared.more is not None)
        ballast.unlink()
        heal_new(prepared, root, healed)
        shutil.rmtree(root)
        return None if ended else seen

    return disturb


def needed(prepared: Prepared, disk: Path) -> int:
    """Return the pages that a run takes when it has room."""
    root = prepared.copy(disk / "workspace")
    before = os.statvfs(disk).f_bavail
    prepared.run(root)
    pages = (before - os.statvfs(disk).f_bavail) * os.statvfs(disk).f_frsize // PAGE
    shutil.rmtree(root)
    return pages


def fill_up(prepared: Prepared, pages: Iterable[int], disk: Path, figures: Figures) -> Counter[str]:
    healed: set[str] = set()
    return figures.sweep(FULL, pages, out_of_room(prepared, disk, healed), healed=healed)


def test_a_full_disk(ingesting: Prepared, disk: Path, figures: Figures) -> None:
    pages = [0, needed(ingesting, disk) // 2]
    assert fill_up(ingesting, pages, disk, figures) == {"old": 2}


@pytest.mark.slow
@pytest.mark.parametrize("scenario", ["updating", "ingesting"])
def test_a_disk_with_0_1_2_free_pages_until_a_run_is_clean(
    scenario: str, both: dict[str, Prepared], disk: Path, figures: Figures
) -> None:
    assert fill_up(both[scenario], itertools.count(), disk, figures)["old"] > 40


@pytest.mark.skipif(sys.platform == "win32", reason="rights of POSIX")
@pytest.mark.parametrize("how", ["mounted read-only", "without the right to write"])
def test_a_folder_that_may_only_be_read(
    how: str, ingesting: Prepared, tmp_path: Path, figures: Figures
) -> None:
    """Whatever writes is refused and says where; whatever reads goes on."""
    mounted = how == "mounted read-only"
    with small_disk(tmp_path / "disk") if mounted else nullcontext(tmp_path) as folder:
        root = ingesting.copy(folder / "workspace")

        def disturb(arguments: list[str]) -> str:
            with read_only(folder) if mounted else forbidden(root):
                done = CliRunner().invoke(app, arguments)
                if arguments[0] in {"ingest", "update", "withdraw", "rollback"}:
                    refused(done, root, "Read-only file system" if mounted else "Permission denied")
                else:
                    assert done.exit_code == 0, done.output
                return check(ingesting, root)

        at = ["-w", str(root)]
        paths = [str(ingesting.more), str(ingesting.workspace.parent / "in" / "works")]
        commands = [
            ["ingest", "openalex", paths[0], *at],
            ["update", *at],
            ["withdraw", paths[1], *at],
            ["rollback", "1", *at],
            ["show", "JP", "US", "--field", "qis", *at],
            ["releases", *at],
            ["doctor", *at],
            ["export", str(tmp_path / "pairs.csv"), "--table", "pairs", *at],
        ]
        assert figures.sweep(f"a folder {how}", commands, disturb) == {"old": len(commands)}
        heal(ingesting, root)
