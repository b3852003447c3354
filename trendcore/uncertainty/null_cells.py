"""The works of each cell as draws of the null take them, and the draws themselves."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from trendcore.arrays import Codes, Ints, code_type
from trendcore.indices.base import CELL, Numbering, number
from trendcore.tallies import Tally
from trendcore.uncertainty.keys import cell_keys
from trendcore.uncertainty.meetings import Meetings, meetings
from trendcore_kernels import dispatch

Counts = npt.NDArray[np.int32]


@dataclass(frozen=True)
class NullCell:
    """Works of a cell that the null is over.

    Attributes
    ----------
    number
        Of the cell.
    key
        What its draws are keyed by, without the seed.
    members
        (n_members,) codes in the tally of the members that these works have, ascending.
    offsets, codes
        Member sets of the works, by place in ``members``: each work by itself, sorted, so that draws do not
        depend on the order in which works were counted.
    """

    number: int
    key: int
    members: Ints
    offsets: Ints
    codes: Codes

    @property
    def sizes(self) -> Ints:
        """(n_works,) members of each work."""
        return np.diff(self.offsets)


def null_cells(tally: Tally, least: int) -> tuple[Numbering, Iterator[NullCell]]:
    """Cells of a tally with patterns, one after the other, and how cells and members are numbered.

    Parameters
    ----------
    tally
        Of kind ``works``, with patterns.
    least
        The null is over works of so many members or more.
    """
    assert tally.patterns is not None
    names = tally.patterns["members"].explode(empty_as_null=False).cast(pl.String)
    numbering = number(tuple(tally.meta.by), [tally.patterns], [names])
    return numbering, _cells(tally.patterns, numbering, tally.meta.by, least)


def _cells(
    patterns: pl.DataFrame, numbering: Numbering, by: tuple[str, ...], least: int
) -> Iterator[NullCell]:
    keys = cell_keys(numbering.cells, by)
    coded = numbering.encode(patterns.filter(pl.col("members").list.len() >= least)).sort(CELL)
    dtype = pl.Enum(numbering.names)
    for (cell,), rows in coded.partition_by(CELL, as_dict=True).items():
        sets = rows["members"]
        flat = sets.explode(empty_as_null=False).cast(pl.String).cast(dtype).to_physical().to_numpy()
        members, places = np.unique(flat.astype(np.int64), return_inverse=True)
        ends = np.cumsum(sets.list.len().to_numpy(), dtype=np.int64)
        offsets, codes = _works(ends, places, rows["n"].to_numpy())
        yield NullCell(cell, int(keys[cell]), members, offsets, codes.astype(code_type(len(members))))


def _works(ends: Ints, places: Ints, n: Ints) -> tuple[Ints, Ints]:
    """Repeat each pattern as often as it has works, patterns sorted by their members."""
    sets = [tuple(each) for each in np.split(places, ends[:-1])]
    order = sorted(range(len(sets)), key=sets.__getitem__)
    sizes = np.array([len(sets[i]) for i in order], dtype=np.int64)
    starts = np.concatenate(([0], np.cumsum(sizes)))[:-1]
    sorted_places = np.concatenate([sets[i] for i in order])
    which = np.repeat(np.arange(len(order)), n[order])
    offsets = np.concatenate(([0], np.cumsum(sizes[which])))
    moved = np.repeat(starts[which] - offsets[:-1], sizes[which])
    return offsets, sorted_places[moved + np.arange(offsets[-1])]


@dataclass(frozen=True)
class Pairs:
    """Pairs of members, by their places in a cell: a < b, sorted."""

    a: Ints
    b: Ints

    def take(self, rows: Ints) -> Pairs:
        """Take some of the pairs."""
        return Pairs(self.a[rows], self.b[rows])


def all_pairs(cell: NullCell) -> Pairs:
    """All pairs of members of a cell."""
    return Pairs(*np.triu_indices(len(cell.members), 1))


def met_pairs(cell: NullCell) -> Pairs:
    """Pairs of members of a cell that have joint works."""
    n, parts = len(cell.members), [np.empty(0, dtype=np.int64)]
    for size in np.unique(cell.sizes):
        starts = cell.offsets[:-1][cell.sizes == size]
        sets = np.unique(cell.codes[starts[:, np.newaxis] + np.arange(size)].astype(np.int64), axis=0)
        first, second = np.triu_indices(int(size), 1)
        parts.append(np.unique(sets[:, first] * n + sets[:, second]))
    return Pairs(*np.divmod(np.unique(np.concatenate(parts)), n))


@dataclass(frozen=True)
class Null:
    """The null of a cell, from a seed: any of its draws, for any pairs.

    Attributes
    ----------
    cell
        Works.
    met
        Meetings by which they are mixed.
    key
        What the draws are keyed by.
    backend
        Resolved name of the kernels' backend.
    """

    cell: NullCell
    met: Meetings
    key: int
    backend: str

    @classmethod
    def of(cls, cell: NullCell, *, seed: int, sweeps: int, backend: str) -> Null:
        """Prepare the null of a cell."""
        key = _with_seed(cell.key, seed)
        return cls(cell, meetings(cell.sizes, sweeps, key, backend), key, backend)

    def joint(self, pairs: Pairs, draws: range) -> Counts:
        """Joint works of pairs in some draws: (n_draws, n_pairs)."""
        return self._count(pairs, np.arange(draws.start, draws.stop), self.met.rounds, self.met.works)

    def observed(self, pairs: Pairs) -> Counts:
        """Joint works of pairs as they are, without any meeting: (n_pairs,)."""
        none = np.zeros(1, dtype=np.int64), np.empty((0, 2), dtype=np.int32)
        found: Counts = self._count(pairs, np.zeros(1, dtype=np.int64), *none)[0]
        return found

    def _count(self, pairs: Pairs, draws: Ints, rounds: Ints, works: Counts) -> Counts:
        cell = self.cell
        sets = cell.offsets, cell.codes, pairs.a, pairs.b, len(cell.members)
        found: Counts = dispatch.get("null_joint", self.backend)(draws, rounds, works, *sets, self.key)
        return found


def _with_seed(key: int, seed: int) -> int:
    """Key of a cell under a seed: two cells, or two seeds, have other draws.

    Examples
    --------
    >>> _with_seed(5, 1) == _with_seed(5, 2), _with_seed(5, 1) == _with_seed(6, 1)
    (False, False)
    """
    from trendcore_kernels.reference._philox import philox

    low, high = key & 0xFFFFFFFF, key >> 32
    words = philox(low, high, 0, 0, seed & 0xFFFFFFFF, seed >> 32)
    return words[0] | words[1] << 32
