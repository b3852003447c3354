"""One pass of the kernels over some works, as counts by cell, member and pair.

The only place that chooses between dense and sparse kernels, and that knows what their results are called.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import polars as pl

from trendcore.arrays import Codes, Ints, Lists
from trendcore.errors import BackendError, UsageError
from trendcore.tallies.types import WORKS_TOTALS
from trendcore_kernels import dispatch

#: dense kernels count every pair of so many members
DENSE_MEMBERS: Final = 256
#: and an array of theirs may hold so many counts (512 MiB)
DENSE_COUNTS: Final = 1 << 26

#: columns of counting frames that are codes, and no names yet
CELL, MEMBER, A, B = "_cell", "_member", "_a", "_b"


@dataclass(frozen=True)
class Scheme:
    """What is counted beside whole counts.

    Attributes
    ----------
    weightings
        Pair weightings beside full, in the order of `types.WEIGHTINGS`.
    credit
        Scheme of ``fractional``, or ``none``.
    keep_unknown
        Whether shares of unknown members stay unknown.
    backend
        Resolved name of the kernels' backend.
    """

    weightings: tuple[str, ...] = ()
    credit: str = "none"
    keep_unknown: bool = False
    backend: str = "cpu"


@dataclass(frozen=True)
class Works:
    """Some works as kernels take them.

    Attributes
    ----------
    cell
        (n_works,) int32 row of the cells.
    n_cells
        Number of cells, also of those that these works are not in.
    lists
        Members of each work.
    names
        (n_members,) displayed names by code, sorted.
    shares
        (n_entries,) int64 shares of the entries in units of 2^-32, or None.
    units
        Members of each unit (author by country) of a work, or None: the members stand for the units.
    first
        (n_works,) member of the first author, or None.
    times
        How often each of the works stands for one.
    """

    cell: npt.NDArray[np.int32]
    n_cells: int
    lists: Lists
    names: tuple[str, ...]
    shares: Ints | None = None
    units: Lists | None = None
    first: Codes | None = None
    times: int = 1


@dataclass(frozen=True)
class Counts:
    """Counts of some works, by codes.

    Attributes
    ----------
    totals
        `CELL` and the columns of totals: a row for each cell that has works.
    members
        `CELL`, `MEMBER`, and the columns of members.
    pairs
        `CELL`, `A`, `B`, joint and weights.
    """

    totals: pl.DataFrame
    members: pl.DataFrame
    pairs: pl.DataFrame


def resolve(backend: str) -> str:
    """Name of the backend that will count: ``auto`` is decided here, once.

    Raises
    ------
    BackendError
        It cannot be used on this machine; the message says why and what to install.
    UsageError
        There is no backend of that name.

    Examples
    --------
    >>> resolve("reference")
    'reference'
    """
    try:
        return dispatch.resolve(backend)
    except dispatch.BackendUnavailable as error:
        raise BackendError(str(error)) from error
    except ValueError as error:
        raise UsageError(str(error)) from error


def is_dense(n_cells: int, n_members: int) -> bool:
    """Whether to count in arrays of every pair, rather than in rows of those that met.

    Examples
    --------
    >>> is_dense(138, 200), is_dense(138, 300), is_dense(200_000, 200)
    (True, False, False)
    """
    return n_members <= DENSE_MEMBERS and n_cells * n_members * n_members // 2 <= DENSE_COUNTS


def count(works: Works, scheme: Scheme) -> Counts:
    """Count one pass: totals, members, pairs, credits and weights.

    Examples
    --------
    >>> lists = Lists(np.array([0, 2]), np.array([0, 1], dtype=np.uint8))
    >>> count(Works(np.zeros(1, np.int32), 1, lists, ("JP", "US")), Scheme(backend="reference")).pairs.rows()
    [(0, 0, 1, 1)]
    """
    n_members = len(works.names)
    dense = is_dense(works.n_cells, n_members)
    kernel = dispatch.get("tally_dense" if dense else "tally_sparse", scheme.backend)
    result = kernel(works.cell, works.lists.offsets, works.lists.codes, works.n_cells, n_members)
    totals = pl.DataFrame({CELL: np.arange(works.n_cells), **{name: getattr(result, name) for name in WORKS_TOTALS}})
    weighed = [_weigh(works, scheme, credit, weighting, dense=dense) for credit, weighting in _calls(works, scheme)]
    members, pairs = (_from_dense if dense else _from_sparse)(result, weighed, n_members)
    counts = Counts(totals.filter(pl.col("works") > 0), members, pairs)
    return counts if works.times == 1 else _scaled(counts, works.times)


def total(parts: Sequence[Counts]) -> Counts:
    """Add the counts of parts of the works, sorted by codes.

    Examples
    --------
    >>> lists = Lists(np.array([0, 2]), np.array([0, 1], dtype=np.uint8))
    >>> part = count(Works(np.zeros(1, np.int32), 1, lists, ("JP", "US")), Scheme(backend="reference"))
    >>> total([part, part]).pairs.rows()
    [(0, 0, 1, 2)]
    """
    if len(parts) == 1:
        return parts[0]
    keys = {"totals": [CELL], "members": [CELL, MEMBER], "pairs": [CELL, A, B]}
    summed = {
        name: pl.concat([getattr(part, name) for part in parts]).group_by(key).sum().sort(key)
        for name, key in keys.items()
    }
    return Counts(**summed)


def _scaled(counts: Counts, times: int) -> Counts:
    keys = (CELL, MEMBER, A, B)
    return Counts(
        **{
            field.name: getattr(counts, field.name).with_columns(pl.exclude(*keys) * times)
            for field in fields(Counts)
        }
    )
