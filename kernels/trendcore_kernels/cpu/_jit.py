"""How Numba compiles the kernels: the only place with its settings."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

import numba
import numpy as np
import numpy.typing as npt

from trendcore_kernels.cpu._private import check

_Function = TypeVar("_Function", bound=Callable[..., Any])
_Scalar = TypeVar("_Scalar", bound=np.generic)


def drop_stale_caches(package: Path) -> None:
    """Remove compiled functions that are older than any source file of the package.

    Numba looks at a function's own file only, and would go on using what was compiled with an older helper.
    """
    newest = max(path.stat().st_mtime_ns for path in package.rglob("*.py"))
    for index in package.rglob("__pycache__/*.nbi"):
        try:
            if index.stat().st_mtime_ns < newest:
                index.unlink()
        except OSError:  # another process was quicker, or the folder is not ours: then nobody edits here
            continue


def jit(function: _Function) -> _Function:
    """Compile on first call, and keep the result on disk where a folder can be written to by us alone.

    The function releases the GIL: its slices run in threads.
    """
    try:
        compiled = numba.njit(function, cache=True, nogil=True, error_model="numpy")
        kept = check(compiled.stats.cache_path, function.__code__.co_filename)
    except RuntimeError:  # Numba found no such folder
        kept = False
    if not kept:
        compiled = numba.njit(function, nogil=True, error_model="numpy")
    return cast(_Function, compiled)


def frozen(array: npt.NDArray[_Scalar]) -> npt.NDArray[_Scalar]:
    """Return a contiguous read-only view, so that each kernel is compiled once for each type of codes."""
    view = np.require(array, requirements=["C", "A"]).view()
    view.flags.writeable = False
    return view


drop_stale_caches(Path(__file__).parent.parent)
