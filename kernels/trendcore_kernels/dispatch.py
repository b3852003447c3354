"""From the names of a kernel and a backend to the function; backends are imported on first use."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Final

from trendcore_kernels.spec import SPECS

#: names of the backends, the plainest first
BACKENDS: Final = ("reference", "cpu", "gpu")


#: where CuPy comes from
_EXTRA: Final = 'pip install "trendcore[gpu]"'
#: `auto` takes the gpu for so many works or more; None, since where that pays has not been measured, never.
#: ``benchmarks/gpu`` prints what to set here.
AUTO_WORKS: Final[int | None] = None


class BackendUnavailable(RuntimeError):  # noqa: N818 (it is a state of the machine)
    """A backend was asked for that cannot be used here; the message says why, and what to install."""


def resolve(backend: str, works: int | None = None) -> str:
    """Name the backend that will be used: ``auto`` is decided here, and only here.

    Parameters
    ----------
    backend
        ``auto``, ``reference``, ``cpu`` or ``gpu``. ``auto`` is ``gpu`` where that can be used and there are
        `AUTO_WORKS` works or more, and else ``cpu``; there is no silent way from one backend to another.
    works
        How many works will be counted, where that is known.

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
    >>> resolve("reference"), resolve("auto", 1000)
    ('reference', 'cpu')
    """
    name = _auto(works) if backend == "auto" else backend
    if name not in BACKENDS:
        raise ValueError(f"no backend {backend!r}: choose one of {', '.join(('auto', *BACKENDS))}")
    reason = _why_not(name)
    if reason is not None:
        raise BackendUnavailable(f"backend {name} cannot be used: {reason}")
    return name


def _auto(works: int | None) -> str:
    many = AUTO_WORKS is not None and works is not None and works >= AUTO_WORKS
    return "gpu" if many and _why_not("gpu") is None else "cpu"


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
    >>> available()["reference"] is None
    True
    """
    return {name: _why_not(name) for name in BACKENDS}


def versions(backend: str) -> dict[str, str]:
    """Return the versions of what a backend runs on, as far as it is there.

    Parameters
    ----------
    backend
        ``reference``, ``cpu`` or ``gpu``.

    Examples
    --------
    >>> list(versions("cpu")), versions("reference")
    (['numba'], {})
    """
    match backend:
        case "cpu":
            return _found(numba=lambda: import_module("numba").__version__)
        case "gpu":
            return _gpu_versions()
        case _:
            return {}


def _gpu_versions() -> dict[str, str]:
    try:
        cupy = import_module("cupy")
    except Exception:  # whatever a broken installation raises; `available` says it
        return {}
    runtime = cupy.cuda.runtime

    def device() -> str:
        has = runtime.getDeviceProperties(runtime.getDevice())
        return f"{has['name'].decode()}, {has['totalGlobalMem'] / (1 << 30):.1f} GiB"

    return _found(
        cupy=lambda: cupy.__version__,
        CUDA=lambda: _cuda_version(runtime.runtimeGetVersion()),
        driver=lambda: _cuda_version(runtime.driverGetVersion()),
        device=device,
    )


def _cuda_version(number: int) -> str:
    """Write a version as CUDA does; there is no driver of version 0."""
    return f"{number // 1000}.{number % 1000 // 10}" if number else "none"


def _found(**what: Callable[[], str]) -> dict[str, str]:
    found = {}
    for name, ask in what.items():
        try:
            found[name] = ask()
        except Exception:  # noqa: S112 (what is not there is left out, whatever its library raises)
            continue
    return found


def _why_not(name: str) -> str | None:
    if name == "gpu":
        return _why_no_gpu()
    if name == "cpu":
        try:
            import_module("numba")
        except ImportError as error:
            return f"it needs Numba, which cannot be imported ({error}): pip install numba"
    return None


def _why_no_gpu() -> str | None:
    if find_spec("cupy") is None:
        return f"it needs CuPy, which is not installed: {_EXTRA}"
    try:
        cupy = import_module("cupy")
        cupy.cuda.nvrtc.getVersion()
    except Exception as error:  # CuPy and CUDA's libraries raise errors of many kinds where parts are missing
        return f"it needs CuPy with CUDA's libraries, which cannot be loaded ({_line(error)}): {_EXTRA}"
    try:
        n_devices = cupy.cuda.runtime.getDeviceCount()
    except cupy.cuda.runtime.CUDARuntimeError as error:
        return f"no CUDA device is visible ({_line(error)}); {_EXTRA} brings all but the GPU and its driver"
    return None if n_devices else f"no CUDA device is visible; {_EXTRA} brings all but the GPU and its driver"


def _line(error: Exception) -> str:
    """Return the first line of what an error says."""
    return next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)
