"""Works from hypothesis as the arrays that kernels take, and backends to run them on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import strategies as st
from support import shim

from trendcore_kernels import dispatch
from trendcore_kernels.gpu import _works
from trendcore_kernels.spec import ONE, SPECS, Credit, Weighting

Array = npt.NDArray[Any]
TYPES = (np.dtype(np.uint8), np.dtype(np.uint16), np.dtype(np.uint32))
#: weightings that do not look at credits
PLAIN = (Weighting.NEWMAN, Weighting.PAIR)
#: credits that add up to ONE a work at most
BOUNDED = (Credit.COUNTRY, Credit.COMPLETE_NORMALISED, Credit.AUTHOR, Credit.STRAIGHT)


def read_only(values: Any, dtype: Any) -> Array:
    array = np.array(values, dtype=dtype)
    array.flags.writeable = False
    return array


def packed(lists: Sequence[Sequence[int]], dtype: Any, skipped: int = 0) -> tuple[Array, Array]:
    """Offsets and entries of lists, after some entries that belong to no work."""
    offsets = [skipped, *accumulate((len(entries) for entries in lists), initial=skipped)][1:]
    entries = [0] * skipped + [entry for one in lists for entry in one]
    return read_only(offsets, np.int64), read_only(entries, dtype)


@dataclass(frozen=True)
class Work:
    """A work: its cell, members, partners, units with their shares, and member of the first author."""

    cell: int
    members: list[int]
    partners: list[int]
    units: list[int]
    shares: list[int]
    first: int


@dataclass(frozen=True)
class World:
    """Works, and how they are to be counted; `argument` gives each parameter of each kernel."""

    works: list[Work]
    dtype: np.dtype[Any]
    n_cells: int
    n_members: int
    skipped: int = 0
    credit: Credit = Credit.COUNTRY
    weighting: Weighting = Weighting.NEWMAN
    keep_unknown: bool = False
    bare: bool = False
    least: int = 1
    rows: World | None = None

    def take(self, places: Sequence[int]) -> World:
        """Some of the works; rows of sparse sums stay those of all."""
        return replace(self, works=[self.works[i] for i in places], rows=self.rows or self)

    def arguments(self, kernel: str) -> list[Any]:
        """Arguments of a kernel in their order."""
        values = self._lists() | self._sums(kernel)
        return [values[name] for name in SPECS[kernel].arguments]

    def _lists(self) -> dict[str, Any]:
        offsets, codes = packed([work.members for work in self.works], self.dtype, self.skipped)
        partner_offsets, partner_codes = packed(
            [work.partners for work in self.works], self.dtype, self.skipped
        )
        sets = dispatch.get("member_sets", "reference")(offsets, codes, self.n_members, self.least)
        return {
            "cell": read_only([work.cell for work in self.works], np.int32),
            "offsets": offsets,
            "codes": codes,
            "partner_offsets": partner_offsets,
            "partner_codes": partner_codes,
            "set_offsets": read_only(sets.offsets, np.int64),
            "set_codes": read_only(sets.codes, self.dtype),
            "n_cells": self.n_cells,
            "n_members": self.n_members,
            "least": self.least,
            "credit": self.credit,
            "weighting": self.weighting,
            "keep_unknown": self.keep_unknown,
        } | self._units()

    def _units(self) -> dict[str, Any]:
        unit_offsets, unit_codes = packed([work.units for work in self.works], self.dtype, self.skipped)
        _, unit_shares = packed([work.shares for work in self.works], np.int64, self.skipped)
        none, no_codes = read_only([], np.int64), read_only([], self.dtype)
        units = unit_offsets, unit_codes, unit_shares
        first = read_only([work.first for work in self.works], self.dtype)
        if self.bare:  # what the scheme does not use is not given
            by_unit = self.credit in (Credit.COMPLETE, Credit.COMPLETE_NORMALISED)
            units = (unit_offsets, unit_codes, none) if by_unit else (none, no_codes, none)
            first = first if self.credit == Credit.STRAIGHT else no_codes
        return dict(zip(("unit_offsets", "unit_codes", "unit_shares", "first"), (*units, first), strict=True))

    def _sums(self, kernel: str) -> dict[str, Any]:
        """Credits and rows, for the kernels that add them."""
        wanted = SPECS[kernel].arguments
        sums: dict[str, Any] = {}
        if "credits" in wanted:
            credit = self.credit if "weighting" not in wanted or self.credit in BOUNDED else Credit.AUTHOR
            world = replace(self, credit=credit)
            found = dispatch.get("credits", "reference")(*world.arguments("credits"))
            unused = self.bare and "weighting" in wanted and self.weighting in PLAIN
            sums["credits"] = read_only([] if unused else found, np.int64)
        if {"member", "a"} & set(wanted):
            tally = dispatch.get("tally_sparse", "reference")(*(self.rows or self).arguments("tally_sparse"))
            for name in ("member_cell", "member", "pair_cell", "a", "b"):
                sums[name] = read_only(getattr(tally, name), np.int64)
        return sums


def unknown_codes(dtype: np.dtype[Any], n_members: int) -> list[int]:
    """Codes that stand for unknown members, where the type leaves any."""
    most = int(np.iinfo(dtype).max)
    return sorted({code for code in (n_members, most) if n_members <= code <= most})


@st.composite
def lists(draw: st.DrawFn, dtype: np.dtype[Any], n_members: int, longest: int = 7) -> list[int]:
    """Draw members of a work: known and unknown, repeated, none, and now and then hundreds."""
    known = st.one_of(st.integers(0, n_members - 1), st.integers(0, min(n_members, 4) - 1))
    unknown = unknown_codes(dtype, n_members)
    codes = st.one_of(known, st.sampled_from(unknown)) if unknown else known
    if draw(st.integers(0, 30)) < 30:
        return draw(st.lists(codes, max_size=longest))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    many = rng.integers(0, n_members, size=draw(st.integers(40, 300)))
    return [*many.tolist(), *unknown]


@st.composite
def shares(draw: st.DrawFn, n: int) -> list[int]:
    """Shares of n units in units of 2^-32, at most ONE together."""
    if n == 0:
        return []
    weights = draw(st.lists(st.sampled_from([0, 0, 1, 1, 2, 3, 7]), min_size=n, max_size=n))
    whole = sum(weights) + draw(st.sampled_from([0, 0, 1, 5]))
    scale = draw(st.sampled_from([ONE, ONE, ONE - 1, whole, 1]))
    scaled = [weight * scale // max(whole, 1) for weight in weights]
    if draw(st.booleans()):  # to the last unit
        scaled[draw(st.integers(0, n - 1))] += ONE - sum(scaled)
    return scaled


@st.composite
def works(draw: st.DrawFn, dtype: np.dtype[Any], n_cells: int, n_members: int) -> Work:
    members = draw(lists(dtype, n_members))
    units = draw(st.one_of(st.just(members), st.permutations(members), lists(dtype, n_members)))
    return Work(
        draw(st.integers(0, n_cells - 1)),
        members,
        draw(lists(dtype, n_members, 4)),
        list(units),
        draw(shares(len(units))),
        draw(st.sampled_from(members)) if members else draw(st.integers(0, n_members - 1)),
    )


@st.composite
def worlds(
    draw: st.DrawFn, most_members: int = 256, max_works: int = 8, least: tuple[int, ...] = (1,)
) -> World:
    """Draw works of all kinds, none of them too."""
    dtype = draw(st.sampled_from(TYPES))
    most = min(most_members, int(np.iinfo(dtype).max) + 1)
    n_members = draw(st.sampled_from([n for n in (1, 2, 3, 5, 9, 200, 255, 256, 60_000) if n <= most]))
    n_cells = draw(st.sampled_from([1, 1, 2, 3, 17]))
    return World(
        draw(st.lists(works(dtype, n_cells, n_members), max_size=max_works)),
        dtype,
        n_cells,
        n_members,
        draw(st.sampled_from([0, 0, 3])),
        draw(st.sampled_from(Credit)),
        draw(st.sampled_from(Weighting)),
        draw(st.booleans()),
        draw(st.booleans()),
        draw(st.sampled_from(least)),
    )


def worlds_for(kernel: str, max_works: int = 8) -> st.SearchStrategy[World]:
    """Works for a kernel that counts them: sparse ones take any number of members, dense ones up to 256."""
    wanted = SPECS[kernel]
    dense = any("M" in field.shape or "P" in field.shape for field in wanted.fields.values())
    least = (0, 1, 2, 3) if "least" in wanted.arguments else (1,)
    return worlds(256 if dense else 1 << 20, max_works, least)


def example(kernel: str) -> World:
    """Forty works, the same for every kernel."""
    rng = np.random.default_rng(11)
    some = []
    for _ in range(40):
        members = rng.integers(0, 32, size=rng.integers(0, 14)).tolist()
        shares = [ONE // len(members)] * len(members) if members else []
        partners = rng.integers(0, 30, size=rng.integers(0, 4)).tolist()
        some.append(Work(int(rng.integers(4)), members, partners, members, shares, 3))
    return World(some, TYPES[1], 4, 30, 3, Credit.AUTHOR, weighting=Weighting.SHARE)


def arrays(result: Any) -> dict[str, Array]:
    """Arrays of a result by name; an array alone has the name ``""``, as in its spec."""
    return {"": result} if isinstance(result, np.ndarray) else dict(vars(result))


def backends() -> tuple[str, ...]:
    """Names of the backends, and of the gpu's stand-in."""
    return (*dispatch.BACKENDS, shim.NAME)


@contextmanager
def use(backend: str) -> Iterator[str]:
    """Give the name by which a backend is called; skip the test, with the reason, where it cannot be used."""
    if backend == shim.NAME:
        with shim.in_place_of_the_gpu(shim.ShimDevice()):
            yield "gpu"
        return
    reason = dispatch.available()[backend]
    if reason is not None:
        pytest.skip("skipped: no device" if backend == "gpu" else f"skipped: {reason}")
    yield backend


def ways(backend: str) -> list[AbstractContextManager[Any]]:
    """Contexts that must not change a result."""
    if backend == "cpu":
        return [threads(1), threads(2), threads(2, private_bytes=0)]
    if backend == "gpu":
        devices = [shim.ShimDevice(shared_bytes=n) for n in (0, 40)] if shim.in_use() else []
        return [nullcontext(), chunks(1), chunks(3), *map(shim.in_place_of_the_gpu, devices)]
    return [nullcontext()]


@contextmanager
def chunks(n_works: int) -> Iterator[None]:
    """Let the gpu backend count so many works at a time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_works, "MOST_WORKS", n_works)
        yield


@contextmanager
def threads(n: int, *, private_bytes: int = 1 << 28) -> Iterator[None]:
    """Let the cpu backend divide even small inputs over n threads (or as many as Numba has).

    Without private bytes, threads share the arrays that they count into.
    """
    import numba

    from trendcore_kernels.cpu import _threads

    before = numba.get_num_threads()
    numba.set_num_threads(min(n, numba.config.NUMBA_NUM_THREADS))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_threads, "GRAIN", 1)
        patch.setattr(_threads, "PRIVATE_BYTES", private_bytes)
        yield
    numba.set_num_threads(before)
