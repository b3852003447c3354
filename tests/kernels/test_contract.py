"""Every kernel on every backend, made from the specs: the bits of `reference`, in any order and in parts."""

from __future__ import annotations

import inspect
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.cases import OF_WORKS, cases
from support.kernels import Work, World, arrays, backends, threads, use, ways, worlds_for

import trendcore_kernels
from trendcore_kernels import dispatch
from trendcore_kernels.spec import SPECS, KernelSpec

QUICK = settings(deadline=None, max_examples=25, suppress_health_check=list(HealthCheck))
FEW = settings(QUICK, max_examples=8)
FOLDER = Path(trendcore_kernels.__file__).parent


@pytest.fixture(params=[name for name in backends() if name != "reference"])
def backend(request: pytest.FixtureRequest) -> Iterator[str]:
    with use(request.param) as name:
        yield name


def check_equal(kernel: str, found: Any, expected: Any) -> None:
    assert type(found) is type(expected)
    for name, array in arrays(expected).items():
        other = arrays(found)[name]
        assert (name, other.dtype, other.shape) == (name, array.dtype, array.shape)
        np.testing.assert_array_equal(other, array, err_msg=f"{kernel} {name}")


@pytest.mark.parametrize("kernel", SPECS)
@given(data=st.data())
@QUICK
def test_equals_the_reference(kernel: str, backend: str, data: st.DataObject) -> None:
    arguments = data.draw(cases(kernel)).arguments(kernel)
    expected = dispatch.get(kernel, "reference")(*arguments)
    for way in ways(backend):
        with way:
            check_equal(kernel, dispatch.get(kernel, backend)(*arguments), expected)


@pytest.mark.parametrize("kernel", SPECS)
@given(data=st.data())
@FEW
def test_reference_gives_what_the_spec_says(kernel: str, data: st.DataObject) -> None:
    spec = SPECS[kernel]
    arguments = dict(zip(spec.arguments, data.draw(cases(kernel, 4)).arguments(kernel), strict=True))
    result = dispatch.get(kernel, "reference")(*arguments.values())
    assert isinstance(result, spec.result)
    assert list(arrays(result)) == list(spec.fields)
    sizes = given_sizes(spec, arguments)
    codes = [str(arguments[name].dtype) for name in ("codes", "set_codes") if name in arguments]
    for name, field in spec.fields.items():
        array = arrays(result)[name]
        dtypes = codes if field.dtypes == ("codes",) else field.dtypes
        assert str(array.dtype) in dtypes
        assert array.ndim == len(field.shape)
        for letter, size in zip(field.shape, array.shape, strict=True):
            assert sizes.setdefault(letter, size) == size, f"{kernel} {name}: {letter}"


def given_sizes(spec: KernelSpec, arguments: dict[str, Any]) -> dict[str, int]:
    """Sizes by shape letter, as far as the arguments say them; checks that they follow the spec."""
    sizes = {}
    if "n_members" in arguments:
        n = arguments["n_members"]
        sizes |= {"M": n, "P": n * (n - 1) // 2}
    if "n_cells" in arguments:
        sizes["C"] = arguments["n_cells"]
    for name, kind in spec.arguments.items():
        value = arguments[name]
        if isinstance(kind, type):
            assert isinstance(value, kind)
            continue
        assert str(value.dtype) in kind.dtypes
        if not (kind.optional and len(value) == 0):
            for letter, size in zip(kind.shape, value.shape, strict=True):
                assert sizes.setdefault(letter, size) == size, f"{name}: {letter}"
    return sizes


def counted(kernel: str, world: World, backend: str) -> Counter[tuple[Any, ...]]:
    """Run a kernel that adds up over works; what it gives, by name of the array and key of the row."""
    result = arrays(dispatch.get(kernel, backend)(*world.arguments(kernel)))
    keys = {"K": ("member_cell", "member"), "Q": ("pair_cell", "a", "b")}
    counts: Counter[tuple[Any, ...]] = Counter()
    for name, field in SPECS[kernel].fields.items():
        row_key = keys.get(field.shape[0], ())
        if name in row_key:
            continue
        for place in zip(*np.nonzero(result[name]), strict=True):
            key = tuple(result[of][place] for of in row_key) if row_key and row_key[0] in result else place
            counts[(name, *map(int, key))] += int(result[name][place])
    return counts


ADDITIVE = [name for name in OF_WORKS if not any("S" in field.shape for field in SPECS[name].fields.values())]


@pytest.mark.parametrize("kernel", ADDITIVE)
@given(data=st.data())
@FEW
def test_any_order_and_any_split_add_up(kernel: str, backend: str, data: st.DataObject) -> None:
    world = data.draw(worlds_for(kernel))
    order = data.draw(st.permutations(range(len(world.works))))
    cut = data.draw(st.integers(0, len(order)))
    whole = counted(kernel, world, backend)
    parts = [counted(kernel, world.take(part), backend) for part in (order[:cut], order[cut:])]
    assert counted(kernel, world.take(order), backend) == whole
    assert parts[0] + parts[1] == whole


def by_work(kernel: str, world: World, backend: str) -> Iterator[tuple[Any, ...]]:
    """Run a kernel that gives something for each entry of the member sets; that of each work."""
    result = dispatch.get(kernel, backend)(*world.arguments(kernel))
    sets = dispatch.get("member_sets", backend)(*world.arguments("member_sets"))
    values = result.codes if kernel == "member_sets" else result
    for start, stop in zip(sets.offsets[:-1], sets.offsets[1:], strict=True):
        yield tuple(values[start:stop].tolist())


@pytest.mark.parametrize("kernel", [name for name in OF_WORKS if name not in ADDITIVE])
@given(data=st.data())
@FEW
def test_a_work_does_not_depend_on_the_others(kernel: str, backend: str, data: st.DataObject) -> None:
    world = data.draw(worlds_for(kernel))
    order = data.draw(st.permutations(range(len(world.works))))
    whole = list(by_work(kernel, world, backend))
    assert list(by_work(kernel, world.take(order), backend)) == [whole[i] for i in order]


def test_callers_in_threads(backend: str) -> None:
    """Numba's own threads abort the process when two callers meet."""
    works = [Work(i % 3, [i % 7, i % 5], [], [], [], 0) for i in range(500)]
    arguments = World(works, np.dtype(np.uint8), 3, 7).arguments("tally_dense")
    kernel = dispatch.get("tally_dense", backend)
    expected = dispatch.get("tally_dense", "reference")(*arguments)
    with threads(2), ThreadPoolExecutor(4) as pool:
        for found in pool.map(lambda _: kernel(*arguments), range(40)):
            check_equal("tally_dense", found, expected)


@pytest.mark.parametrize("name", dispatch.BACKENDS)
def test_a_file_and_a_function_for_each_spec(name: str) -> None:
    files = {path.stem for path in (FOLDER / name).glob("*.py") if not path.stem.startswith("_")}
    assert files == set(SPECS)
    for kernel, spec in SPECS.items():
        function = getattr(import_module(f"trendcore_kernels.{name}.{kernel}"), kernel)
        assert list(inspect.signature(function).parameters) == list(spec.arguments), kernel
        assert function.__doc__
