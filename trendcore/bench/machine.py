"""Where a time was measured: processor, memory, threads, GPU and versions."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Final

import numba
import polars as pl

from trendcore_kernels import dispatch

_PACKAGES: Final = ("trendcore", "polars", "numpy", "numba", "pyarrow", "duckdb", "scipy")
_GIB: Final = 1 << 30


def machine() -> dict[str, Any]:
    """Say what the times of this process depend on.

    Examples
    --------
    >>> sorted(machine())
    ['gpu', 'memory_gib', 'platform', 'processor', 'python', 'threads', 'versions']
    """
    memory = _memory("MemTotal")
    return {
        "processor": _processor(),
        "threads": {"numba": int(numba.get_num_threads()), "polars": pl.thread_pool_size()},
        "gpu": dispatch.versions("gpu"),
        "memory_gib": None if memory is None else round(memory / _GIB, 1),
        "platform": platform.platform(),
        "python": platform.python_version(),
        "versions": {name: number for name in _PACKAGES if (number := installed(name)) is not None},
    }


def installed(package: str) -> str | None:
    """Version of a package, None where it is not installed.

    Examples
    --------
    >>> installed("polars") is None, installed("no-such-package") is None
    (False, True)
    """
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def free_bytes() -> int | None:
    """Memory that can still be taken; None where the system does not say.

    Examples
    --------
    >>> free_bytes() != 0
    True
    """
    return _memory("MemAvailable")


def _memory(name: str) -> int | None:
    """Bytes of a line of Linux's account of its memory."""
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{name}:")), None)


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.processor() or platform.machine())
