"""CuPy as a device. Nothing else here imports it, and this only in functions: it may be missing."""

from __future__ import annotations

import hashlib
import threading
from functools import cache
from typing import Any, Final

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
        import cupy

        self._cupy: Any = cupy
        self._of_thread = threading.local()

    @property
    def shared_bytes(self) -> int:
        """Bytes of shared memory that a block may have."""
        return _limits(self._cupy.cuda.runtime.getDevice()).shared

    def adopt(self, array: Array) -> Array:
        """Take an array as it is given: one of a device stays there, anything else becomes NumPy's."""
        if isinstance(array, np.ndarray):
            return array
        if isinstance(array, self._cupy.ndarray) or hasattr(array, "__cuda_array_interface__"):
            return self._cupy.ascontiguousarray(self._cupy.asarray(array))
        if hasattr(array, "__dlpack_device__") and array.__dlpack_device__()[0] in _CUDA_KINDS:
            return self._cupy.ascontiguousarray(self._cupy.from_dlpack(array))
        return np.asarray(array)

    def owns(self, array: Array) -> bool:
        """Whether an adopted array lies on the device."""
        return isinstance(array, self._cupy.ndarray)

    def put(self, array: npt.NDArray[Any]) -> Array:
        """Upload an array: while one pinned buffer is on its way, the other one is filled."""
        out = self._cupy.empty(array.shape, array.dtype)
        if array.size == 0:
            return out
        source, target = array.reshape(-1).view(np.uint8), out.reshape(-1).view(np.uint8)
        stream, stages = self._cupy.cuda.get_current_stream(), self._stages()
        for number, start in enumerate(range(0, len(source), STAGE_BYTES)):
            stop = min(start + STAGE_BYTES, len(source))
            stage, sent = stages[number % 2]
            sent.synchronize()
            np.copyto(stage[: stop - start], source[start:stop])
            target[start:stop].set(stage[: stop - start], stream=stream)
            sent.record(stream)
        return out

    def _stages(self) -> list[tuple[npt.NDArray[np.uint8], Any]]:
        """Two pinned buffers of this thread and device, each with the event after which it may be filled."""
        cuda = self._cupy.cuda
        of_device = self._of_thread.__dict__.setdefault("stages", {})
        device = cuda.runtime.getDevice()
        if device not in of_device:
            memory = [cuda.alloc_pinned_memory(STAGE_BYTES) for _ in range(2)]
            of_device[device] = [
                (np.frombuffer(each, np.uint8, STAGE_BYTES), cuda.Event(disable_timing=True))
                for each in memory
            ]
        stages: list[tuple[npt.NDArray[np.uint8], Any]] = of_device[device]
        return stages

    def get(self, array: Array) -> npt.NDArray[Any]:
        """Download an array, when what was asked for before is done."""
        found: npt.NDArray[Any] = self._cupy.asnumpy(array)
        return found

    def empty(self, shape: int | tuple[int, ...], dtype: npt.DTypeLike) -> Array:
        """Make room for an array."""
        return self._cupy.empty(shape, dtype)

    def zeros(self, shape: int | tuple[int, ...], dtype: npt.DTypeLike) -> Array:
        """Make an array of zeros."""
        return self._cupy.zeros(shape, dtype)

    def cumsum(self, array: Array) -> Array:
        """Sum of each number and those before it."""
        return self._cupy.cumsum(array)

    def sort(self, array: Array) -> Array:
        """Sort the numbers of each row."""
        return self._cupy.sort(array, axis=-1) if array.size else array

    def unique(self, array: Array) -> tuple[Array, Array]:
        """Distinct values, ascending, and how often each is there."""
        values, counts = self._cupy.unique(array, return_counts=True)
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
        device, itemsize = self._cupy.cuda.runtime.getDevice(), np.dtype(codes).itemsize
        block = _SHARING_BLOCK if shared else _BLOCK
        most = _limits(device).processors * _resident(device, file, function, itemsize, block, shared)
        values = [value if isinstance(value, self._cupy.ndarray) else np.int64(value) for value in arguments]
        kernel = _function(device, file, function, itemsize)
        kernel((min(-(-n // block), most),), (block,), (np.int64(n), *values), shared_mem=shared)

    def free_bytes(self) -> int:
        """Bytes that may be had: free ones, and those that CuPy holds for later."""
        return int(self._cupy.cuda.runtime.memGetInfo()[0]) + int(
            self._cupy.get_default_memory_pool().free_bytes()
        )

    def out_of_memory(self, error: Exception) -> bool:
        """Whether an error says that the device has no memory left."""
        if isinstance(error, self._cupy.cuda.memory.OutOfMemoryError):
            return True
        kinds = self._cupy.cuda.runtime.CUDARuntimeError, self._cupy.cuda.driver.CUDADriverError
        return isinstance(error, kinds) and error.status == _NO_MEMORY

    def release(self) -> None:
        """Give back memory that is held but not used."""
        self._cupy.get_default_memory_pool().free_all_blocks()


class _Limits:
    """What a device has: processors, and bytes of shared memory for a block."""

    def __init__(self, device: int) -> None:
        import cupy

        has = cupy.cuda.Device(device).attributes
        self.processors = int(has["MultiProcessorCount"])
        self.shared = int(has["MaxSharedMemoryPerBlockOptin"])


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
    import cupy

    options = (*OPTIONS, f"-I{SOURCES}", f"-DCODE_BYTES={itemsize}", f"-DHEADERS=0x{_digest()}")
    return cupy.RawModule(code=(SOURCES / f"{file}.cu").read_text(), options=options)


@cache
def _function(device: int, file: str, function: str, itemsize: int) -> Any:
    kernel = _module(file, itemsize).get_function(function)
    kernel.max_dynamic_shared_size_bytes = _limits(device).shared
    return kernel


@cache
def _resident(device: int, file: str, function: str, itemsize: int, block: int, shared: int) -> int:
    """Blocks that a processor holds at a time: more would wait, and have more counters to add up."""
    import cupy

    pointer = _function(device, file, function, itemsize).kernel.ptr
    return max(int(cupy.cuda.driver.occupancyMaxActiveBlocksPerMultiprocessor(pointer, block, shared)), 1)
