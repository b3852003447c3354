"""Backends by name: what is there, what is refused, what importing costs, and how compiled code is kept."""

from __future__ import annotations

import builtins
import os
import subprocess
import sys
import time
from pathlib import Path
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


def test_the_gpu_is_refused_not_replaced() -> None:
    assert set(dispatch.available()) == set(dispatch.BACKENDS)
    assert dispatch.available()["reference"] is None
    with pytest.raises(dispatch.BackendUnavailable, match="gpu cannot be used: it is not built"):
        dispatch.get("tally_dense", "gpu")


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
        "print(sorted({'numba', 'polars', 'pyarrow', 'trendcore'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
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
