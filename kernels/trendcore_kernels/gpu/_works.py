"""A call of a kernel: its arrays on the device, whole or in chunks of works, and its result where they lay.

A chunk is all or nothing: it allocates all that it writes to. What a try has counted that ran out of memory
is thrown away with its arrays, and its works are tried again in smaller chunks. The results of several chunks
are put together on the host.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from trendcore_kernels.gpu import _device
from trendcore_kernels.gpu._device import Array, Device
from trendcore_kernels.gpu._parts import combined
from trendcore_kernels.spec import SPECS
from trendcore_kernels.spec import Array as ArraySpec

#: part of the free memory that the arrays of a chunk are meant to take
_SHARE: Final = 0.8
#: bytes that a sparse tally takes for each byte of the works, unless their pairs are many
SPARSE_SCRATCH: Final = 24
#: counters of 32 bits hold the works of one chunk
MOST_WORKS: Final = (1 << 32) - 1
#: offsets of the entries that have a shape letter
_OFFSETS: Final = {"E": "offsets", "F": "partner_offsets", "S": "set_offsets", "U": "unit_offsets"}


@dataclass(frozen=True)
class Chunk:
    """Some works on the device.

    Attributes
    ----------
    device
        Where the arrays lie.
    n_works
        How many works there are.
    arrays
        The kernel's arrays by name. Those of works and their offsets are of these works alone.
    first
        By name of the entries: the number of the first one that the array holds.
    whole
        Whether these are all works of the call.
    """

    device: Device
    n_works: int
    arrays: Mapping[str, Array]
    first: Mapping[str, int]
    whole: bool

    def __getitem__(self, name: str) -> Array:
        return self.arrays[name]

    def n_entries(self, name: str, offsets: str) -> int:
        """At least as many entries as the works of the chunk have."""
        if self.whole:
            return len(self.arrays[name])
        ends = self.arrays[offsets]
        return int(self.device.get(ends[-1:])[0]) - int(self.device.get(ends[:1])[0])


class Call:
    """The arguments of a call.

    Parameters
    ----------
    kernel
        Name of its spec.
    arguments
        By name, as in the spec.
    """

    def __init__(self, kernel: str, arguments: Mapping[str, Any]) -> None:
        self.spec = SPECS[kernel]
        self.device = _device.current()
        self.kinds = {name: kind for name, kind in self.spec.arguments.items() if isinstance(kind, ArraySpec)}
        self.arrays = {name: self.device.adopt(arguments[name]) for name in self.kinds}
        self._check_types()
        lead, kind = next(iter(self.kinds.items()))
        self.n_works = len(self.arrays[lead]) - (kind.shape[0] == "W+1")
        self.on_device = any(self.device.owns(array) for array in self.arrays.values())
        self._shared: dict[str, Array] = {}

    def _check_types(self) -> None:
        """Refuse types that the spec does not name: memory would be read as other numbers."""
        of_codes = {self.arrays[name].dtype for name, kind in self.kinds.items() if "uint8" in kind.dtypes}
        if len(of_codes) > 1:
            raise TypeError(
                f"{self.spec.name}: codes of one call have one type, not {sorted(map(str, of_codes))}"
            )
        for name, kind in self.kinds.items():
            dtype = str(self.arrays[name].dtype)
            if dtype not in kind.dtypes:
                raise TypeError(f"{self.spec.name}: {name} is {dtype}, not {' or '.join(kind.dtypes)}")

    def run(
        self,
        task: Callable[[Chunk], Mapping[str, Array]],
        *,
        scratch: float,
        result_bytes: int = 0,
        n_members: int = 0,
    ) -> Any:
        """Run a task over all works, in as few chunks as the memory allows.

        Parameters
        ----------
        task
            Gives the arrays of the result, on the device, by the names of the spec's fields.
        scratch
            Bytes that it takes for each byte of the works' arrays.
        result_bytes
            Bytes of the result for each work, where they are not in ``scratch``.
        n_members
            M, where rows of several chunks are to be put together.

        Returns
        -------
        Any
            The kernel's result.

        Raises
        ------
        MemoryError
            A single work does not fit.
        """
        parts: list[Mapping[str, Array]] = []
        start, size = 0, self._size(scratch, result_bytes)
        while start < self.n_works or not parts:
            stop = min(start + size, self.n_works)
            part, why = self._tried(task, start, stop)
            if part is None:
                self._shared.clear()
                self.device.release()
                if stop - start <= 1:
                    raise MemoryError(self._too_large(why))
                size = -(-(stop - start) // 2)
                continue
            parts.append(part if self._is_whole(start, stop) else self._downloaded(part))
            start = stop
        return self._result(parts, n_members)

    def _tried(
        self, task: Callable[[Chunk], Mapping[str, Array]], start: int, stop: int
    ) -> tuple[Mapping[str, Array] | None, str]:
        """Return what the task gives, or else why there is no memory for it."""
        try:
            return task(self._chunk(start, stop)), ""
        except Exception as error:
            if not self.device.out_of_memory(error):
                raise
            return None, str(error).splitlines()[0]

    def _is_whole(self, start: int, stop: int) -> bool:
        return start == 0 and stop == self.n_works

    def _size(self, scratch: float, result_bytes: int) -> int:
        """Works of a chunk."""
        n_bytes = result_bytes * self.n_works + scratch * sum(
            array.nbytes for name, array in self.arrays.items() if not self._is_shared(name)
        )
        if not self.on_device:
            n_bytes += sum(array.nbytes for array in self.arrays.values())
        if n_bytes == 0:  # asking for the free memory takes a while
            return min(max(self.n_works, 1), MOST_WORKS)
        n_chunks = int(n_bytes / max(_SHARE * self.device.free_bytes(), 1)) + 1
        return min(max(-(-self.n_works // n_chunks), 1), MOST_WORKS)

    def _letter(self, name: str) -> str:
        return self.kinds[name].shape[0]

    def _is_shared(self, name: str) -> bool:
        """Whether all chunks take the whole array: it is not of works."""
        return self._letter(name) not in ("W", "W+1", *_OFFSETS)

    def _chunk(self, start: int, stop: int) -> Chunk:
        arrays, first = {}, {}
        for name, array in self.arrays.items():
            letter = self._letter(name)
            if self._is_shared(name):
                arrays[name] = self._shared_by_all(name)
                continue
            if self.kinds[name].optional and len(array) == 0:
                low, high, first[name] = 0, 0, 0
            elif letter == "W":
                low, high = start, stop
            elif letter == "W+1":
                low, high = start, stop + 1
            else:
                low, high = self._entries(letter, array, start, stop)
                first[name] = low
            arrays[name] = self._put(array[low:high])
        return Chunk(self.device, stop - start, arrays, first, self._is_whole(start, stop))

    def _entries(self, letter: str, array: Array, start: int, stop: int) -> tuple[int, int]:
        """Bounds of the entries that go to the device; what lies there is not cut."""
        if self.on_device:
            return 0, len(array)
        offsets = self.arrays[_OFFSETS[letter]]
        return int(offsets[start]), int(offsets[stop])

    def _shared_by_all(self, name: str) -> Array:
        """Return an array that all chunks share, uploaded once."""
        if name not in self._shared:
            self._shared[name] = self._put(self.arrays[name])
        return self._shared[name]

    def _put(self, array: Array) -> Array:
        return array if self.device.owns(array) else self.device.put(np.ascontiguousarray(array))

    def _downloaded(self, part: Mapping[str, Array]) -> dict[str, Array]:
        return {name: self.device.get(array) for name, array in part.items()}

    def _result(self, parts: list[Mapping[str, Array]], n_members: int) -> Any:
        if len(parts) > 1:
            arrays = combined(self.spec, parts, n_members)
            if self.on_device:
                arrays = {name: self._put(array) for name, array in arrays.items()}
        else:
            arrays = dict(parts[0]) if self.on_device else self._downloaded(parts[0])
        return arrays[""] if "" in arrays else self.spec.result(**arrays)

    def _too_large(self, why: str) -> str:
        return (
            f"{self.spec.name}: the result, or a work with all that it needs, does not fit the GPU, "
            f"which has {self.device.free_bytes():,} bytes free: {why}"
        )
