"""Works by member set: sets as short binary keys, so that they are counted and sorted as fast as numbers.

The key of a set is its codes, ascending, one after the other with the most significant byte first. Keys sort
as the lists of names do.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

from trendcore.arrays import Codes, Ints

#: columns of counting frames that are codes, and no names yet
CELL, MEMBER, A, B, KEY = "_cell", "_member", "_a", "_b", "_key"
#: sets of so many members are counted one by one; those of fewer follow from other counts
LARGE_SET: Final = 3

NO_SETS: Final = pl.DataFrame(schema={CELL: pl.Int64, KEY: pl.Binary, "n": pl.Int64})


def large_sets(cell: npt.NDArray[np.int32], offsets: Ints, codes: Codes) -> pl.DataFrame:
    r"""Count works by cell and member set, of sets of three members or more.

    Parameters
    ----------
    cell
        (n_works,) cell of each work.
    offsets, codes
        Member sets.

    Returns
    -------
    pl.DataFrame
        `CELL`, `KEY`, n.

    Examples
    --------
    >>> codes = np.array([0, 1, 2, 0, 1, 2, 0, 1], dtype=np.uint8)
    >>> large_sets(np.zeros(3, np.int32), np.array([0, 3, 6, 8]), codes).rows()
    [(0, b'\x00\x01\x02', 2)]
    """
    lengths = np.diff(offsets)
    rows = np.flatnonzero(lengths >= LARGE_SET)
    sets = _keys(offsets, codes).gather(rows)
    return pl.DataFrame({CELL: cell[rows].astype(np.int64), KEY: sets}).group_by(CELL, KEY).agg(_n(pl.len()))


def small_sets(
    totals: pl.DataFrame, members: pl.DataFrame, two: pl.DataFrame, dtype: np.dtype[Any]
) -> pl.DataFrame:
    """Count works by cell and member set, of sets of up to two members, from other counts.

    Parameters
    ----------
    totals, members
        Counts by codes.
    two
        `CELL`, `A`, `B`, n: works of just these two.
    dtype
        Type of the codes.
    """
    none = totals.select(CELL, pl.lit(b"").alias(KEY), _n(pl.col("works") - pl.col("works_known")))
    alone = members.select(CELL, MEMBER, _n(pl.col("works") - pl.col("works_intl")))
    parts = [none, _keyed(alone, [MEMBER], dtype), _keyed(two, [A, B], dtype)]
    return pl.concat(parts).filter(pl.col("n") > 0)


def members_of(keys: pl.Series, names: Sequence[str], dtype: np.dtype[Any]) -> pl.Series:
    r"""Turn keys back into lists of names.

    Examples
    --------
    >>> members_of(pl.Series([b"", b"\x00\x01"]), ["JP", "US"], np.dtype(np.uint8)).to_list()
    [[], ['JP', 'US']]
    """
    offsets = np.concatenate(([0], np.cumsum(keys.bin.size().to_numpy(), dtype=np.int64)))
    data = keys.rechunk().to_arrow().buffers()[2] if offsets[-1] else b""
    codes = np.frombuffer(data, dtype=dtype.newbyteorder(">"), count=offsets[-1] // dtype.itemsize)
    shown = pl.DataFrame({"name": pl.Series(names, dtype=pl.String)})[codes.astype(np.int64)].to_series()
    lists = pa.LargeListArray.from_arrays(offsets // dtype.itemsize, shown.to_arrow())
    return pl.Series("members", lists, dtype=pl.List(pl.String))


def _keyed(counts: pl.DataFrame, columns: list[str], dtype: np.dtype[Any]) -> pl.DataFrame:
    codes = counts.select(columns).to_numpy().astype(dtype).ravel()
    keys = _keys(np.arange(counts.height + 1) * len(columns), codes)
    return pl.DataFrame({CELL: counts[CELL], KEY: keys, "n": counts["n"]})


def _keys(offsets: Ints, codes: Codes) -> pl.Series:
    data = np.ascontiguousarray(codes, dtype=codes.dtype.newbyteorder(">"))
    buffers = [None, pa.py_buffer(offsets * codes.dtype.itemsize), pa.py_buffer(data)]
    return pl.Series(pa.LargeBinaryArray.from_buffers(pa.large_binary(), len(offsets) - 1, buffers))


def _n(count: pl.Expr) -> pl.Expr:
    return count.cast(pl.Int64).alias("n")
