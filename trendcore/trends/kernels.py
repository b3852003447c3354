"""Kernels of series by the name of a backend."""

from __future__ import annotations

from typing import Any

from trendcore.tallies import resolve_backend
from trendcore_kernels import dispatch


def call(kernel: str, backend: str, *arguments: Any) -> Any:
    """Call a kernel of a backend, ``auto`` too.

    Raises
    ------
    BackendError
        The backend cannot be used on this machine.
    UsageError
        There is no backend of that name.

    Examples
    --------
    >>> import numpy as np
    >>> call("mann_kendall", "auto", np.array([0, 2]), np.array([1.0, 2.0])).s
    array([1])
    """
    return dispatch.get(kernel, resolve_backend(backend))(*arguments)
