"""Run a gpu kernel on the stand-in under sanitizers: ``python -m support.sanitized KERNEL EXAMPLES``.

The process has to be started with `environment`, since Python itself is not built for them.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import HealthCheck, given, settings
from support.cases import Case, cases
from support.kernels import arrays, chunks
from support.shim import COMPILER, SANITIZERS, ShimDevice, in_place_of_the_gpu

from trendcore_kernels import dispatch

FLAGS = ("-O0", "-g", *SANITIZERS)  # quick to compile, and nothing is optimised away


def environment() -> dict[str, str]:
    """Environment in which a library built with sanitizers can be loaded."""
    assert COMPILER is not None
    found = [
        subprocess.run(
            [COMPILER, f"-print-file-name={name}"], capture_output=True, text=True, check=True
        ).stdout.strip()
        for name in ("libasan.so", "libubsan.so")
    ]
    folders = Path(__file__).parents[1], Path(dispatch.__file__).parents[1]
    return os.environ | {
        "LD_PRELOAD": " ".join(found),
        "ASAN_OPTIONS": "detect_leaks=0",
        "UBSAN_OPTIONS": "print_stacktrace=1",
        "PYTHONPATH": os.pathsep.join(map(str, folders)),
    }


def check(kernel: str, n_examples: int) -> None:
    """Compare with the reference: whole, in chunks of two works, and with little shared memory."""
    how = settings(
        max_examples=n_examples,
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )

    @how
    @given(case=cases(kernel))
    def compare(case: Case) -> None:
        arguments = case.arguments(kernel)
        expected = arrays(dispatch.get(kernel, "reference")(*arguments))
        for shared_bytes, most in ((1 << 16, 1 << 20), (40, 2)):
            device = ShimDevice(shared_bytes=shared_bytes, flags=FLAGS)
            with in_place_of_the_gpu(device), chunks(most):
                _check_equal(arrays(dispatch.get(kernel, "gpu")(*arguments)), expected)

    compare()


def _check_equal(found: dict[str, Any], expected: dict[str, Any]) -> None:
    for name, array in expected.items():
        np.testing.assert_array_equal(found[name], array, err_msg=name)


if __name__ == "__main__":
    check(sys.argv[1], int(sys.argv[2]))
    print("equal")
