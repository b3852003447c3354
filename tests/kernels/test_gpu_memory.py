"""Where the gpu backend's arrays lie, and what it does when memory runs out: on the stand-in and on a GPU."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from support import kernels, shim
from support.cases import OF_WORKS, example
from support.kernels import World, arrays, chunks, use

from trendcore_kernels import dispatch
from trendcore_kernels.gpu import _device, _rows
from trendcore_kernels.spec import SPECS, Credit, Weighting


@pytest.fixture(params=["gpu", shim.NAME])
def device(request: pytest.FixtureRequest) -> Iterator[Any]:
    with use(request.param):
        yield _device.current()


@pytest.fixture(scope="module")
def world() -> World:
    return kernels.example("tally_dense")


def check_equal(found: Any, expected: Any) -> None:
    for name, array in arrays(expected).items():
        np.testing.assert_array_equal(arrays(found)[name], array, err_msg=name)


def on_device(device: Any, values: list[Any]) -> list[Any]:
    return [device.put(value) if isinstance(value, np.ndarray) else value for value in values]


def fields(result: Any) -> dict[str, Any]:
    """Arrays of a result, which may be those of a device."""
    return dict(vars(result)) if hasattr(result, "__dataclass_fields__") else {"": result}


# ------------------------------------------------------------------------------------------ where arrays lie


@pytest.mark.parametrize("n_works", [1 << 20, 7])
@pytest.mark.parametrize("kernel", SPECS)
def test_results_lie_where_the_inputs_do(device: Any, kernel: str, n_works: int) -> None:
    arguments = example(kernel)
    expected = arrays(dispatch.get(kernel, "reference")(*arguments))
    function = dispatch.get(kernel, "gpu")
    with chunks(n_works):
        of_host, of_device = function(*arguments), function(*on_device(device, arguments))
    for name, array in expected.items():
        assert type(fields(of_host)[name]) is np.ndarray
        found = fields(of_device)[name]
        assert device.owns(found)
        assert (found.dtype, found.shape) == (array.dtype, array.shape)
        np.testing.assert_array_equal(fields(of_host)[name], array, err_msg=name)
        np.testing.assert_array_equal(device.get(found), array, err_msg=name)


def test_one_kernel_feeds_the_next_on_the_device(device: Any, world: World) -> None:
    cell, *lists = on_device(device, world.arguments("tally_dense")[:3])
    sizes = world.n_cells, world.n_members
    sets = dispatch.get("member_sets", "gpu")(*lists, world.n_members, 1)
    _, _, *units = on_device(device, world.arguments("credits")[:6])
    own = dispatch.get("credits", "gpu")(sets.offsets, sets.codes, *units, Credit.AUTHOR, False)
    weights = dispatch.get("weigh_dense", "gpu")(cell, sets.offsets, sets.codes, own, *sizes, Weighting.SHARE)
    expected = dispatch.get("weigh_dense", "reference")(*world.arguments("weigh_dense"))
    np.testing.assert_array_equal(device.get(weights), expected)


@pytest.mark.parametrize("n_works", [1 << 20, 7])
@pytest.mark.parametrize("kernel", OF_WORKS)
def test_inputs_are_uploaded_once(kernel: str, n_works: int, world: World) -> None:
    arguments = world.arguments(kernel)
    with shim.in_place_of_the_gpu(shim.ShimDevice()) as stand_in, chunks(n_works):
        dispatch.get(kernel, "gpu")(*arguments)
    taken = [array for array in arguments if isinstance(array, np.ndarray)]
    n_chunks = -(-len(world.works) // n_works)
    # entries before the first work are left out; works of two chunks meet at an offset
    least = sum(array.nbytes for array in taken) - 3 * 8 * len(taken)
    most = sum(array.nbytes + 8 * (n_chunks - 1) for array in taken)
    assert least <= stand_in.uploaded <= most


def test_a_type_that_is_not_of_the_spec_is_refused(device: Any, world: World) -> None:
    cell, *rest = world.arguments("tally_dense")
    with pytest.raises(TypeError, match="tally_dense: cell is int64, not int32"):
        dispatch.get("tally_dense", "gpu")(cell.astype(np.int64), *rest)
    *lists, partners, n_cells, n_members = world.arguments("directed_dense")
    with pytest.raises(TypeError, match="directed_dense: codes of one call have one type"):
        dispatch.get("directed_dense", "gpu")(*lists, partners.astype(np.uint32), n_cells, n_members)


@pytest.mark.parametrize("n_members", [1, 2, 127, 128, 129, 200, 255, 256])
def test_bytes_are_read_wherever_they_lie(device: Any, n_members: int) -> None:
    """Lists of up to eight bytes are read as words of the memory, which begin where they begin."""
    rng = np.random.default_rng(n_members)
    sizes = rng.integers(0, 11, size=120)
    offsets = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    near = np.clip([n_members - 2, n_members + 3], 0, 256)
    codes = np.where(
        rng.random(offsets[-1]) < 0.5, rng.integers(0, 256, offsets[-1]), rng.integers(*near, offsets[-1])
    )
    cell = rng.integers(0, 2, size=len(sizes)).astype(np.int32)
    expected = dispatch.get("tally_dense", "cpu")(cell, offsets, codes.astype(np.uint8), 2, n_members)
    for shift in range(9):
        shifted = device.put(np.concatenate([np.zeros(shift), codes]).astype(np.uint8))[shift:]
        lists = device.put(cell), device.put(offsets), shifted
        found = dispatch.get("tally_dense", "gpu")(*lists, 2, n_members)
        for name, array in arrays(expected).items():
            np.testing.assert_array_equal(device.get(fields(found)[name]), array, err_msg=f"{shift} {name}")


class Interface:
    """An array of another library, known by its CUDA array interface alone."""

    def __init__(self, array: Any) -> None:
        self.array = array
        self.__cuda_array_interface__ = array.__cuda_array_interface__


class Dlpack:
    """An array of another library, known by DLPack alone."""

    def __init__(self, array: Any) -> None:
        self.array = array

    def __dlpack__(self, **how: Any) -> Any:
        return self.array.__dlpack__(**how)

    def __dlpack_device__(self) -> Any:
        return self.array.__dlpack_device__()


@pytest.mark.parametrize("kind", [Interface, Dlpack])
@pytest.mark.parametrize("kernel", SPECS)
def test_arrays_of_other_libraries_are_not_copied(kernel: str, kind: Any) -> None:
    with use("gpu"):
        device = _device.current()
        given = on_device(device, example(kernel))
        wrapped = [kind(value) if device.owns(value) else value for value in given]
        for array, other in zip(given, wrapped, strict=True):
            if device.owns(array) and array.size:
                assert device.adopt(other).data.ptr == array.data.ptr
        found, expected = dispatch.get(kernel, "gpu")(*wrapped), dispatch.get(kernel, "gpu")(*given)
        for name, array in fields(expected).items():
            np.testing.assert_array_equal(device.get(fields(found)[name]), device.get(array), err_msg=name)


# ------------------------------------------------------------------------------------------ no memory is left


@pytest.mark.parametrize("place", ["host", "device"])
@pytest.mark.parametrize("kernel", SPECS)
def test_out_of_memory_at_any_allocation(kernel: str, place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """One allocation after the other fails, until a run is through without: the numbers stay the same."""
    monkeypatch.setattr(_rows, "MOST_KEYS", 50)
    arguments = example(kernel)
    expected = dispatch.get(kernel, "reference")(*arguments)
    for number in range(1, 1000):
        stand_in = shim.ShimDevice()
        given = on_device(stand_in, arguments) if place == "device" else arguments
        before = stand_in.allocations
        stand_in.fail_at = frozenset([before + number])
        with shim.in_place_of_the_gpu(stand_in):
            found = dispatch.get(kernel, "gpu")(*given)
        check_equal(found, expected)
        if stand_in.allocations < before + number:
            break
    assert number > 1
    assert stand_in.allocations == before + number - 1


@pytest.mark.parametrize("kernel", SPECS)
def test_out_of_memory_again_and_again(kernel: str) -> None:
    """Chunks of 40 works become chunks of 3: the numbers stay the same."""
    arguments = example(kernel)
    expected = dispatch.get(kernel, "reference")(*arguments)
    stand_in = shim.ShimDevice(fail_at=[1, 2, 4, 5])
    with shim.in_place_of_the_gpu(stand_in):
        check_equal(dispatch.get(kernel, "gpu")(*arguments), expected)
    assert stand_in.launches > 1


@pytest.mark.parametrize("kernel", SPECS)
def test_no_memory_at_all_is_an_error(kernel: str) -> None:
    stand_in = shim.ShimDevice(memory=5, fail_at=range(4, 1000))
    message = rf"^{kernel}: .* does not fit the GPU, which has 5 bytes free: no room for \d+ bytes$"
    with shim.in_place_of_the_gpu(stand_in), pytest.raises(MemoryError, match=message):
        dispatch.get(kernel, "gpu")(*example(kernel))


@pytest.mark.parametrize("kernel", SPECS)
def test_inputs_larger_than_the_memory(kernel: str) -> None:
    arguments = example(kernel)
    expected = dispatch.get(kernel, "reference")(*arguments)
    launches = []
    size = sum(array.nbytes for array in arguments if isinstance(array, np.ndarray))
    for memory in (1 << 30, size, 10):
        with shim.in_place_of_the_gpu(shim.ShimDevice(memory=memory)) as stand_in:
            check_equal(dispatch.get(kernel, "gpu")(*arguments), expected)
        launches.append(stand_in.launches)
    assert launches[0] < launches[1] < launches[2]


@pytest.mark.parametrize("most", [1, 7, 1 << 20])
@pytest.mark.parametrize("kernel", ["tally_sparse", "directed_sparse"])
def test_keys_counted_in_parts(
    device: Any, kernel: str, most: int, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_rows, "MOST_KEYS", most)
    arguments = world.arguments(kernel)
    check_equal(dispatch.get(kernel, "gpu")(*arguments), dispatch.get(kernel, "reference")(*arguments))


@pytest.mark.parametrize("kernel", SPECS)
def test_other_errors_are_not_taken_for_it(kernel: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def launch(*arguments: Any, **more: Any) -> None:
        raise RuntimeError("an illegal address")

    monkeypatch.setattr(shim.ShimDevice, "launch", launch)
    with shim.in_place_of_the_gpu(shim.ShimDevice()), pytest.raises(RuntimeError, match="illegal"):
        dispatch.get(kernel, "gpu")(*example(kernel))


@pytest.mark.parametrize("kernel", OF_WORKS)
def test_a_gpu_with_little_memory(kernel: str, world: World) -> None:
    """CuPy's own limit: large works that do not fit at once give what they give at once."""
    with use("gpu"):
        import cupy

        works = world.works * 500
        large = replace(world, works=works)
        arguments = large.arguments(kernel)
        expected = dispatch.get(kernel, "cpu")(*arguments)
        pool = cupy.get_default_memory_pool()
        pool.free_all_blocks()
        pool.set_limit(size=pool.used_bytes() + (1 << 20))
        try:
            found = dispatch.get(kernel, "gpu")(*arguments)
        finally:
            pool.set_limit(size=0)
        check_equal(found, expected)
