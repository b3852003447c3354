"""Works by member set: sets as short binary keys, so that they are counted and sorted as fast as numbers.

The key of a set is its codes, ascending, one after the other with the most significant byte first. Keys sort
as the lists of names do.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import polars as pl
import pyarrow as pa

from trendcore.arrays import Codes, Ints
from trendcore_kernels.spec import Cells

#: columns of counting frames that are codes, and no names yet
CELL, MEMBER, A, B, KEY, MORE = "_cell", "_member", "_a", "_b", "_key", "_more"
#: sets of so many members are counted one by one; those of fewer follow from other counts
LARGE_SET: Final = 3

NO_SETS: Final = pl.DataFrame(schema={CELL: pl.Int64, KEY: pl.Binary, "n": pl.Int64})


@dataclass(frozen=True)
class Sets:
    """Works by cell and member set, in any order; a set may be there several times.

    Attributes
    ----------
    cell
        (n,) cells.
    sizes, codes
        (n,) numbers of members, and their codes, ascending in each set.
    n
        (n,) works.
    """

    cell: Ints
    sizes: Ints
    codes: Codes | Ints
    n: Ints


def small_sets(totals: pl.DataFrame, members: pl.DataFrame, two: pl.DataFrame) -> list[Sets]:
    """Count works by cell and member set, of sets of up to two members, from other counts.

    Parameters
    ----------
    totals, members
        Counts by codes.
    two
        `CELL`, `A`, `B`, n: works of just these two.
    """
    none = totals.select(CELL, n=pl.col("works") - pl.col("works_known"))
    alone = members.select(CELL, MEMBER, n=pl.col("works") - pl.col("works_intl"))
    return [_of_rows(none, []), _of_rows(alone, [MEMBER]), _of_rows(two, [A, B])]


def _of_rows(counts: pl.DataFrame, columns: list[str]) -> Sets:
    there = counts.filter(pl.col("n") > 0)
    codes = (
        np.column_stack([there[name].to_numpy() for name in columns]) if columns else np.zeros(0, np.int64)
    )
    sizes = np.full(there.height, len(columns))
    return Sets(there[CELL].to_numpy(), sizes, codes.ravel(), there["n"].to_numpy())


def together(
    parts: Sequence[Sets], dtype: np.dtype[Any], n_cells: int, kernel: Callable[..., Any]
) -> pl.DataFrame:
    r"""Add up works by cell and member set.

    Parameters
    ----------
    parts
        What is added.
    dtype
        Type of the codes.
    n_cells
        C.
    kernel
        ``patterns`` of a backend.

    Returns
    -------
    pl.DataFrame
        `CELL`, `KEY`, n; sorted.

    Examples
    --------
    >>> from trendcore_kernels import dispatch
    >>> one = Sets(np.array([0, 0]), np.array([3, 0]), np.array([0, 1, 2]), np.array([2, 1]))
    >>> together([one, one], np.dtype(np.uint8), 1, dispatch.get("patterns", "reference")).rows()
    [(0, b'', 2), (0, b'\x00\x01\x02', 4)]
    """
    cell, sizes, codes, n = (
        np.concatenate([getattr(part, name) for part in parts]) for name in ("cell", "sizes", "codes", "n")
    )
    offsets = np.concatenate(([0], np.cumsum(sizes)))
    found = kernel(cell.astype(np.int32), offsets, codes.astype(dtype), n, n_cells, 0)
    return pl.DataFrame({CELL: found.pattern_cell, KEY: _keys(found.offsets, found.codes), "n": found.n})


def alike(cell: Cells, sets: tuple[Ints, Codes], more: tuple[Ints, Codes] | Ints) -> pl.DataFrame:
    """Count works by cell, member set and something beside.

    Parameters
    ----------
    cell
        (n_works,) cells.
    sets
        Offsets and codes of the member sets.
    more
        Offsets and codes of other sets, or a number for each entry of the member sets.

    Returns
    -------
    pl.DataFrame
        `CELL`, `KEY`, `MORE`, n.

    Examples
    --------
    >>> codes = np.array([0, 1, 0, 1], dtype=np.uint8)
    >>> half = np.array([1, 1, 1, 1])
    >>> alike(np.zeros(2, np.int32), (np.array([0, 2, 4]), codes), half)["n"].to_list()
    [2]
    """
    beside = more if isinstance(more, tuple) else (sets[0], more)
    keys = {CELL: cell.astype(np.int64), KEY: _keys(*sets), MORE: _keys(*beside)}
    return pl.DataFrame(keys).group_by(CELL, KEY, MORE).agg(pl.len().cast(pl.Int64).alias("n"))


def total_alike(parts: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """Add up what `alike` counted; sorted."""
    return pl.concat(parts).group_by(CELL, KEY, MORE).sum().sort(CELL, KEY, MORE)


def numbers_of(keys: pl.Series) -> pl.Series:
    r"""Turn the keys of numbers back into lists of them.

    Examples
    --------
    >>> numbers_of(pl.Series([b"\0\0\0\0\0\0\1\0"])).to_list()
    [[256]]
    """
    offsets, data = _bytes(keys)
    numbers = np.frombuffer(data, dtype=">i8", count=offsets[-1] // 8).astype(np.int64)
    return pl.Series("credits", pa.LargeListArray.from_arrays(offsets // 8, pa.array(numbers)))


def members_of(keys: pl.Series, names: Sequence[str], dtype: np.dtype[Any]) -> pl.Series:
    r"""Turn keys back into lists of names.

    Examples
    --------
    >>> members_of(pl.Series([b"", b"\x00\x01"]), ["JP", "US"], np.dtype(np.uint8)).to_list()
    [[], ['JP', 'US']]
    """
    offsets, data = _bytes(keys)
    codes = np.frombuffer(data, dtype=dtype.newbyteorder(">"), count=offsets[-1] // dtype.itemsize)
    shown = pl.DataFrame({"name": pl.Series(names, dtype=pl.String)})[codes.astype(np.int64)].to_series()
    lists = pa.LargeListArray.from_arrays(offsets // dtype.itemsize, shown.to_arrow())
    return pl.Series("members", lists, dtype=pl.List(pl.String))


def _keys(offsets: Ints, codes: Codes) -> pl.Series:
    data = np.ascontiguousarray(codes, dtype=codes.dtype.newbyteorder(">"))
    buffers = [None, pa.py_buffer(offsets * codes.dtype.itemsize), pa.py_buffer(data)]
    return pl.Series(pa.LargeBinaryArray.from_buffers(pa.large_binary(), len(offsets) - 1, buffers))


def _bytes(keys: pl.Series) -> tuple[Ints, Any]:
    """Offsets of keys, and their bytes one after the other."""
    offsets = np.concatenate(([0], np.cumsum(keys.bin.size().to_numpy(), dtype=np.int64)))
    return offsets, keys.rechunk().to_arrow().buffers()[2] if offsets[-1] else b""
