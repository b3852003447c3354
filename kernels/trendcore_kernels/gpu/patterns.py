"""Works by cell and member set: ranked by the codes of their sets, as many at a time as fit a key."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np

from trendcore_kernels.gpu._device import Array
from trendcore_kernels.gpu._works import Call, Chunk
from trendcore_kernels.spec import Cells, Codes, Ints
from trendcore_kernels.spec.draws import Patterns

_KEY_BITS: Final = 63
#: bytes that it takes for each byte of the works
_SCRATCH: Final = 6


def patterns(
    cell: Cells, set_offsets: Ints, set_codes: Codes, times: Ints, n_cells: int, least: int
) -> Patterns:
    """Count works by cell and member set, see `reference.patterns`."""
    works = {"cell": cell, "set_offsets": set_offsets, "set_codes": set_codes, "times": times}
    given = len(times) > 0
    found: Patterns = Call("patterns", works).run(
        lambda chunk: _find(chunk, n_cells, least, given), scratch=_SCRATCH
    )
    return found


def _find(chunk: Chunk, n_cells: int, least: int, given: bool) -> Mapping[str, Array]:
    device, offsets, codes = chunk.device, chunk["set_offsets"], chunk["set_codes"]
    chosen = _chosen(chunk, least)
    rank = _ranks(chunk, chosen, n_cells, least)
    ranks = _distinct(chunk, _keys(chunk, chosen, rank, 0, 0, 0))[0]
    n = len(ranks)
    one, sums = device.empty(n, np.int64), device.zeros(n, np.int64)
    counted = chosen, rank, n, ranks, chunk["times"], int(given)
    device.launch("patterns", "patterns_count", len(chosen), *counted, one, sums)
    cells, sizes = device.empty(n, np.int64), device.zeros(n + 1, np.int64)
    device.launch("patterns", "patterns_sizes", n, one, chunk["cell"], offsets, cells, sizes)
    ends = device.cumsum(sizes)
    moved = device.empty(int(device.get(ends[-1:])[0]), codes.dtype)
    where = one, offsets, codes, chunk.first["set_codes"], ends, moved
    device.launch("patterns", "patterns_move", n, *where, codes=codes.dtype)
    return {"pattern_cell": cells, "offsets": ends, "codes": moved, "n": sums}


def _ranks(chunk: Chunk, chosen: Array, n_cells: int, least: int) -> Array:
    """Return how many works stand before each work that is chosen: the same number for the same pattern."""
    device = chunk.device
    bits = 8 * chunk["set_codes"].dtype.itemsize + 1
    rank = device.empty(chunk.n_works, np.int64)
    device.launch("patterns", "patterns_begin", chunk.n_works, chunk["cell"], rank)
    n_read, n_ranks, known = 0, n_cells, False
    while len(chosen):
        n_codes = (_KEY_BITS - max(n_ranks - 1, 0).bit_length()) // bits
        if known and n_codes == 0:
            raise MemoryError(f"{chunk.n_works:,} works are too many to be counted by member set on a GPU")
        keys = _keys(chunk, chosen, rank, n_read, n_codes, bits)
        distinct, counts = _distinct(chunk, keys)
        ranked = keys, len(distinct), distinct, device.cumsum(counts), n_codes * bits, int(known)
        device.launch("patterns", "patterns_rank", len(chosen), chosen, *ranked, rank)
        n_read, n_ranks, known = n_read + n_codes, chunk.n_works, True
        chosen = _chosen(chunk, max(n_read, least))  # a set that has been read to its end may go on or not
    return rank


def _chosen(chunk: Chunk, length: int) -> Array:
    """Return the works of so many members at least."""
    device = chunk.device
    is_chosen = device.zeros(chunk.n_works + 1, np.int64)
    device.launch("patterns", "patterns_select", chunk.n_works, chunk["set_offsets"], length, is_chosen)
    places = device.cumsum(is_chosen)
    chosen = device.empty(int(device.get(places[-1:])[0]), np.int64)
    device.launch("patterns", "patterns_choose", chunk.n_works, places, chosen)
    return chosen


def _keys(chunk: Chunk, chosen: Array, rank: Array, n_read: int, n_codes: int, bits: int) -> Array:
    """Return the ranks of works with some of their next codes."""
    keys = chunk.device.empty(len(chosen), np.int64)
    codes = chunk["set_codes"]
    sets = chunk["set_offsets"], codes, chunk.first["set_codes"]
    how = n_read, n_codes, bits, keys
    chunk.device.launch(
        "patterns", "patterns_keys", len(chosen), chosen, *sets, rank, *how, codes=codes.dtype
    )
    return keys


def _distinct(chunk: Chunk, keys: Array) -> tuple[Array, Array]:
    return chunk.device.unique(keys) if len(keys) else (keys, keys)
