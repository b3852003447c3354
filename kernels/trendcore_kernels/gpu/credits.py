"""Credit of each member of each work."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from trendcore_kernels.gpu._device import Array
from trendcore_kernels.gpu._works import Call, Chunk
from trendcore_kernels.spec import Codes, Credit, Ints


def credits(  # noqa: A001
    set_offsets: Ints,
    set_codes: Codes,
    unit_offsets: Ints,
    unit_codes: Codes,
    unit_shares: Ints,
    first: Codes,
    credit: Credit,
    keep_unknown: bool,
) -> Ints:
    """Divide the credit for each work over its members, see `reference.credits`."""
    sets = {"set_offsets": set_offsets, "set_codes": set_codes}
    units = {"unit_offsets": unit_offsets, "unit_codes": unit_codes, "unit_shares": unit_shares}

    def divide(chunk: Chunk) -> Mapping[str, Array]:
        codes = chunk["set_codes"]
        given = len(chunk["unit_offsets"]) > 0
        shared = given and len(chunk["unit_shares"]) == len(chunk["unit_codes"])
        out = chunk.device.empty(chunk.n_entries("set_codes", "set_offsets"), np.int64)
        chunk.device.launch(
            "credits",
            "credits_divide",
            chunk.n_works,
            chunk["set_offsets"],
            codes,
            chunk.first["set_codes"],
            *(chunk[name] for name in units),
            chunk.first["unit_codes"],
            chunk["first"],
            int(credit),
            int(keep_unknown),
            int(given),
            int(shared),
            out,
            codes=codes.dtype,
        )
        return {"": out}

    found: Ints = Call("credits", sets | units | {"first": first}).run(divide, scratch=2)
    return found
