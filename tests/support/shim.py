"""A device in the place of the GPU: the kernels' CUDA C++ compiled for the CPU, and arrays of NumPy.

The Python of the gpu kernels runs on it as on CuPy: chunks, running out of memory, results put together.
"""

from __future__ import annotations

import ctypes
import hashlib
import re
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from support.shared import ROOT

from trendcore_kernels import dispatch
from trendcore_kernels.gpu import _device

COMPILER = shutil.which("g++")
SANITIZERS = ("-fsanitize=address,undefined", "-fno-sanitize-recover=all")
#: what the backend is called in the tests that run on the stand-in
NAME = "shim"
#: where libraries are kept
BUILT = ROOT / "build"
_LANGUAGE = [
    "-std=c++20",
    "-fPIC",
    "-shared",
    "-pthread",
    "-fno-strict-aliasing",
    "-Wall",
    "-Wextra",
    "-Werror",
]
#: the indices of a grid are those of one launch
_ONE_LAUNCH = threading.Lock()
_HEADER = Path(__file__).with_name("shim.h")
KERNEL = re.compile(r"^(?:extern \"C\" __global__ void|SHARING_KERNEL) (\w+)\(", re.MULTILINE)


class ShimArray(np.ndarray[Any, np.dtype[Any]]):
    """An array of the stand-in: a kernel takes no other."""


class ShimMemoryError(Exception):
    """The stand-in has no memory left, or was told to say so."""


def build(files: Sequence[Path], itemsize: int, flags: Sequence[str], folder: Path = BUILT) -> Path:
    """Compile `.cu` files into one library, in which ``launch_NAME`` launches the kernel of that name."""
    lines = [f'#include "{path}"' for path in (_HEADER, *files)]
    for name in [name for path in files for name in KERNEL.findall(path.read_text())]:
        parameters = "int n, void **arguments, unsigned grid, unsigned block, long long shared"
        body = f"launch({name}, n, arguments, grid, block, shared);"
        lines.append(f'extern "C" void launch_{name}({parameters}) {{ {body} }}')
    folder = folder / f"shim-{_digest((*flags, str(itemsize), *lines), files)}"
    library = folder / "kernels.so"
    if library.exists():
        return library
    assert COMPILER is not None
    folder.mkdir(parents=True, exist_ok=True)
    source = folder / "kernels.cpp"
    source.write_text("\n".join(lines))
    how = [*_LANGUAGE, *flags, f"-DCODE_BYTES={itemsize}", f"-I{_device.SOURCES}"]
    with tempfile.NamedTemporaryFile(dir=folder, suffix=".so", delete=False) as half:
        command = [COMPILER, *how, str(source), "-o", half.name]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
    Path(half.name).replace(library)
    return library


def _digest(words: Sequence[str], files: Sequence[Path]) -> str:
    """Digest of all that a library is made of, so that it is compiled once for many runs of the tests."""
    sources = [*files, *sorted(_device.SOURCES.glob("*.cuh")), _HEADER]
    parts = ["\0".join(words).encode(), *(path.read_bytes() for path in sources)]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()[:20]


@cache
def _library(itemsize: int, flags: tuple[str, ...]) -> ctypes.CDLL:
    return ctypes.CDLL(str(build(sorted(_device.SOURCES.glob("*.cu")), itemsize, flags)))


class ShimDevice:
    """The stand-in.

    Parameters
    ----------
    shared_bytes
        Shared memory of a block.
    memory
        Bytes that it says are free: decides the size of chunks.
    fail_at
        Numbers of the allocations that find no memory, the first one being 1.
    flags
        How the kernels are compiled.
    """

    def __init__(
        self,
        *,
        shared_bytes: int = 1 << 16,
        memory: int = 1 << 34,
        fail_at: Sequence[int] = (),
        flags: tuple[str, ...] = ("-O1",),
    ) -> None:
        self.shared_bytes = shared_bytes
        self.memory = memory
        self.fail_at = frozenset(fail_at)
        self.flags = flags
        self.allocations = 0
        self.launches = 0
        self.uploaded = 0

    def adopt(self, array: Any) -> Any:
        return array if isinstance(array, ShimArray) else np.asarray(array)

    def owns(self, array: Any) -> bool:
        return isinstance(array, ShimArray)

    def put(self, array: npt.NDArray[Any]) -> ShimArray:
        assert not self.owns(array)
        assert array.flags.c_contiguous
        self.uploaded += array.nbytes
        return self._new(array.copy())

    def get(self, array: Any) -> npt.NDArray[Any]:
        assert self.owns(array)
        return np.array(array)

    def empty(self, shape: int | tuple[int, ...], dtype: npt.DTypeLike) -> ShimArray:
        out = np.empty(shape, dtype)
        out.reshape(-1).view(np.uint8)[:] = 0xA5  # nothing may hope for zeros
        return self._new(out)

    def zeros(self, shape: int | tuple[int, ...], dtype: npt.DTypeLike) -> ShimArray:
        return self._new(np.zeros(shape, dtype))

    def cumsum(self, array: Any) -> ShimArray:
        assert self.owns(array)
        return self._new(np.cumsum(array))

    def sort(self, array: Any) -> ShimArray:
        assert self.owns(array)
        return self._new(np.sort(array, axis=-1))

    def unique(self, array: Any) -> tuple[ShimArray, ShimArray]:
        assert self.owns(array)
        values, counts = np.unique(np.array(array), return_counts=True)
        return self._new(values), self._new(counts.astype(np.int64))

    def _new(self, array: npt.NDArray[Any]) -> ShimArray:
        self.allocations += 1
        if self.allocations in self.fail_at:
            raise ShimMemoryError(f"no room for {array.nbytes} bytes")
        return array.view(ShimArray)

    def launch(
        self,
        file: str,
        function: str,
        n: int,
        *arguments: Any,
        codes: npt.DTypeLike = np.uint8,
        shared: int = 0,
    ) -> None:
        assert f" {function}(" in (_device.SOURCES / f"{file}.cu").read_text()
        assert shared <= self.shared_bytes
        if n == 0:
            return
        self.launches += 1
        values = [ctypes.c_longlong(n), *map(_value, arguments)]
        pointers = (ctypes.c_void_p * len(values))(*(ctypes.addressof(value) for value in values))
        grid, block = (2, 3) if shared else (3, 5)
        launch = getattr(_library(np.dtype(codes).itemsize, self.flags), f"launch_{function}")
        with _ONE_LAUNCH:
            launch(len(values), pointers, grid, block, ctypes.c_longlong(shared))

    def free_bytes(self) -> int:
        return self.memory

    def out_of_memory(self, error: Exception) -> bool:
        return isinstance(error, ShimMemoryError)

    def release(self) -> None:
        pass


def _value(argument: Any) -> Any:
    if isinstance(argument, np.ndarray):
        assert isinstance(argument, ShimArray), "an array of the host was given to a kernel"
        assert argument.flags.c_contiguous
        return ctypes.c_void_p(argument.ctypes.data)
    return ctypes.c_longlong(argument)


def in_use() -> bool:
    """Whether backend ``gpu`` counts on a stand-in."""
    return isinstance(_device.current(), ShimDevice)


@contextmanager
def in_place_of_the_gpu(device: ShimDevice) -> Iterator[ShimDevice]:
    """Let backend ``gpu`` count on a stand-in."""
    if COMPILER is None:
        pytest.skip("skipped: no g++")
    with pytest.MonkeyPatch.context() as patch:
        why_not = dispatch._why_not
        patch.setattr(dispatch, "_why_not", lambda name: None if name == "gpu" else why_not(name))
        patch.setattr(_device, "current", lambda: device)
        yield device
