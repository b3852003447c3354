"""How Numba compiles the kernels: the only place with its settings."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

import numba
import numpy as np
import numpy.typing as npt
from numba.core.caching import IndexDataCacheFile

from trendcore_kernels.cpu._private import check

_Function = TypeVar("_Function", bound=Callable[..., Any])
_Scalar = TypeVar("_Scalar", bound=np.generic)


class CacheFile(IndexDataCacheFile):
    """Compiled versions of a function on disk, to which several processes may write at a time.

    Numba numbers the files of versions, and names a file in the index before it is written. Of two processes
    that compile versions for other types at the same moment, one's number then stands for the other's code;
    and a process that looks between the two steps loads what an earlier edition has left there. Either gives
    wrong numbers. Here a file's name follows from what it holds, and it is there before it is named.
    """

    def save(self, key: Any, data: Any) -> None:
        """Keep a version; if another process saves its own at the same moment, one of them is forgotten."""
        file = cast(Any, self)  # the class says no types
        said = repr((self._source_stamp, key)).encode()
        name = file._data_name(int(hashlib.sha256(said).hexdigest()[:15], 16))
        file._save_data(name, data)
        overloads = file._load_index()
        overloads[key] = name
        file._save_index(overloads)


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
    if kept:
        cache, kind = compiled._cache, cast(Any, CacheFile)
        stamp = cache._impl.locator.get_source_stamp()
        cache._cache_file = kind(cache._cache_path, cache._impl.filename_base, stamp)
    else:
        compiled = numba.njit(function, nogil=True, error_model="numpy")
    return cast(_Function, compiled)


def frozen(array: npt.NDArray[_Scalar]) -> npt.NDArray[_Scalar]:
    """Return a contiguous read-only view, so that each kernel is compiled once for each type of codes."""
    view = np.require(array, requirements=["C", "A"]).view()
    view.flags.writeable = False
    return view


drop_stale_caches(Path(__file__).parent.parent)
