"""Arrays to where a backend works, and back: what one kernel gives, the next one takes where it lies."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt


def place(backend: str, *arrays: npt.NDArray[Any]) -> tuple[Any, ...]:
    """Upload arrays, once, for several kernels of a backend; they stay where they are for all but the gpu.

    Where the device has no room for them they stay too: then each kernel uploads what fits, in chunks.

    Parameters
    ----------
    backend
        Resolved name of a backend.
    *arrays
        Arrays of the host.

    Examples
    --------
    >>> codes = np.array([1, 2], dtype=np.uint8)
    >>> place("cpu", codes)[0] is codes
    True
    """
    if backend != "gpu":
        return arrays
    from trendcore_kernels.gpu._device import current

    device = current()
    try:
        return tuple(device.put(np.ascontiguousarray(array)) for array in arrays)
    except Exception as error:
        if not device.out_of_memory(error):
            raise
    device.release()
    return arrays


def fetch(array: Any) -> npt.NDArray[Any]:
    """Return an array of the host; one of a device is downloaded.

    Examples
    --------
    >>> fetch(np.array([1, 2]))
    array([1, 2])
    """
    if type(array) is np.ndarray:
        return array
    from trendcore_kernels.gpu._device import current

    return current().get(array)
