"""The random words of every backend: the known answers of Random123, and the same for any counter and key."""

from __future__ import annotations

import ctypes
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support import shim
from support.kernels import backends, use

from trendcore_kernels.reference._philox import philox

#: counter, key and answer: lines "philox4x32 10" of Random123's kat_vectors
KNOWN = [
    ("0" * 32, "0" * 16, "6627e8d5e169c58dbc57ac4c9b00dbd8"),
    ("f" * 32, "f" * 16, "408f276d41c83b0ea20bc7c66d5451fd"),
    ("243f6a8885a308d313198a2e03707344", "a4093822299f31d0", "d16cfe0994fdcceb5001e42024126ea1"),
]
WORD = st.one_of(st.integers(0, 2**32 - 1), st.sampled_from([0, 1, 2**31, 2**32 - 1]))
KERNEL = """
#include "_philox.cuh"

extern "C" __global__ void answers(Int n, const unsigned *given, unsigned *out)
{
    FOR_EACH (i, n) {
        const unsigned *of = given + 6 * i;
        Philox words = philox(of[0], of[1], of[2], of[3], of[4], of[5]);
        out[4 * i] = words.x, out[4 * i + 1] = words.y, out[4 * i + 2] = words.z, out[4 * i + 3] = words.w;
    }
}
"""


def words(text: str) -> list[int]:
    return [int(text[at : at + 8], 16) for at in range(0, len(text), 8)]


def of_reference(given: Any) -> Any:
    return np.array([philox(*row) for row in given.tolist()], dtype=np.uint32)


def of_cpu(given: Any) -> Any:
    from trendcore_kernels.cpu import _philox

    found = [_philox.philox(*row) for row in given]
    assert all(type(word) is int or word.dtype == np.uint32 for row in found for word in row)
    return np.array(found, dtype=np.uint32)


def of_gpu(given: Any) -> Any:
    import cupy

    from trendcore_kernels.gpu._device import OPTIONS, SOURCES

    options = (*OPTIONS, f"-I{SOURCES}", "-DCODE_BYTES=1")
    out = cupy.empty((len(given), 4), np.uint32)
    kernel = cupy.RawModule(code=KERNEL, options=options).get_function("answers")
    kernel((1,), (32,), (np.int64(len(given)), cupy.asarray(given), out))
    return cupy.asnumpy(out)


def of_shim(given: Any, folder: Path) -> Any:
    source = folder / "answers.cu"
    source.write_text(KERNEL)
    out = np.zeros((len(given), 4), np.uint32)
    values = [
        ctypes.c_longlong(len(given)),
        ctypes.c_void_p(given.ctypes.data),
        ctypes.c_void_p(out.ctypes.data),
    ]
    arguments = (ctypes.c_void_p * 3)(*(ctypes.addressof(value) for value in values))
    library = ctypes.CDLL(str(shim.build([source], 1, ("-O1",), folder)))
    library.launch_answers(3, arguments, 2, 3, ctypes.c_longlong(0))
    return out


def answers(backend: str, given: Any, folder: Path) -> Any:
    with use(backend):
        if backend == shim.NAME:
            return of_shim(given, folder)
        return {"reference": of_reference, "cpu": of_cpu, "gpu": of_gpu}[backend](given)


@pytest.mark.parametrize("name", backends())
def test_known_answers(name: str, tmp_path: Path) -> None:
    given = np.array([words(counter) + words(key) for counter, key, _ in KNOWN], dtype=np.uint32)
    assert answers(name, given, tmp_path).tolist() == [words(answer) for *_, answer in KNOWN]


@pytest.mark.parametrize("name", [each for each in backends() if each != "reference"])
def test_equal_the_reference(name: str, tmp_path: Path) -> None:
    given = np.random.default_rng(3).integers(0, 2**32, size=(200, 6), dtype=np.uint32)
    np.testing.assert_array_equal(answers(name, given, tmp_path), of_reference(given))


@given(st.lists(WORD, min_size=6, max_size=6))
@settings(max_examples=200, deadline=None)
def test_words_have_32_bits(of: list[int]) -> None:
    assert all(0 <= word < 2**32 for word in philox(*of))
