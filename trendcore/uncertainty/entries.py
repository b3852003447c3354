"""Which patterns each row of some cells is counted from, and how much each work of them adds.

Every symbol of a formula is a sum over works, so over patterns: of a pair, of a country or of the cell. A
`Space` lists the patterns of each such row; a measure is what one work of a pattern adds, a whole number:

==================  =================================================================================
measure             a work adds
==================  =================================================================================
``works``           1
``intl``            1 if it has two members or more
``known``           1 if it has a member (on both sides, where there are two)
``weight:<name>``   to a pair, its weight in units of 2^-32
``links:<name>``    to a member, the weights of its pairs; to the cell, of all pairs; ``full``: their number
``abroad``          1 if there is another partner than the member
``partner_works``   1 if the member is a partner
``partner_abroad``  1 if it is a partner and there is another member
``met:<name>``      no sum: how many pairs of the member have a weight; a work more or less leaves it as it is
==================  =================================================================================
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
import numpy.typing as npt

from trendcore.arrays import Codes, Ints
from trendcore.indices.base_works import UNIT
from trendcore.uncertainty.sample import Sample
from trendcore_kernels import dispatch
from trendcore_kernels.spec import ONE, Credit, Weighting

_NONE: Final[Ints] = np.zeros(0, dtype=np.int64)
#: weightings that take credits of members
_BY_CREDIT: Final = ("share", "nature", "harmonic")


@dataclass(frozen=True)
class Symbol:
    """Where a column of a base is summed from.

    Attributes
    ----------
    space
        Rows whose sums it holds: ``pair``, ``a`` or ``b`` (the member there), ``cell``.
    measure
        What a work adds, see `Entries.coefficients`.
    scale
        The column is the sum times this.
    """

    space: str
    measure: str
    scale: float = 1.0


#: columns of a base with a meaning of their own
_NAMED: Final = {
    "joint": Symbol("pair", "works"),
    "abroad": Symbol("a", "intl"),
    "own": Symbol("a", "works"),
    "x": Symbol("a", "works"),
    "works": Symbol("a", "works"),
    "works_abroad": Symbol("a", "abroad"),
    "partner_works": Symbol("a", "partner_works"),
    "partner_abroad": Symbol("a", "partner_abroad"),
}
_DOCS: Final = {"docs_int": "intl", "docs_all": "works"}


def symbol_of(column: str) -> Symbol:
    """Where a column of a works base, or of a directed one, is summed from.

    Examples
    --------
    >>> symbol_of("x:docs_int")
    Symbol(space='a', measure='intl', scale=1.0)
    >>> symbol_of("matrix:full")
    Symbol(space='cell', measure='links:full', scale=2.0)
    """
    if column in _NAMED:
        return _NAMED[column]
    kind, _, rest = column.partition(":")
    counting = rest.removeprefix("links:")
    unit = 1.0 if counting == "full" else UNIT
    if kind == "c":
        return Symbol("pair", "works" if rest == "full" else f"weight:{rest}", unit)
    if kind == "matrix":
        return Symbol("cell", f"links:{rest}", 2.0 * unit)
    space = {"x": "a", "y": "b", "total": "cell"}[kind]
    if rest.startswith("deg:"):
        return Symbol(space, f"met:{rest.removeprefix('deg:')}")
    if rest in _DOCS:
        return Symbol(space, "known" if (kind, rest) == ("total", "docs_all") else _DOCS[rest])
    return Symbol(space, f"links:{counting}", unit)


@dataclass(frozen=True)
class Space:
    """Rows of some cells and the patterns of each.

    Attributes
    ----------
    keys
        (n_rows,) what each row is of, ascending: a member, a pair or a cell; see `Entries`.
    offsets
        (n_rows + 1,) where the patterns of each row begin.
    patterns
        (n_entries,) int32.
    order
        (n_entries,) place of each entry among those by pattern, then by row.
    """

    keys: Ints
    offsets: Ints
    patterns: npt.NDArray[np.int32]
    order: Ints

    def rows(self, keys: Ints) -> Ints:
        """Rows of some keys, which all are there."""
        return np.searchsorted(self.keys, keys)


def _space(pattern: Ints, key: Ints, n_patterns: int) -> Space:
    """Make a space of entries that are sorted by pattern."""
    combined = key * max(n_patterns, 1) + pattern
    order = np.argsort(combined)
    ordered = key[order]
    starts = np.flatnonzero(np.diff(ordered, prepend=-1))
    offsets = np.append(starts, len(ordered)).astype(np.int64)
    return Space(ordered[starts], offsets, pattern[order].astype(np.int32), order)


class Entries:
    """The spaces of some cells, and the coefficients of their entries by measure.

    The key of a member is cell x n_members + code, so that it says the cell too; that of a pair is
    a x width + b of the keys of its members.

    Parameters
    ----------
    sample
        Patterns of the cells.
    n_members
        Members of the base.
    backend
        Of the kernels.
    """

    def __init__(self, sample: Sample, n_members: int, backend: str) -> None:
        self.sample = sample
        self.n_members = max(n_members, 1)
        self.width = self.n_members * max(len(sample.bounds) - 1, 1)
        self._backend = backend
        self._weights: dict[str, Ints] = {}
        self.n_patterns = len(sample.n)

    @property
    def directed(self) -> bool:
        """Whether works have members on two sides."""
        return self.sample.partner_codes is not None

    @cached_property
    def members(self) -> Space:
        """Members, each with the patterns that it is in."""
        return _space(*self._listed, self.n_patterns)

    @cached_property
    def partners(self) -> Space:
        """Partners, each with the patterns that it is in."""
        return _space(*self._listed_partners, self.n_patterns)

    @cached_property
    def pairs(self) -> Space:
        """Pairs that met, each with its patterns."""
        pattern, a, b = self._met
        return _space(pattern, a * self.width + b, self.n_patterns)

    @cached_property
    def cell(self) -> Space:
        """The cells, each with all its patterns."""
        return _space(np.arange(self.n_patterns), self.sample.cell, self.n_patterns)

    def space(self, symbol: Symbol) -> Space:
        """Return the space in which a symbol is summed."""
        found: Space = getattr(self, self.space_name(symbol))
        return found

    def space_name(self, symbol: Symbol) -> str:
        """Name the space in which a symbol is summed; both ends of a pair are members of one."""
        if symbol.space in ("a", "b"):
            return "partners" if symbol.measure.startswith("partner_") else "members"
        return "pairs" if symbol.space == "pair" else "cell"

    def pair_keys(self, a: Ints, b: Ints) -> Ints:
        """Keys of pairs, given either way round; of directed ones only as they are."""
        low, high = (a, b) if self.directed else (np.minimum(a, b), np.maximum(a, b))
        return low * self.width + high

    def member_keys(self, cell: Ints, code: Ints) -> Ints:
        """Keys of members by their cell and code; -1 where the code is."""
        return np.where(code < 0, -1, cell * self.n_members + code)

    def coefficients(self, symbol: Symbol) -> Ints:
        """Return what a work of each entry adds to a symbol; of length 0 where that is 1 for all."""
        space, measure = self.space(symbol), symbol.measure
        if measure in ("works", "partner_works"):
            return _NONE
        if measure in ("intl", "known"):
            least = 2 if measure == "intl" else 1
            return (self.sample.sizes[space.patterns] >= least).astype(np.int64)
        if measure in ("abroad", "partner_abroad"):
            return self._abroad(space, partner=measure == "abroad")
        kind, _, counting = measure.partition(":")
        weights = self._weights_of(counting)
        if kind == "weight":
            return weights[space.order]
        return self._links(weights, symbol.space)[space.order]

    # ------------------------------------------------------------------------------------------- entries

    @cached_property
    def _listed(self) -> tuple[Ints, Ints]:
        """Pattern and member of each entry of the member sets."""
        pattern = np.repeat(np.arange(self.n_patterns), self.sample.sizes)
        return pattern, self.member_keys(self.sample.cell[pattern], self.sample.codes.astype(np.int64))

    @cached_property
    def _listed_partners(self) -> tuple[Ints, Ints]:
        offsets, codes = self._partner_sets
        pattern = np.repeat(np.arange(self.n_patterns), np.diff(offsets))
        return pattern, self.member_keys(self.sample.cell[pattern], codes.astype(np.int64))

    @property
    def _partner_sets(self) -> tuple[Ints, Codes]:
        offsets, codes = self.sample.partner_offsets, self.sample.partner_codes
        assert offsets is not None
        assert codes is not None
        return offsets, codes

    @cached_property
    def _met(self) -> tuple[Ints, Ints, Ints]:
        """Pattern, a and b of each pair in the member sets, sorted by these."""
        parts = [self._crossed()] if self.directed else [*self._paired()]
        if not parts:
            return _NONE, _NONE, _NONE
        pattern, a, b = (np.concatenate(columns) for columns in zip(*parts, strict=True))
        order = np.argsort(
            (pattern * self.n_members + a % self.n_members) * self.n_members + b % self.n_members
        )
        return pattern[order], a[order], b[order]

    def _paired(self) -> list[tuple[Ints, Ints, Ints]]:
        """Pairs of the sets of each size."""
        sizes, codes = self.sample.sizes, self._listed[1]
        parts = []
        for size in np.unique(sizes[sizes >= 2]).tolist():
            rows = np.flatnonzero(sizes == size)
            sets = codes[self.sample.offsets[rows][:, np.newaxis] + np.arange(size)]
            first, second = np.triu_indices(size, 1)
            parts.append((np.repeat(rows, len(first)), sets[:, first].ravel(), sets[:, second].ravel()))
        return parts

    def _crossed(self) -> tuple[Ints, Ints, Ints]:
        """Each member with each partner that is another one."""
        offsets, _ = self._partner_sets
        pattern, member = self._listed
        n_partners = np.diff(offsets)[pattern]
        place = np.arange(int(n_partners.sum())) - np.repeat(np.cumsum(n_partners) - n_partners, n_partners)
        pattern, member = np.repeat(pattern, n_partners), np.repeat(member, n_partners)
        partner = self._listed_partners[1][offsets[pattern] + place]
        other = member != partner
        return pattern[other], member[other], partner[other]

    # ------------------------------------------------------------------------------------------ measures

    def _weights_of(self, counting: str) -> Ints:
        """Weight of each of the pairs `_met`."""
        if counting == "full":
            return np.ones(len(self._met[0]), dtype=np.int64)
        if counting not in self._weights:
            self._weights[counting] = self._weighed(counting)
        return self._weights[counting]

    def _weighed(self, counting: str) -> Ints:
        pattern, a, b = self._met
        sample = self.sample
        if counting == "bilateral":
            return np.where(sample.sizes[pattern] == 2, ONE, 0).astype(np.int64)
        each = np.arange(self.n_patterns, dtype=np.int32)  # every pattern is a cell of its own
        own = _NONE
        if counting in _BY_CREDIT:
            own = self._credits() if sample.credits is None else sample.credits
        weigh = dispatch.get("weigh_sparse", self._backend)
        sets = each, sample.offsets, sample.codes
        ends = a % self.n_members, b % self.n_members
        found: Ints = weigh(*sets, own, pattern, *ends, Weighting[counting.upper()])
        return found

    def _credits(self) -> Ints:
        """1/n for each member of each pattern."""
        sample = self.sample
        sets = sample.offsets, sample.codes
        none = sample.codes[:0]
        found: Ints = dispatch.get("credits", self._backend)(*sets, *sets, _NONE, none, Credit.COUNTRY, False)
        return found

    def _links(self, weights: Ints, space: str) -> Ints:
        """Sum of the weights of the pairs of each entry of members, or of each pattern."""
        pattern, a, b = self._met
        if space == "cell":
            sums = np.zeros(self.n_patterns, dtype=np.int64)
            np.add.at(sums, pattern, weights)
            return sums
        entry = self._listed[0] * self.width + self._listed[1]
        sums = np.zeros(len(entry), dtype=np.int64)
        for member in (a, b):
            np.add.at(sums, np.searchsorted(entry, pattern * self.width + member), weights)
        return sums

    def _abroad(self, space: Space, *, partner: bool) -> Ints:
        """Whether the pattern of each entry has another one on the other side."""
        if partner:
            offsets, codes = self._partner_sets
        else:
            offsets, codes = self.sample.offsets, self.sample.codes
        sizes = np.diff(offsets)[space.patterns]
        member = np.repeat(space.keys % self.n_members, np.diff(space.offsets))
        only = np.zeros(len(sizes), dtype=np.int64)
        alone = np.flatnonzero(sizes == 1)
        only[alone] = codes[offsets[space.patterns[alone]]]
        found: Ints = ((sizes > 1) | ((sizes == 1) & (only != member))).astype(np.int64)
        return found
