"""CuPy as a device. Nothing else here imports CuPy."""

from __future__ import annotations

import hashlib
import threading
from functools import cache
from typing import Any, Final

import cupy
import numpy as np
import numpy.typing as npt

from trendcore_kernels.gpu._device import OPTIONS, SOURCES, Array

#: bytes of each of the two pinned buffers through which arrays are uploaded
STAGE_BYTES: Final = 32 << 20
#: threads of a block, and of one whose threads share counters
_BLOCK: Final = 256
_SHARING_BLOCK: Final = 1024
#: kinds of DLPack devices whose memory a kernel can read
_CUDA_KINDS: Final = (2, 13)
#: status of CUDA's errors for want of memory
_NO_MEMORY: Final = 2


class CupyDevice:
    """The current device of the calling thread; all is done on CuPy's current stream.

    So whatever the caller has asked of CuPy before is done before, and what it asks after, after.
    """

    def __init__(self) -> None:
        self._of_thread = threading.local()

    @property
    def shared_bytes(self) -> int:
        """Bytes of shared memory that a block may have."""
        return _limits(cupy.cuda.runtime.getDevice()).shared

    def adopt(self, array: Array) -> Array:
        """Take an array as it is given: one of a device stays there, anything else becomes NumPy's."""
        if isinstance(array, np.ndarray):
            return array
        if isinstance(array, cupy.ndarray) or hasattr(array, "__cuda_array_interface__"):
            return cupy.ascontiguousarray(cupy.asarray(array))
        if hasattr(array, "__dlpack_device__") and array.__dlpack_device__()[0] in _CUDA_KINDS:
            return cupy.ascontiguousarray(cupy.from_dlpack(array))
        return np.asarray(array)

    def owns(self, array: Array) -> bool:
        """Whether an adopted array lies on the device."""
        return isinstance(array, cupy.ndarray)

    def put(self, array: npt.NDArray[Any]) -> Array:
        """Upload an array: while one pinned buffer is on its way, the other one is filled."""
        out = cupy.empty(array.shape, array.dtype)
        source, target = array.reshape(-1).view(np.uint8), out.reshape(-1).view(np.uint8)
        stream = cupy.cuda.get_current_stream()
        for start in range(0, len(source), STAGE_BYTES):
            stop = min(start + STAGE_BYTES, len(source))
            stage, sent = self._next_stage()
            sent.synchronize()
            np.copyto(stage[: stop - start], source[start:stop])
            target[start:stop].set(stage[: stop - start], stream=stream)
            sent.record(stream)
        return out

    def _next_stage(self) -> tuple[npt.NDArray[np.uint8], Any]:
        """Return a pinned buffer of this thread, and the event after which it may be filled again."""
        if not hasattr(self._of_thread, "stages"):
            memory = [cupy.cuda.alloc_pinned_memory(STAGE_BYTES) for _ in range(2)]
            self._of_thread.stages = [
                (np.frombuffer(each, np.uint8, STAGE_BYTES), cupy.cuda.Event(disable_timing=True))
                for each in memory
            ]
        stages: list[Any] = self._of_thread.stages
        stages.reverse()
        stage, sent = stages[0]
        return stage, sent

    def get(self, array: Array) -> npt.NDArray[Any]:
        """Download an array, when what was asked for before is done."""
        found: npt.NDArray[Any] = cupy.asnumpy(array)
        return found

    def empty(self, shape: int | tuple[int, ...], dtype: npt.DTypeLike) -> Array:
        """Make room for an array."""
        return cupy.empty(shape, dtype)

    def zeros(self, shape: int | tuple[int, ...], dtype: npt.DTypeLike) -> Array:
        """Make an array of zeros."""
        return cupy.zeros(shape, dtype)

    def cumsum(self, array: Array) -> Array:
        """Sum of each number and those before it."""
        return cupy.cumsum(array)

    def unique(self, array: Array) -> tuple[Array, Array]:
        """Distinct values, ascending, and how often each is there."""
        values, counts = cupy.unique(array, return_counts=True)
        return values, counts

    def launch(
        self,
        file: str,
        function: str,
        n: int,
        *arguments: Any,
        codes: npt.DTypeLike = np.uint8,
        shared: int = 0,
    ) -> None:
        """Let threads share n things; see `_device.Device`."""
        if n == 0:
            return
        device = cupy.cuda.runtime.getDevice()
        limits = _limits(device)
        block = _SHARING_BLOCK if shared else _BLOCK
        blocks = limits.threads // block
        if (
            shared
        ):  # the blocks of a processor share its memory, a kilobyte of which each keeps for the system
            blocks = max(min(blocks, limits.all_shared // (shared + 1024)), 1)
        grid = min(-(-n // block), limits.processors * blocks)
        kernel = _function(device, file, function, np.dtype(codes).itemsize)
        values = [value if isinstance(value, cupy.ndarray) else np.int64(value) for value in arguments]
        kernel((grid,), (block,), (np.int64(n), *values), shared_mem=shared)

    def free_bytes(self) -> int:
        """Bytes that may be had: free ones, and those that CuPy holds for later."""
        return int(cupy.cuda.runtime.memGetInfo()[0]) + int(cupy.get_default_memory_pool().free_bytes())

    def out_of_memory(self, error: Exception) -> bool:
        """Whether an error says that the device has no memory left."""
        if isinstance(error, cupy.cuda.memory.OutOfMemoryError):
            return True
        kinds = cupy.cuda.runtime.CUDARuntimeError, cupy.cuda.driver.CUDADriverError
        return isinstance(error, kinds) and error.status == _NO_MEMORY

    def release(self) -> None:
        """Give back memory that is held but not used."""
        cupy.get_default_memory_pool().free_all_blocks()


class _Limits:
    """What a device has: processors, and for each the threads and shared memory."""

    def __init__(self, device: int) -> None:
        has = cupy.cuda.Device(device).attributes
        self.processors = int(has["MultiProcessorCount"])
        self.threads = int(has["MaxThreadsPerMultiProcessor"])
        self.shared = int(has["MaxSharedMemoryPerBlockOptin"])
        self.all_shared = int(has["MaxSharedMemoryPerMultiprocessor"])


@cache
def _limits(device: int) -> _Limits:
    return _Limits(device)


@cache
def _digest() -> str:
    """Digest of the headers: CuPy keeps compiled modules by their source alone, without what it includes."""
    headers = b"".join(path.read_bytes() for path in sorted(SOURCES.glob("*.cuh")))
    return hashlib.sha256(headers).hexdigest()[:16]


@cache
def _module(file: str, itemsize: int) -> Any:
    options = (*OPTIONS, f"-I{SOURCES}", f"-DCODE_BYTES={itemsize}", f"-DHEADERS=0x{_digest()}")
    return cupy.RawModule(code=(SOURCES / f"{file}.cu").read_text(), options=options)


@cache
def _function(device: int, file: str, function: str, itemsize: int) -> Any:
    kernel = _module(file, itemsize).get_function(function)
    kernel.max_dynamic_shared_size_bytes = _limits(device).shared
    return kernel
