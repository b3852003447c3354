"""Shares of authors: floats of a column, checked, as whole numbers of 2^-32 works."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import polars as pl

from trendcore.arrays import Ints, as_lists, flat
from trendcore.errors import InputError, SchemaError

#: one work
ONE: Final = 1 << 32
#: the shares of a work may add up to so much more than 1: they may be 32-bit floats
TOLERANCE: Final = 1e-6


@dataclass(frozen=True)
class Shares:
    """Shares of the entries of the members of some works.

    Attributes
    ----------
    name
        Name of the column.
    offsets
        (n_works + 1,) those of the members.
    values
        (n_entries,) floats.
    row
        (n_works,) row of each work in the input, or that of the first one.
    """

    name: str
    offsets: Ints
    values: npt.NDArray[np.floating[Any]]
    row: Ints | int

    @classmethod
    def of(cls, column: pl.Series, offsets: Ints, row: Ints | int) -> Shares:
        """Take shares that are as many as the members of each work.

        Raises
        ------
        SchemaError
            The column does not hold lists of floats.
        InputError
            A work has more or fewer shares than members, or one that is null.

        Examples
        --------
        >>> Shares.of(pl.Series("s", [[0.5, 0.25]]), np.array([0, 2]), 0).values.tolist()
        [0.5, 0.25]
        """
        column = as_lists(column)
        inner = column.dtype.inner if isinstance(column.dtype, pl.List) else column.dtype
        if inner == pl.Null:
            column = column.cast(pl.List(pl.Float64))
        elif inner not in (pl.Float32, pl.Float64):
            raise SchemaError(f"column {column.name!r} holds {column.dtype}; shares are lists of floats")
        own, entries = flat(column)
        shares = cls(column.name, offsets, entries.to_numpy(zero_copy_only=False), row)
        if not np.array_equal(own, offsets):
            at = int(np.flatnonzero(np.diff(own) != np.diff(offsets))[0])
            n_own, n_members = int(own[at + 1] - own[at]), int(offsets[at + 1] - offsets[at])
            raise InputError(
                f"{shares._where(at)}: {n_own} shares for {n_members} members; give one for each member"
            )
        return shares

    def slice(self, rows: slice) -> Shares:
        """Return the shares of a range of works."""
        offsets = self.offsets[rows.start : rows.stop + 1]
        return replace(
            self,
            offsets=offsets - offsets[0],
            values=self.values[offsets[0] : offsets[-1]],
            row=self.row + rows.start if isinstance(self.row, int) else self.row[rows],
        )

    def fixed(self) -> Ints:
        """Return the shares as whole numbers of 2^-32 works, rounded down, at most one work for each work.

        Raises
        ------
        InputError
            Shares are null, not finite, negative, or add up to more than 1.

        Examples
        --------
        >>> thirds = Shares("s", np.array([0, 3]), np.array([1 / 3] * 3), 0)
        >>> thirds.fixed().tolist()
        [1431655765, 1431655765, 1431655765]
        """
        values = self.values.astype(np.float64)
        wrong = ~((values >= 0) & (values <= 1 + TOLERANCE))  # a null is NaN here
        if wrong.any():
            at = int(np.searchsorted(self.offsets, np.flatnonzero(wrong)[0], side="right")) - 1
            raise InputError(f"{self._where(at)}: {self._shown(at)}; shares are numbers from 0 to 1")
        fixed = (values * ONE).astype(np.int64)
        before = np.concatenate(([0], np.cumsum(fixed)))
        sums = before[self.offsets[1:]] - before[self.offsets[:-1]]
        large = np.flatnonzero(sums > ONE)
        if large.size:
            self._scale_down(fixed, sums, large)
        return fixed

    def _scale_down(self, fixed: Ints, sums: Ints, large: Ints) -> None:
        """Scale works whose shares add up to a little more than 1 by rounding; refuse what is no rounding."""
        wrong = large[sums[large] > ONE * (1 + TOLERANCE)]
        if wrong.size:
            at = int(wrong[0])
            total = float(sums[at]) / ONE
            raise InputError(
                f"{self._where(at)}: {self._shown(at)} add up to {total:.9g}; shares of a work are at most 1"
            )
        factor = np.ones(len(sums))
        factor[large] = ONE / sums[large]
        of_work = np.repeat(factor, np.diff(self.offsets))
        scaled = np.flatnonzero(of_work < 1)
        fixed[scaled] = (fixed[scaled] * of_work[scaled]).astype(np.int64)

    def _where(self, at: int) -> str:
        row = self.row + at if isinstance(self.row, int) else int(self.row[at])
        return f"column {self.name!r}, row {row:,} (counted from 0)"

    def _shown(self, at: int) -> str:
        own = self.values[self.offsets[at] : self.offsets[at + 1]]
        shown = [f"{share:.9g}" for share in own[:8].tolist()]
        more = [f"{len(own) - 8} more"] if len(own) > 8 else []
        return f"[{', '.join([*shown, *more])}]".replace("nan", "null or NaN")
