"""Backend ``gpu`` through the public face: the same tally, on a device or on the stand-in for one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal
from support import shim
from support.kernels import chunks

import trendcore as tc
from trendcore.errors import BackendError
from trendcore_kernels import dispatch
from trendcore_kernels.transfer import fetch, place

RNG = np.random.default_rng(11)
LISTS = [RNG.choice(list("ABCDEFGHIJ"), size=n).tolist() for n in RNG.integers(0, 6, size=400)]
WORKS = pl.DataFrame({
    "year": RNG.integers(2020, 2023, size=400),
    "members": LISTS,
    "shares": [[1 / max(len(one), 1)] * len(one) for one in LISTS],
    "first": [one[0] if one else None for one in LISTS],
    "owners": LISTS[::-1],
})  # fmt: skip
WAYS: list[dict[str, Any]] = [
    {},
    {"counting": ["newman", "share", "harmonic", "bilateral"], "patterns": True},
    {"shares": "shares", "counting": ["share", "nature"], "unknown": "keep"},
    {"credit": "straight", "first": "first", "counting": "pair"},
    {"partners": "owners"},
]


@pytest.fixture(autouse=True, params=["device", "stand-in"])
def device(request: pytest.FixtureRequest) -> Iterator[None]:
    if request.param == "device":
        if dispatch.available()["gpu"] is not None:
            pytest.skip("skipped: no device")
        yield
    else:
        with shim.in_place_of_the_gpu(shim.ShimDevice()):
            yield


def check(works: pl.DataFrame, how: dict[str, Any]) -> None:
    expected = tc.tally(works, members="members", by=["year"], backend="cpu", **how)
    found = tc.tally(works, members="members", by=["year"], backend="gpu", **how)
    assert found.meta.backend == "gpu"
    for name in ("pairs", "members", "totals", "patterns"):
        one, other = getattr(found, name), getattr(expected, name)
        assert (one is None) == (other is None)
        if one is not None:
            assert_frame_equal(one, other)


@pytest.mark.parametrize("how", WAYS)
def test_equals_the_cpu(how: dict[str, Any]) -> None:
    check(WORKS, how)


@pytest.mark.parametrize("how", WAYS)
def test_many_members_are_counted_sparse(how: dict[str, Any]) -> None:
    names = [f"M{i}" for i in range(300)]
    lists = [RNG.choice(names, size=len(one)).tolist() for one in LISTS]
    check(
        WORKS.with_columns(members=pl.Series(lists), first=pl.Series([x[0] if x else None for x in lists])),
        how,
    )


def test_blocks_and_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trendcore.tallies.works.BLOCK_WORKS", 97)
    with chunks(41):
        check(WORKS, WAYS[1])


def test_what_does_not_fit_stays_on_the_host(monkeypatch: pytest.MonkeyPatch) -> None:
    if shim.in_use():
        with shim.in_place_of_the_gpu(shim.ShimDevice(fail_at=[1])):
            codes = np.array([1, 2], dtype=np.uint8)
            assert place("gpu", codes) == (codes,)
    np.testing.assert_array_equal(fetch(place("gpu", np.arange(5))[0]), np.arange(5))


def test_auto_goes_by_the_number_of_works(monkeypatch: pytest.MonkeyPatch) -> None:
    assert tc.tally(WORKS, members="members", by=[]).meta.backend == "cpu"
    monkeypatch.setattr(dispatch, "AUTO_WORKS", 300)
    assert tc.tally(WORKS, members="members", by=[]).meta.backend == "gpu"
    assert tc.tally(WORKS.head(299), members="members", by=[]).meta.backend == "cpu"
    assert tc.tally(WORKS.lazy(), members="members", by=[]).meta.backend == "cpu"


def test_no_room_at_all_is_said_with_what_to_do() -> None:
    with (
        shim.in_place_of_the_gpu(shim.ShimDevice(fail_at=range(1, 10**6))),
        pytest.raises(BackendError, match=r"does not fit the GPU.*backend='cpu'"),
    ):
        tc.tally(WORKS, members="members", by=[], backend="gpu")
