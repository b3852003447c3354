"""One bit of one file is another: `verify` finds it and names the file, wherever it is."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import polars as pl
import pytest
from support.bits import flip
from support.disturbances import Prepared, frames, papers
from support.figures import Figures
from typer.testing import CliRunner

import trendcore as tc
from trendcore.cli.app import app

FLIPS = "a flipped bit"
#: nothing is read from them that a release or a stored row is made of
OTHERS = ("lock", "last_run.json", "trendcore.toml")


@pytest.fixture(scope="module")
def workspace(updating: Prepared, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two releases, and rows that were replaced."""
    root = updating.copy(tmp_path_factory.mktemp("bits") / "workspace")
    updating.run(root)
    return root


def files(root: Path) -> list[str]:
    found = [path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()]
    return sorted(name for name in found if name not in OTHERS and (root / name).stat().st_size)


def is_log(name: str) -> bool:
    return "/_delta_log/" in name


def chosen(root: Path, each: int, seed: int, *, logs: bool) -> Iterator[tuple[str, int]]:
    """Give files, and bits of them: of a log as many as of another file."""
    chance = random.Random(seed)
    for name in files(root):
        if is_log(name) == logs:
            for _ in range(each):
                yield name, chance.randrange(8 * (root / name).stat().st_size)


def read(root: Path) -> dict[str, pl.DataFrame]:
    """All that is read of a workspace: tables of both releases, and stored rows."""
    ws = tc.Workspace(root)
    found = {f"{name} {n}": frame for n in (1, 2) for name, frame in frames(ws, n).items()}
    flows = ws.trade().collect().sort(pl.all(), nulls_last=True)
    return found | {"stored papers": papers(root), "stored trade": flows}


def flipped(workspace: Path, folder: Path) -> Callable[[tuple[str, int]], str]:
    """Flip a bit of a copy, verify, and flip it back."""
    root = folder / "workspace"
    shutil.copytree(workspace, root)
    before = read(root)

    def disturb(case: tuple[str, int]) -> str:
        name, bit = case
        path = root / name
        flip(path, bit)
        try:
            done = CliRunner().invoke(app, ["verify", "-w", str(root)])
            assert "Traceback" not in done.output
            if done.exit_code == 0:
                # what a log says beside the names of files, such as when they came, is nowhere used
                assert is_log(name), "not found"
                after = read(root)
                assert all(frame.equals(after[name]) for name, frame in before.items())
                return "without effect"
            assert done.exit_code == 6, done.output
            # of a log the table is named whose files it cannot tell, or a file that it names wrongly
            named = name.partition("/_delta_log/")[0] if is_log(name) else path.name
            assert named in done.output.replace("\n", ""), done.output
            return "found"
        finally:
            flip(path, bit)

    return disturb


@pytest.mark.parametrize("logs", [False, True])
def test_a_flipped_bit_is_found(logs: bool, workspace: Path, figures: Figures, tmp_path: Path) -> None:
    cases = [*chosen(workspace, 1, 5, logs=logs)]
    seen = figures.sweep(FLIPS, cases[:: 4 if logs else 1], flipped(workspace, tmp_path))
    assert logs or seen == {"found": len(cases)}


@pytest.mark.slow
@pytest.mark.parametrize(("logs", "each"), [(False, 40), (True, 8)])
def test_1000_flipped_bits_are_found(
    logs: bool, each: int, workspace: Path, figures: Figures, tmp_path: Path
) -> None:
    cases = [*chosen(workspace, each, 6, logs=logs)]
    assert len(cases) > 1000 or logs
    seen = figures.sweep(FLIPS, cases, flipped(workspace, tmp_path))
    assert logs or seen == {"found": len(cases)}
