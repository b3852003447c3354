"""Distinct known members of each work."""

from __future__ import annotations

from collections.abc import Mapping

from trendcore_kernels.gpu._device import Array
from trendcore_kernels.gpu._sets import find_sets
from trendcore_kernels.gpu._works import Call, Chunk
from trendcore_kernels.spec import Codes, Ints, MemberSets


def member_sets(offsets: Ints, codes: Codes, n_members: int, least: int) -> MemberSets:
    """Find the distinct known members of each work, see `reference.member_sets`."""

    def find(chunk: Chunk) -> Mapping[str, Array]:
        return dict(zip(("offsets", "codes"), find_sets(chunk, n_members, least), strict=True))

    found: MemberSets = Call("member_sets", {"offsets": offsets, "codes": codes}).run(find, scratch=2)
    return found
