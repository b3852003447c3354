"""What the kernels ask of a device: the one seam between their Python and CuPy.

Kernels call `current`, and nothing of CuPy. The tests put a stand-in in its place that runs the same CUDA C++
compiled for the CPU.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any, Final, Protocol

import numpy as np
import numpy.typing as npt

#: where the `.cu` and `.cuh` files are
SOURCES: Final = Path(__file__).parent
#: how each `.cu` file is compiled, beside the size of a code
OPTIONS: Final = ("--std=c++17", "--fmad=false")

#: an array of the host or of the device
Array = Any


class Device(Protocol):
    """Arrays of a device, and what is done with them. Work is done in the order in which it was asked for."""

    @property
    def shared_bytes(self) -> int:
        """Bytes of shared memory that a block may have."""

    def adopt(self, array: Array) -> Array:
        """Take an array as it is given: one of a device stays there, anything else becomes NumPy's."""

    def owns(self, array: Array) -> bool:
        """Whether an adopted array lies on the device."""

    def put(self, array: npt.NDArray[Any]) -> Array:
        """Upload a contiguous array of the host."""

    def get(self, array: Array) -> npt.NDArray[Any]:
        """Download an array, when what was asked for before is done."""

    def empty(self, shape: int | tuple[int, ...], dtype: npt.DTypeLike) -> Array:
        """Make room for an array."""

    def zeros(self, shape: int | tuple[int, ...], dtype: npt.DTypeLike) -> Array:
        """Make an array of zeros."""

    def cumsum(self, array: Array) -> Array:
        """Sum of each number and those before it."""

    def sort(self, array: Array) -> Array:
        """Sort the numbers of each row."""

    def unique(self, array: Array) -> tuple[Array, Array]:
        """Distinct values, ascending, and how often each is there."""

    def launch(
        self,
        file: str,
        function: str,
        n: int,
        *arguments: Any,
        codes: npt.DTypeLike = np.uint8,
        shared: int = 0,
    ) -> None:
        """Let threads share n things; the function takes n and the arguments.

        Parameters
        ----------
        file, function
            ``file.cu``, and the name of a `__global__` function there.
        n
            Where it is 0, nothing is done.
        *arguments
            Arrays of the device, and integers.
        codes
            Type of the codes.
        shared
            Bytes of shared memory of a block; 0: its threads do not wait for one another.
        """

    def free_bytes(self) -> int:
        """Bytes that may be had."""

    def out_of_memory(self, error: Exception) -> bool:
        """Whether an error says that the device has no memory left."""

    def release(self) -> None:
        """Give back memory that is held but not used."""


@cache
def current() -> Device:
    """Return CuPy as a device: the current one of the calling thread.

    Raises
    ------
    ImportError
        There is no CuPy: `dispatch.get` says so before.
    """
    from trendcore_kernels.gpu._cupy import CupyDevice

    return CupyDevice()


def private(device: Device, n: int, itemsize: int) -> tuple[int, int]:
    """How many of n counters fit the shared memory of a block, and their bytes."""
    fit = min(n, device.shared_bytes // itemsize)
    return fit, fit * itemsize
