"""Backends by name: what is there, what is refused, what importing costs, and how compiled code is kept."""

from __future__ import annotations

import builtins
import os
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from trendcore_kernels import dispatch
from trendcore_kernels.spec import SPECS


def test_auto_is_the_cpu() -> None:
    assert dispatch.resolve("auto") == "cpu"
    assert dispatch.get("credits", "auto") is dispatch.get("credits", "cpu")


@pytest.mark.parametrize("kernel", SPECS)
def test_no_kernel_is_missing(kernel: str) -> None:
    functions = {dispatch.get(kernel, backend) for backend in ("reference", "cpu")}
    assert len(functions) == 2
    assert {function.__name__ for function in functions} == {kernel}


def test_unknown_names_are_refused_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match="choose one of auto, reference, cpu, gpu"):
        dispatch.resolve("tpu")
    with pytest.raises(ValueError, match="choose one of member_sets, tally_dense"):
        dispatch.get("tally", "cpu")
    with pytest.raises(ValueError, match="no backend"):
        dispatch.get("tally_dense", "")


def no_gpu(monkeypatch: pytest.MonkeyPatch, cupy: Any) -> str:
    """Why backend gpu cannot be used where CuPy is so."""
    real = dispatch.import_module

    def import_module(name: str) -> Any:
        if name != "cupy":
            return real(name)
        if isinstance(cupy, Exception):
            raise cupy
        return cupy

    monkeypatch.setattr(dispatch, "find_spec", lambda _: None if cupy is None else object())
    monkeypatch.setattr(dispatch, "import_module", import_module)
    reason = dispatch.available()["gpu"]
    assert reason is not None
    assert len(reason.splitlines()) == 1
    assert 'pip install "trendcore[gpu]"' in reason
    with pytest.raises(dispatch.BackendUnavailable) as caught:
        dispatch.get("tally_dense", "gpu")
    assert str(caught.value) == f"backend gpu cannot be used: {reason}"
    assert dispatch.resolve("auto", 10**9) == "cpu"
    return reason


def fake_cupy(count: Any, nvrtc: Any = (13, 0)) -> Any:
    """What dispatch asks of CuPy; an exception is raised instead of given."""

    class CUDARuntimeError(RuntimeError):
        pass

    def give(value: Any) -> Any:
        if isinstance(value, str):
            raise CUDARuntimeError(value)
        if isinstance(value, Exception):
            raise value
        return value

    runtime = SimpleNamespace(
        CUDARuntimeError=CUDARuntimeError,
        getDeviceCount=lambda: give(count),
        getDevice=lambda: 0,
        getDeviceProperties=lambda _: give({"name": b"NVIDIA H100", "totalGlobalMem": 80 << 30}),
        runtimeGetVersion=lambda: 13020,
        driverGetVersion=lambda: 13000,
    )
    cuda = SimpleNamespace(runtime=runtime, nvrtc=SimpleNamespace(getVersion=lambda: give(nvrtc)))
    return SimpleNamespace(cuda=cuda, __version__="14.2.0")


def test_the_gpu_is_refused_not_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    assert set(dispatch.available()) == set(dispatch.BACKENDS)
    assert dispatch.available()["reference"] is None
    assert "CuPy, which is not installed" in no_gpu(monkeypatch, None)


def test_a_cupy_that_is_broken(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "(NumPy is too new)" in no_gpu(monkeypatch, ImportError("\nNumPy is too new\nsee ..."))
    assert "(no libnvrtc)" in no_gpu(monkeypatch, fake_cupy(1, OSError("no libnvrtc")))


def test_no_device(monkeypatch: pytest.MonkeyPatch) -> None:
    old = "cudaErrorInsufficientDriver: CUDA driver version is insufficient for CUDA runtime version"
    assert f"no CUDA device is visible ({old})" in no_gpu(monkeypatch, fake_cupy(old))
    assert "no CUDA device is visible;" in no_gpu(monkeypatch, fake_cupy(0))


def test_a_device_is_taken_where_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dispatch, "find_spec", lambda _: object())
    monkeypatch.setattr(dispatch, "import_module", lambda _: fake_cupy(1))
    assert dispatch.available()["gpu"] is None
    assert dispatch.resolve("gpu") == "gpu"
    assert dispatch.resolve("auto") == "cpu"
    assert dispatch.versions("gpu") == {
        "cupy": "14.2.0",
        "CUDA": "13.2",
        "driver": "13.0",
        "device": "NVIDIA H100, 80.0 GiB",
    }
    monkeypatch.setattr(dispatch, "AUTO_WORKS", 1000)
    assert [dispatch.resolve("auto", works) for works in (None, 999, 1000)] == ["cpu", "cpu", "gpu"]


def test_versions_without_a_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dispatch, "import_module", lambda _: 1 / 0)
    assert dispatch.versions("gpu") == {}


def test_without_numba(monkeypatch: pytest.MonkeyPatch) -> None:
    original = builtins.__import__

    def no_numba(name: str, *args: Any, **kwargs: Any) -> Any:
        if name.split(".")[0] == "numba":
            raise ImportError("Numba needs an older NumPy")
        return original(name, *args, **kwargs)

    monkeypatch.setattr(dispatch, "import_module", no_numba)
    assert "pip install numba" in str(dispatch.available()["cpu"])
    for backend in ("auto", "cpu"):
        with pytest.raises(
            dispatch.BackendUnavailable, match=r"Numba needs an older NumPy.*pip install numba"
        ):
            dispatch.resolve(backend)
    assert dispatch.resolve("reference") == "reference"


def test_importing_costs_numpy_only() -> None:
    code = (
        "import sys, trendcore_kernels.spec, trendcore_kernels.dispatch as d; d.get('credits', 'reference');"
        "print(sorted({'cupy', 'numba', 'polars', 'pyarrow', 'trendcore'} & set(sys.modules)))"
    )
    where = os.environ | {
        "PYTHONPATH": str(Path(dispatch.__file__).parents[1])
    }  # also where it is not installed
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=where)
    assert done.stdout.strip() == "[]"


def test_compiled_code_older_than_a_source_file_is_dropped(tmp_path: Path) -> None:
    from trendcore_kernels.cpu._jit import drop_stale_caches

    cache = tmp_path / "__pycache__"
    cache.mkdir()
    now = time.time()
    for name, age in (
        ("helper.py", 50),
        ("kernel.py", 100),
        ("__pycache__/old.nbi", 70),
        ("__pycache__/new.nbi", 20),
    ):
        (tmp_path / name).touch()
        os.utime(tmp_path / name, (now - age, now - age))
    drop_stale_caches(tmp_path)
    assert [path.name for path in cache.iterdir()] == ["new.nbi"]


def test_compiles_where_nothing_can_be_kept() -> None:
    """A function without a file stands for a folder that cannot be written to: Numba caches neither."""
    from trendcore_kernels.cpu._jit import jit

    scope: dict[str, Any] = {}
    exec("def double(x):\n    return 2 * x", scope)
    assert jit(scope["double"])(21) == 42
