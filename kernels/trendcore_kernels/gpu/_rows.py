"""What the sparse tallies share: rows of members and of pairs by their keys; see `rows.cu`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import numpy as np

from trendcore_kernels.gpu._device import Array, Device
from trendcore_kernels.gpu._parts import MEMBER_KEY, PAIR_KEY, added, check_rows
from trendcore_kernels.gpu._works import Chunk
from trendcore_kernels.spec import Ints

#: offsets (W+1,) and codes (S,) of member sets
Sets = tuple[Array, Array]
#: key of no row
NONE: Final = (1 << 63) - 1
#: bytes that it takes to sort and count a key, and the part of the free memory that may go to it
_KEY_BYTES: Final = 80
_SHARE: Final = 0.5
#: keys that are sorted at once at most
MOST_KEYS: Final = 1 << 30


def member_keys(
    chunk: Chunk, sets: Sets, others: Sets, n_entries: int, n_members: int
) -> tuple[Array, Array]:
    """Return the keys of the rows of members, ascending, and how often each is there.

    Parameters
    ----------
    chunk
        The works.
    sets, others
        Offsets and codes of the member sets of both sides; where there is but one, it is both.
    n_entries
        How many entries to look at: of ``sets``, and then of ``others``.
    n_members
        M.
    """
    offsets, codes = sets
    where = chunk.n_works, chunk["cell"], offsets, codes, len(codes), *others, n_members

    def write(start: int, keys: Array) -> None:
        chunk.device.launch("rows", "rows_keys", len(keys), start, *where, keys, codes=codes.dtype)

    keys, counts = count_keys(chunk.device, n_entries, write)
    check_rows(len(keys))
    return keys, counts


def count_keys(device: Device, n: int, write: Callable[[int, Array], None]) -> tuple[Array, Array]:
    """Return the distinct ones of n keys but `NONE`, ascending, and how often each is there.

    Parameters
    ----------
    device
        Where the keys are.
    n
        How many there are; as many are made at a time as the memory allows.
    write
        Called with a number and an array: writes the keys from that number on.
    """
    room = min(max(int(_SHARE * device.free_bytes()) // _KEY_BYTES, 1), MOST_KEYS)
    parts = []
    for start in range(0, n, room):
        keys = device.empty(min(room, n - start), np.int64)
        write(start, keys)
        part = device.unique(keys)
        del keys
        parts.append(part if n <= room else (device.get(part[0]), device.get(part[1])))
    if not parts:
        return device.empty(0, np.int64), device.empty(0, np.int64)
    keys, counts = parts[0] if len(parts) == 1 else _together(device, parts)
    n_known = len(keys) - int(device.get(keys[-1:])[0] == NONE)
    return keys[:n_known], counts[:n_known]


def _together(device: Device, parts: list[tuple[Ints, Ints]]) -> tuple[Array, Array]:
    keys, sums = added([part[0] for part in parts], [{"n": part[1]} for part in parts])
    return device.put(keys), device.put(sums["n"])


def member_columns(device: Device, keys: Array, n_members: int) -> Mapping[str, Array]:
    """Columns of the key of the rows of members."""
    columns = device.empty((2, len(keys)), np.int64)
    device.launch("rows", "rows_members", len(keys), keys, n_members, *columns)
    return dict(zip(MEMBER_KEY, columns, strict=True))


def pair_columns(device: Device, pair_keys: Array, keys: Array, n_members: int) -> Mapping[str, Array]:
    """Columns of the key of the rows of pairs, from the keys of their rows of members."""
    columns = device.empty((3, len(pair_keys)), np.int64)
    device.launch("rows", "rows_pairs", len(pair_keys), pair_keys, keys, len(keys), n_members, *columns)
    return dict(zip(PAIR_KEY, columns, strict=True))
