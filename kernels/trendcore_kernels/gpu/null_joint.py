"""Joint works of pairs of members in draws of the null that keeps both margins."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

import numpy as np

from trendcore_kernels.gpu._device import Array
from trendcore_kernels.gpu._works import Call, Chunk
from trendcore_kernels.spec import Codes, Counts, Ints


def null_joint(
    draws: Ints,
    rounds: Ints,
    meetings: Counts,
    offsets: Ints,
    codes: Codes,
    a: Ints,
    b: Ints,
    n_members: int,
    key: int,
) -> Counts:
    """Count joint works of pairs in draws of the null, see `reference.null_joint`."""
    given = {
        "draws": draws,
        "rounds": rounds,
        "meetings": meetings,
        "offsets": offsets,
        "codes": codes,
        "a": a,
        "b": b,
    }
    call = Call("null_joint", given)
    ends = call.arrays["rounds"]
    ends = call.device.get(ends) if call.device.owns(ends) else ends
    n_works, n_entries, n_pairs = len(offsets) - 1, len(codes), len(a)
    n_bytes = n_entries * call.arrays["codes"].dtype.itemsize + 4 * n_pairs

    def draw(chunk: Chunk) -> Mapping[str, Array]:
        state = _drawn(chunk, ends.tolist(), n_entries, key)
        starts = chunk.device.empty(n_members + 1, np.int64)
        _launch(chunk, "rows", n_members + 1, chunk["a"], n_pairs, starts)
        joint = chunk.device.zeros((chunk.n_works, n_pairs), np.int32)
        counted = chunk["offsets"], state, starts, chunk["b"], n_pairs, joint
        _launch(chunk, "count", n_works * chunk.n_works, chunk.n_works, *counted)
        return {"": joint}

    found: Counts = call.run(draw, scratch=0, result_bytes=n_bytes)
    return found


def _drawn(chunk: Chunk, ends: list[int], n_entries: int, key: int) -> Array:
    """Members of all entries in all draws, after all rounds."""
    n_draws = chunk.n_works
    state = chunk.device.empty((n_entries, n_draws), chunk["codes"].dtype)
    _launch(chunk, "start", n_entries * n_draws, n_draws, chunk["codes"], state)
    works = chunk["meetings"], chunk["offsets"]
    offers = chunk.device.empty(ends[-1], np.int64)
    _launch(chunk, "offers", ends[-1], *works, offers)
    sums = chunk.device.cumsum(offers)
    draws = chunk["draws"], n_draws, key & 0xFFFFFFFF, key >> 32
    for number, (start, stop) in enumerate(pairwise(ends)):
        _launch(chunk, "exchange", (stop - start) * n_draws, number, start, *works, sums, *draws, state)
    return state


def _launch(chunk: Chunk, function: str, n: int, *arguments: Array) -> None:
    chunk.device.launch("null_joint", f"null_joint_{function}", n, *arguments, codes=chunk["codes"].dtype)
