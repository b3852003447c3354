"""Joint works of pairs of members in draws of the null that keeps both margins."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from trendcore_kernels.gpu._device import Array
from trendcore_kernels.gpu._works import Call, Chunk
from trendcore_kernels.spec import Codes, Counts, Ints


def null_joint(
    draws: Ints,
    order: Counts,
    offsets: Ints,
    codes: Codes,
    a: Ints,
    b: Ints,
    n_members: int,
    key: int,
) -> Counts:
    """Count joint works of pairs in draws of the null, see `reference.null_joint`."""
    given = {"draws": draws, "order": order, "offsets": offsets, "codes": codes, "a": a, "b": b}
    call = Call("null_joint", given)
    n_sweeps, n_works = call.arrays["order"].shape
    n_entries, n_pairs, itemsize = len(codes), len(a), call.arrays["codes"].dtype.itemsize

    def draw(chunk: Chunk) -> Mapping[str, Array]:
        state = _drawn(chunk, n_sweeps, n_works, n_entries, key)
        starts = chunk.device.empty(n_members + 1, np.int64)
        _launch(chunk, "rows", n_members + 1, chunk["a"], n_pairs, starts)
        joint = chunk.device.zeros((chunk.n_works, n_pairs), np.int32)
        counted = chunk["offsets"], state, starts, chunk["b"], n_pairs, joint
        _launch(chunk, "count", n_works * chunk.n_works, chunk.n_works, *counted)
        return {"": joint}

    found: Counts = call.run(draw, scratch=0, result_bytes=n_entries * itemsize + 4 * n_pairs)
    return found


def _drawn(chunk: Chunk, n_sweeps: int, n_works: int, n_entries: int, key: int) -> Array:
    """Members of all entries in all draws, after all sweeps."""
    n_draws, n_meetings = chunk.n_works, n_works // 2
    state = chunk.device.empty((n_entries, n_draws), chunk["codes"].dtype)
    _launch(chunk, "start", n_entries * n_draws, n_draws, chunk["codes"], state)
    works = chunk["order"], n_works, chunk["offsets"]
    offers = chunk.device.empty(n_sweeps * n_meetings, np.int64)
    _launch(chunk, "offers", len(offers), n_meetings, *works, offers)
    sums = chunk.device.cumsum(offers)
    draws = chunk["draws"], n_draws, key & 0xFFFFFFFF, key >> 32
    for sweep in range(n_sweeps):
        _launch(chunk, "sweep", n_meetings * n_draws, sweep, n_meetings, *works, sums, *draws, state)
    return state


def _launch(chunk: Chunk, function: str, n: int, *arguments: Array) -> None:
    chunk.device.launch("null_joint", f"null_joint_{function}", n, *arguments, codes=chunk["codes"].dtype)
