"""The wheel holds the two packages and their data, and nothing else."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from support.shared import ROOT


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    out = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(out), str(ROOT)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (path,) = out.glob("*.whl")
    return zipfile.ZipFile(path)


def test_top_level_names(wheel: zipfile.ZipFile) -> None:
    tops = {name.split("/")[0] for name in wheel.namelist()}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"trendcore", "trendcore_kernels"}


def test_every_source_file_is_inside(wheel: zipfile.ZipFile) -> None:
    names = set(wheel.namelist())
    for base, package in ((ROOT, "trendcore"), (ROOT / "kernels", "trendcore_kernels")):
        for path in (base / package).rglob("*"):
            if path.is_file() and "__pycache__" not in path.parts:
                assert path.relative_to(base).as_posix() in names


def test_folders_that_must_not_be_packages() -> None:
    for folder in ("kernels", "datasets", "tests", "benchmarks"):
        assert not (ROOT / folder / "__init__.py").exists(), folder


def test_licence_is_inside(wheel: zipfile.ZipFile) -> None:
    assert any(Path(name).name == "LICENSE" for name in wheel.namelist())
