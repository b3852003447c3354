"""Small disks and read-only ones; what this machine does not permit is skipped with the reason."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

PAGE = 4096


@contextmanager
def small_disk(folder: Path, size: str = "8m") -> Iterator[Path]:
    """Mount an empty disk in memory."""
    if sys.platform != "linux" or os.geteuid():
        pytest.skip("only root on Linux may mount a tmpfs")
    folder.mkdir()
    done = _run("mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder))
    if done.returncode:
        pytest.skip(f"a tmpfs cannot be mounted here: {done.stderr.strip()}")
    try:
        yield folder
    finally:
        # lazily: a reader of another process must not keep it
        _run("umount", "-l", str(folder))


def fill(disk: Path, pages: int) -> Path:
    """Leave only so many free pages on a disk; return the file that takes the others."""
    ballast = disk / "ballast"
    with ballast.open("wb") as file:
        space = os.statvfs(disk)
        os.posix_fallocate(file.fileno(), 0, (space.f_bavail - pages) * space.f_frsize)
    assert os.statvfs(disk).f_bavail * os.statvfs(disk).f_frsize == pages * PAGE
    return ballast


@contextmanager
def read_only(disk: Path) -> Iterator[None]:
    """Let nothing be written to a small disk."""
    done = _run("mount", "-o", "remount,ro", str(disk))
    assert not done.returncode, done.stderr
    try:
        yield
    finally:
        done = _run("mount", "-o", "remount,rw", str(disk))
        assert not done.returncode, done.stderr


@contextmanager
def forbidden(root: Path) -> Iterator[None]:
    """Take the right to write away from a folder and all below."""
    if os.geteuid() == 0:
        pytest.skip("root may write everywhere")
    paths = [root, *root.rglob("*")]
    modes = [path.stat().st_mode for path in paths]
    try:
        for path, mode in zip(paths, modes, strict=True):
            path.chmod(mode & ~0o222)
        yield
    finally:
        for path, mode in zip(paths, modes, strict=True):
            path.chmod(mode)


def _run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
