"""Works by cell and member set: many works, long sets that begin alike, and parts that add up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from support import shim
from support.kernels import TYPES, chunks, packed, read_only, threads, ways

from trendcore_kernels import dispatch
from trendcore_kernels.gpu import patterns as on_gpu

NONE = np.zeros(0, dtype=np.int64)
Set = tuple[int, ...]


def sets_of(kind: str, n: int, most: int, rng: np.random.Generator) -> list[Set]:
    """Some sets of codes up to ``most``."""
    if kind == "short":
        sizes = rng.choice([0, 1, 2, 3, 4], n, p=[0.1, 0.3, 0.3, 0.2, 0.1])
        return [tuple(np.unique(rng.integers(0, most + 1, size)).tolist()) for size in sizes]
    if kind == "one":
        return [tuple(range(min(most, 300)))] * n
    # all begin alike, and end anywhere or go on with one more
    whole = np.unique(rng.integers(0, most, 60)).tolist()
    ends = rng.integers(0, len(whole) + 1, n)
    return [
        (*whole[:end], *([most] if more else [])) for end, more in zip(ends, rng.random(n) < 0.3, strict=True)
    ]


def counted(cell: Any, sets: Sequence[Set], least: int) -> list[tuple[int, Set, int]]:
    some = [(int(c), one) for c, one in zip(cell, sets, strict=True) if len(one) >= least]
    return [(c, one, n) for (c, one), n in sorted(Counter(some).items())]


def rows(found: Any) -> list[tuple[int, Set, int]]:
    ends = zip(found.offsets[:-1], found.offsets[1:], strict=True)
    sets = [tuple(found.codes[start:stop].tolist()) for start, stop in ends]
    return list(zip(found.pattern_cell.tolist(), sets, found.n.tolist(), strict=True))


@pytest.mark.parametrize("dtype", TYPES, ids=str)
@pytest.mark.parametrize("kind", ["short", "one", "alike"])
@pytest.mark.parametrize("n_cells", [1, 3, 2000])
def test_many_works(backend: str, kind: str, dtype: np.dtype[Any], n_cells: int) -> None:
    rng = np.random.default_rng(n_cells)
    for most in (2, 30, int(np.iinfo(dtype).max)):
        sets = sets_of(kind, 1500, most, rng)
        cell = read_only(rng.integers(0, n_cells, len(sets)), np.int32)
        least = int(rng.integers(0, 3))
        expected = counted(cell, sets, least)
        for way in ways(backend) if most == 30 else [threads(2)]:
            with way, chunks(700):
                found = dispatch.get("patterns", backend)(cell, *packed(sets, dtype), NONE, n_cells, least)
            assert rows(found) == expected


def test_parts_add_up(backend: str) -> None:
    """What was counted of parts is counted again, as works that stand for many."""
    kernel = dispatch.get("patterns", backend)
    rng = np.random.default_rng(1)
    sets = sets_of("short", 400, 3, rng) + sets_of("alike", 400, 90, rng)
    cell = read_only(rng.integers(0, 4, len(sets)), np.int32)
    whole = rows(kernel(cell, *packed(sets, np.uint8), NONE, 4, 1))
    parts = [kernel(cell[at::3], *packed(sets[at::3], np.uint8), NONE, 4, 1) for at in range(3)]
    lists = packed([one for part in parts for _, one, _ in rows(part)], np.uint8)
    cells, times = (np.concatenate([getattr(part, of) for part in parts]) for of in ("pattern_cell", "n"))
    assert rows(kernel(cells.astype(np.int32), *lists, times, 4, 0)) == whole


def test_cells_and_codes_that_fill_a_key_of_the_gpu() -> None:
    n_cells = (1 << 31) - 1
    sets = [(0, 5), (0, 5, (1 << 32) - 1), (0, 5), ((1 << 32) - 1,), ()]
    cell = read_only([n_cells - 1, 0, n_cells - 1, 0, 0], np.int32)
    with shim.in_place_of_the_gpu(shim.ShimDevice()):
        found = dispatch.get("patterns", "gpu")(cell, *packed(sets, np.uint32), NONE, n_cells, 0)
    assert rows(found) == counted(cell, sets, 0)


def test_more_works_than_a_key_of_the_gpu_can_tell_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(on_gpu, "_KEY_BITS", 40)
    lists = packed([(1, 2)] * 300, np.uint32)
    cell = read_only(np.zeros(300), np.int32)
    with (
        shim.in_place_of_the_gpu(shim.ShimDevice()),
        pytest.raises(MemoryError, match="300 works are too many to be counted by member set"),
    ):
        dispatch.get("patterns", "gpu")(cell, *lists, NONE, 1, 0)
