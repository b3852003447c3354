"""Style, format and types, so that one command checks everything."""

from __future__ import annotations

import subprocess
import sys

import pytest
from support.shared import ROOT

CHECKS = {
    "ruff check": ["-m", "ruff", "check", "."],
    "ruff format": ["-m", "ruff", "format", "--check", "."],
    "mypy --strict": ["-m", "mypy"],
}


@pytest.mark.parametrize("name", CHECKS)
def test_clean(name: str) -> None:
    done = subprocess.run(
        [sys.executable, *CHECKS[name]], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_files_are_short() -> None:
    for folder in ("trendcore", "kernels", "benchmarks"):
        for path in (ROOT / folder).rglob("*.py"):
            lines = len(path.read_text().splitlines())
            assert lines <= 450, f"{path.relative_to(ROOT)} has {lines} lines: does it hold two subjects?"
