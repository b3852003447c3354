"""One bit of one file is another: `verify` finds it and names the file, wherever it is."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
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


def flipped(workspace: Path, folder: Path) -> Callable[[tuple[str, int]], str]:
    """Flip a bit of a copy, verify, and flip it back."""
    root = folder / "workspace"
    shutil.copytree(workspace, root)
    before = {number: frames(tc.Workspace(root), number) for number in (1, 2)}, papers(root)

    def disturb(case: tuple[str, int]) -> str:
        name, bit = case
        path = root / name
        whole = path.read_bytes()
        data = bytearray(whole)
        data[bit // 8] ^= 1 << bit % 8
        path.write_bytes(data)
        try:
            done = CliRunner().invoke(app, ["verify", "-w", str(root)])
            assert "Traceback" not in done.output
            if done.exit_code == 0:
                # what a log says beside the names of files, such as when they came, is nowhere used
                assert is_log(name), "not found"
                after = {number: frames(tc.Workspace(root), number) for number in (1, 2)}, papers(root)
                assert all(
                    one.equals(after[0][number][table])
                    for number, tables in before[0].items()
                    for table, one in tables.items()
                )
                assert before[1].equals(after[1])
                return "without effect"
            assert done.exit_code == 6 if not is_log(name) else done.exit_code in (2, 6), done.output
            assert is_log(name) or Path(name).name in done.output.replace("\n", ""), done.output
            return "found"
        finally:
            path.write_bytes(whole)

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
