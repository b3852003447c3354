"""Lists of one-byte codes that are looked at as words: each code, each length, anywhere in the array."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from support.kernels import arrays

from trendcore_kernels import dispatch


def lists_of(seed: int, n_works: int) -> tuple[list[Any], int, int]:
    """Cells, offsets and codes of random works; the codes begin and end anywhere in their array."""
    rng = np.random.default_rng(seed)
    n_members = int(rng.choice([0, 1, 2, 3, 127, 128, 129, 200, 255, 256]))
    n_cells = int(rng.integers(1, 4))
    ends = 3 + np.cumsum(rng.choice([0, 1, 2, 3, 5, 7, 8, 9, 12], size=n_works))
    offsets = np.concatenate([[3], ends]).astype(np.int64)
    most = int(rng.choice([5, min(n_members + 3, 256), 256]))
    codes = rng.integers(0, most, size=int(offsets[-1]) + int(rng.integers(0, 9))).astype(np.uint8)
    codes[rng.random(len(codes)) < 0.1] = 255
    return [rng.integers(0, n_cells, size=n_works).astype(np.int32), offsets, codes], n_cells, n_members


@pytest.mark.parametrize("seed", range(40))
def test_short_lists(backend: str, seed: int) -> None:
    works, n_cells, n_members = lists_of(seed, 300)
    expected = arrays(dispatch.get("tally_dense", "reference")(*works, n_cells, n_members))
    for name, array in arrays(dispatch.get("tally_dense", backend)(*works, n_cells, n_members)).items():
        np.testing.assert_array_equal(array, expected[name], err_msg=name)
    for least in range(5):
        sets = dispatch.get("member_sets", backend)(*works[1:], n_members, least)
        others = arrays(dispatch.get("member_sets", "reference")(*works[1:], n_members, least))
        for name, array in arrays(sets).items():
            np.testing.assert_array_equal(array, others[name], err_msg=f"{name} of {least} or more")


@pytest.mark.parametrize("seed", range(4))
def test_more_works_than_wait(backend: str, seed: int) -> None:
    """Thousands of works in a cell: those that wait to be counted are counted when there is no more room."""
    works, n_cells, n_members = lists_of(100 + seed, 6000)
    expected = arrays(dispatch.get("tally_dense", "reference")(*works, n_cells, n_members))
    for name, array in arrays(dispatch.get("tally_dense", backend)(*works, n_cells, n_members)).items():
        np.testing.assert_array_equal(array, expected[name], err_msg=name)
