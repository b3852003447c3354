"""Columns from rows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from trendcore_kernels.spec import Ints


def columns(rows: Sequence[tuple[int, ...]], n_columns: int) -> list[Ints]:
    """Return int64 columns of rows, of which there may be none.

    Examples
    --------
    >>> columns([(0, 7), (1, 8)], 2), columns([], 1)
    ([array([0, 1]), array([7, 8])], [array([], dtype=int64)])
    """
    table = np.array(rows, dtype=np.int64).reshape(len(rows), n_columns)
    return [np.ascontiguousarray(table[:, i]) for i in range(n_columns)]
