"""The works of flat arrays, one by one."""

from __future__ import annotations

from collections.abc import Iterator

from trendcore_kernels.spec import Codes, Ints


def lists(offsets: Ints, codes: Codes) -> Iterator[list[int]]:
    """Yield the entries of each work, as they are."""
    for start, stop in zip(offsets[:-1].tolist(), offsets[1:].tolist(), strict=True):
        yield codes[start:stop].tolist()


def sets(offsets: Ints, codes: Codes, n_members: int) -> Iterator[list[int]]:
    """Yield the distinct known members of each work, ascending."""
    for entries in lists(offsets, codes):
        yield sorted({code for code in entries if code < n_members})
