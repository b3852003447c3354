"""The member sets of a chunk of works, on the device."""

from __future__ import annotations

import numpy as np

from trendcore_kernels.gpu._device import Array
from trendcore_kernels.gpu._works import Chunk


def find_sets(
    chunk: Chunk, n_members: int, least: int, *, offsets: str = "offsets", codes: str = "codes"
) -> tuple[Array, Array]:
    """Find the distinct known members of each work; return their offsets (W+1,) and codes (S,).

    Parameters
    ----------
    chunk
        The works.
    n_members
        Codes from this number on are unknown.
    least
        Sets of fewer members are left empty.
    offsets, codes
        Names of the lists.
    """
    device, lists = chunk.device, chunk[offsets]
    dtype = chunk[codes].dtype
    found = device.empty(chunk.n_entries(codes, offsets), dtype)
    sizes = device.zeros(chunk.n_works + 1, np.int64)
    where = lists, chunk[codes], chunk.first[codes]
    device.launch(
        "member_sets", "member_sets_find", chunk.n_works, *where, n_members, least, found, sizes, codes=dtype
    )
    set_offsets = device.cumsum(sizes)
    set_codes = device.empty(int(device.get(set_offsets[-1:])[0]), dtype)
    device.launch(
        "member_sets", "member_sets_move", chunk.n_works, lists, found, set_offsets, set_codes, codes=dtype
    )
    return set_offsets, set_codes
