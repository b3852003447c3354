"""Works as kernels take them: cells, lists of members, and what belongs to the members."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from trendcore.arrays import Codes, Ints, Lists, column, dictionary, encode, encode_lists
from trendcore.tallies.cells import Cells, cells
from trendcore.tallies.inputs import spread
from trendcore.tallies.naming import Naming
from trendcore.tallies.shares import Shares

#: works whose member sets and credits are held at a time
BLOCK_WORKS: Final = 1 << 22
_ROW: Final = "_row"


@dataclass(frozen=True)
class Columns:
    """Names of the columns of works that a tally reads; see `tally`."""

    members: str
    shares: str | None = None
    units: str | None = None
    first: str | None = None
    partners: str | None = None

    @property
    def of_members(self) -> list[str]:
        """Those that hold members."""
        return [name for name in (self.members, self.units, self.first, self.partners) if name is not None]

    def names(self, by: Sequence[str]) -> list[str]:
        """All that are read, the `by` columns too."""
        return [*by, *self.of_members, *([] if self.shares is None else [self.shares])]


@dataclass(frozen=True)
class Works:
    """Some works as kernels take them.

    Attributes
    ----------
    cells
        Cells, and the one of each work.
    lists
        Members of each work.
    names
        (n_members,) displayed names by code, sorted.
    names_of
        Country code to what it may be displayed as.
    partners
        Partners of each work, or None.
    shares
        Shares of the entries of ``lists``, or None.
    units
        Members of each unit (author by country) of a work, or None: the members stand for the units.
    first
        (n_works,) member of the first author, or None.
    times
        How many works each one stands for.
    """

    cells: Cells
    lists: Lists
    names: tuple[str, ...]
    names_of: Callable[[int], frozenset[str]]
    partners: Lists | None = None
    shares: Shares | None = None
    units: Lists | None = None
    first: Codes | None = None
    times: int = 1

    @property
    def n(self) -> int:
        """Number of works."""
        return len(self.cells.of_work)

    def blocks(self) -> Iterator[Works]:
        """Cut the works into blocks that bound what is held beside them; at least one."""
        for start in range(0, max(self.n, 1), BLOCK_WORKS):
            rows = slice(start, min(start + BLOCK_WORKS, self.n))
            yield replace(
                self,
                cells=replace(self.cells, of_work=self.cells.of_work[rows]),
                lists=self.lists.slice(rows),
                partners=None if self.partners is None else self.partners.slice(rows),
                shares=None if self.shares is None else self.shares.slice(rows),
                units=None if self.units is None else self.units.slice(rows),
                first=None if self.first is None else self.first[rows],
            )

    def take(self, rows: npt.NDArray[np.int64], times: int) -> Works:
        """Return some works, each to stand for so many; of works without shares, units and partners."""
        assert all(part is None for part in (self.partners, self.shares, self.units, self.first))
        of_work = self.cells.of_work[rows]
        return replace(
            self, cells=replace(self.cells, of_work=of_work), lists=self.lists.take(rows), times=times
        )

    def recoded(self, names: tuple[str, ...], recode: Callable[[Codes, Ints], Codes]) -> Works:
        """Give members other codes.

        Parameters
        ----------
        names
            Displayed names by the new codes.
        recode
            Codes (n_entries,) and how many of them each work has (n_works,) to the new codes.
        """

        def of(lists: Lists) -> Lists:
            own = lists.alone()
            return Lists(own.offsets, recode(own.codes, np.diff(own.offsets)))

        ones = np.ones(self.n, dtype=np.int64)
        return replace(
            self,
            names=names,
            lists=of(self.lists),
            partners=None if self.partners is None else of(self.partners),
            units=None if self.units is None else of(self.units),
            first=None if self.first is None else recode(self.first, ones),
        )


def works_of(
    frame: pl.DataFrame, columns: Columns, by: Sequence[str], naming: Naming, *, before: int
) -> Works:
    """Bring a frame of works to arrays.

    Parameters
    ----------
    frame
        A row a work, with the columns that are read.
    columns, by
        Names of the columns.
    naming
        How members are displayed.
    before
        Number of works before this frame, for messages.

    Raises
    ------
    SchemaError
        A column is of a type that cannot be read as what it is to be.
    InputError
        A `by` column holds nulls, a code has no label, or shares do not fit members.

    Examples
    --------
    >>> frame = pl.DataFrame({"year": [2022], "c": [["US", "JP"]]})
    >>> works = works_of(frame, Columns("c"), ["year"], Naming(), before=0)
    >>> works.names, works.lists.codes.tolist()
    (('JP', 'US'), [1, 0])
    """
    lists = any(isinstance(frame.schema[name], pl.List) for name in by)
    if lists:
        frame = spread(frame.with_row_index(_ROW, offset=before), by)
    taken = {name: column(frame[name]) for name in columns.of_members}
    members = dictionary(list(taken.values()), naming.names)
    codes = dict(zip(taken, members.codes, strict=True))
    own = encode_lists(taken[columns.members], codes[columns.members])
    shares = None
    if columns.shares is not None:
        row = frame[_ROW].to_numpy().astype(np.int64) if lists else before
        shares = Shares.of(frame[columns.shares], own.offsets, row)

    def lists_of(name: str | None) -> Lists | None:
        return None if name is None else encode_lists(taken[name], codes[name])

    return Works(
        cells=cells(frame, by),
        lists=own,
        names=members.names,
        names_of=naming.names_of(coded=members.coded),
        partners=lists_of(columns.partners),
        shares=shares,
        units=lists_of(columns.units),
        first=None if columns.first is None else encode(taken[columns.first], codes[columns.first]),
    )
