"""Works by cell and member set."""

from __future__ import annotations

from collections import defaultdict

import numpy as np

from trendcore_kernels.spec import Cells, Codes, Ints
from trendcore_kernels.spec.draws import Patterns


def patterns(
    cell: Cells,
    set_offsets: Ints,
    set_codes: Codes,
    times: Ints,
    n_cells: int,  # noqa: ARG001 (the others count by cell first)
    least: int,
) -> Patterns:
    """Count works by cell and member set.

    Parameters
    ----------
    cell
        (W,) cell of each work.
    set_offsets, set_codes
        (W+1,) and (S,) member sets.
    times
        (W,) for how many each work stands, or of length 0: for one.
    n_cells
        C.
    least
        Works with fewer members are left out.

    Examples
    --------
    >>> codes = np.array([1, 2, 1, 1, 2], dtype=np.uint8)
    >>> none, cell = np.zeros(0, dtype=np.int64), np.zeros(3, dtype=np.int32)
    >>> found = patterns(cell, np.array([0, 2, 3, 5]), codes, none, 1, 1)
    >>> found.offsets.tolist(), found.codes.tolist(), found.n.tolist()
    ([0, 1, 3], [1, 1, 2], [1, 2])
    """
    counts: defaultdict[tuple[int, ...], int] = defaultdict(int)
    for w in range(len(cell)):
        members = set_codes[set_offsets[w] : set_offsets[w + 1]].tolist()
        if len(members) >= least:
            counts[(int(cell[w]), *members)] += int(times[w]) if len(times) else 1
    found = sorted(counts)
    return Patterns(
        np.array([key[0] for key in found], dtype=np.int64),
        np.cumsum([0, *(len(key) - 1 for key in found)], dtype=np.int64),
        np.array([code for key in found for code in key[1:]], dtype=set_codes.dtype),
        np.array([counts[key] for key in found], dtype=np.int64),
    )
