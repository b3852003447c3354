"""The CUDA C++ of each gpu kernel under the address and undefined sanitizers, on random works."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from support import sanitized, shim

from trendcore_kernels.spec import SPECS

pytestmark = pytest.mark.skipif(shim.COMPILER is None, reason="skipped: no g++")
BAD = {
    "beyond the end": ("AddressSanitizer: heap-buffer-overflow", "values[n] = 1;"),
    "beyond the shared memory": (
        "AddressSanitizer: heap-buffer-overflow",
        "SHARED(char, own); own[7 + values[0]] = 1; __syncthreads();",
    ),
    "too large a number": ("signed integer overflow", "values[0] += 0x7fffffffffffffff;"),
    "unknown bits": ("shift exponent 64 is too large", "values[0] <<= 63 + n;"),
}


def run(kernel: str, n_examples: int) -> None:
    command = [sys.executable, "-m", "support.sanitized", kernel, str(n_examples)]
    done = subprocess.run(command, env=sanitized.environment(), capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr, done.stdout) == (0, "", "equal\n")


@pytest.mark.parametrize("kernel", SPECS)
def test_clean(kernel: str) -> None:
    run(kernel, 40)


@pytest.mark.slow
@pytest.mark.parametrize("kernel", SPECS)
def test_clean_on_many_works(kernel: str) -> None:
    run(kernel, 1000)


@pytest.mark.parametrize("fault", BAD)
def test_a_fault_is_seen(fault: str, tmp_path: Path) -> None:
    """The sanitizers are on: a kernel with a fault does not get through."""
    report, body = BAD[fault]
    source = tmp_path / "bad.cu"
    source.write_text(f'extern "C" __global__ void bad(long long n, long long *values) {{ (void)n; {body} }}')
    library = shim.build([source], 1, sanitized.FLAGS, tmp_path)
    code = (
        "import ctypes, sys, numpy as np\n"
        "values, n = np.ones(1, np.int64), ctypes.c_longlong(1)\n"
        "where = ctypes.c_void_p(values.ctypes.data)\n"
        "arguments = (ctypes.c_void_p * 2)(ctypes.addressof(n), ctypes.addressof(where))\n"
        "shared = ctypes.c_longlong(int(sys.argv[2]))\n"
        "ctypes.CDLL(sys.argv[1]).launch_bad(2, arguments, 1, 1, shared)\n"
        "print('unseen')"
    )
    shared = "8" if "SHARED" in body else "0"
    command = [sys.executable, "-c", code, str(library), shared]
    done = subprocess.run(command, env=sanitized.environment(), capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert report in done.stderr
    assert done.stdout == ""
