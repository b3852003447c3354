"""The CUDA C++ of the gpu kernels compiles for the GPUs that there are, with no warning; no GPU is needed."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.nvrtc import compiled
from support.shim import KERNEL

from trendcore_kernels.gpu._device import OPTIONS, SOURCES

FILES = sorted(SOURCES.glob("*.cu"))


def compile_file(path: Path, architecture: str, itemsize: int) -> tuple[bytes, str]:
    options = (*OPTIONS, f"-arch={architecture}", f"-I{SOURCES}", f"-DCODE_BYTES={itemsize}")
    return compiled(path.read_text(), path.name, options)


@pytest.mark.parametrize("itemsize", [1, 2, 4])
@pytest.mark.parametrize("architecture", ["sm_80", "sm_90", "sm_100"])
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_compiles(path: Path, architecture: str, itemsize: int) -> None:
    code, log = compile_file(path, architecture, itemsize)
    assert log == ""
    assert code.startswith(b"\x7fELF")
    names = KERNEL.findall(path.read_text())
    assert names
    for name in names:
        assert name.startswith(path.stem)  # the files are compiled together on a CPU
        assert name.encode() in code


def test_an_error_is_seen() -> None:
    code, log = compiled("__global__ void f() { int unused; undeclared(); }", "f.cu", OPTIONS)
    assert code == b""
    assert "undeclared" in log
