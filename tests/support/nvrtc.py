"""NVIDIA's run-time compiler, from the wheel that holds nothing else; it needs no GPU."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from functools import cache
from importlib.metadata import PackageNotFoundError, files

import pytest

WHEEL = "nvidia-cuda-nvrtc"


@cache
def _library() -> ctypes.CDLL | None:
    try:
        found = [path for path in files(WHEEL) or [] if path.name.startswith(("libnvrtc.so", "nvrtc64_"))]
    except PackageNotFoundError:
        return None
    return ctypes.CDLL(str(found[0].locate())) if found else None


def library() -> ctypes.CDLL:
    """Return the compiler; skips the test where it is not there."""
    found = _library()
    if found is None:
        pytest.skip(f"skipped: {WHEEL} is not installed")
    return found


def compiled(source: str, name: str, options: Sequence[str]) -> tuple[bytes, str]:
    """Compile CUDA C++ to machine code; return it (empty where it failed) and what the compiler said."""
    nvrtc = library()
    program = ctypes.c_void_p()
    _check(nvrtc.nvrtcCreateProgram(ctypes.byref(program), source.encode(), name.encode(), 0, None, None))
    words = (ctypes.c_char_p * len(options))(*(option.encode() for option in options))
    status = nvrtc.nvrtcCompileProgram(program, len(options), words)
    log = _text(program, "ProgramLog").rstrip(b"\0").decode()
    code = _text(program, "CUBIN") if status == 0 else b""
    _check(nvrtc.nvrtcDestroyProgram(ctypes.byref(program)))
    return code, log


def _text(program: ctypes.c_void_p, what: str) -> bytes:
    size = ctypes.c_size_t()
    _check(getattr(library(), f"nvrtcGet{what}Size")(program, ctypes.byref(size)))
    text = ctypes.create_string_buffer(size.value)
    _check(getattr(library(), f"nvrtcGet{what}")(program, text))
    return text.raw


def _check(status: int) -> None:
    assert status == 0, f"NVRTC: status {status}"
