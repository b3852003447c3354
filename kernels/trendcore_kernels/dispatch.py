"""From the names of a kernel and a backend to the function; backends are imported on first use."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any, Final

from trendcore_kernels.spec import SPECS

#: names of the backends, the plainest first
BACKENDS: Final = ("reference", "cpu", "gpu")


class BackendUnavailable(RuntimeError):  # noqa: N818 (it is a state of the machine)
    """A backend was asked for that cannot be used here; the message says why, and what to install."""


def resolve(backend: str) -> str:
    """Name the backend that will be used: ``auto`` is decided here, and only here.

    Parameters
    ----------
    backend
        ``auto``, ``reference``, ``cpu`` or ``gpu``. ``auto`` is ``cpu``; there is no silent way from one
        backend to another.

    Returns
    -------
    str
        Name of a backend that can be used, never ``auto``.

    Raises
    ------
    ValueError
        There is no backend of that name.
    BackendUnavailable
        It cannot be used on this machine.

    Examples
    --------
    >>> resolve("reference")
    'reference'
    """
    name = "cpu" if backend == "auto" else backend
    if name not in BACKENDS:
        raise ValueError(f"no backend {backend!r}: choose one of {', '.join(('auto', *BACKENDS))}")
    reason = _why_not(name)
    if reason is not None:
        raise BackendUnavailable(f"backend {name} cannot be used: {reason}")
    return name


def get(kernel: str, backend: str) -> Callable[..., Any]:
    """Return a kernel of a backend, imported on first use.

    Parameters
    ----------
    kernel
        One of the names in `spec.SPECS`; its parameters and result are described there.
    backend
        As of `resolve`.

    Raises
    ------
    ValueError
        There is no kernel, or no backend, of that name.
    BackendUnavailable
        The backend cannot be used on this machine.

    Examples
    --------
    >>> import numpy as np
    >>> sets = get("member_sets", "reference")
    >>> sets(np.array([0, 3]), np.array([1, 0, 1], dtype=np.uint8), 2, 1).codes
    array([0, 1], dtype=uint8)
    """
    if kernel not in SPECS:
        raise ValueError(f"no kernel {kernel!r}: choose one of {', '.join(SPECS)}")
    module = import_module(f"trendcore_kernels.{resolve(backend)}.{kernel}")
    function: Callable[..., Any] = getattr(module, kernel)
    return function


def available() -> dict[str, str | None]:
    """Each backend with None where it can be used, else the reason why not, in one line.

    Examples
    --------
    >>> available()["gpu"]
    'it is not built into this version'
    """
    return {name: _why_not(name) for name in BACKENDS}


def _why_not(name: str) -> str | None:
    if name == "gpu":
        return "it is not built into this version"
    if name == "cpu":
        try:
            import_module("numba")
        except ImportError as error:
            return f"it needs Numba, which cannot be imported ({error}): pip install numba"
    return None
