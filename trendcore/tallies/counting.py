"""One pass of the kernels over some works, as counts by cell, member and pair.

The only place that chooses between dense and sparse kernels, and that knows what their results are called.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import numpy as np
import polars as pl

from trendcore.arrays import Ints
from trendcore.errors import BackendError, UsageError
from trendcore.tallies.sets import (
    CELL,
    KEY,
    LARGE_SET,
    MEMBER,
    MORE,
    NO_SETS,
    A,
    B,
    Sets,
    alike,
    small_sets,
    together,
    total_alike,
)
from trendcore.tallies.types import DIRECTED_MEMBERS, DIRECTED_TOTALS, WORKS_TOTALS
from trendcore.tallies.works import Works
from trendcore_kernels import dispatch
from trendcore_kernels.spec import ONE, Credit, Weighting
from trendcore_kernels.transfer import fetch, place

#: dense kernels count every pair of so many members
DENSE_MEMBERS: Final = 256
#: and an array of theirs may hold so many counts (512 MiB)
DENSE_COUNTS: Final = 1 << 26
#: beyond so many, there may be so many for each work: to look over more costs more than to sort the works
FEW_COUNTS: Final = 1 << 16
DENSE_COUNTS_A_WORK: Final = 8

_KEYS: Final = {
    "totals": [CELL],
    "members": [CELL, MEMBER],
    "pairs": [CELL, A, B],
    "patterns": [CELL, KEY, MORE],
}

#: weightings by the credits of members
_BY_CREDIT: Final = ("share", "nature", "harmonic")
#: what a work of just two members adds to their pair where both have half the credit
_OF_TWO: Final = {"newman": ONE, "pair": ONE, "share": ONE // 2, "nature": ONE, "harmonic": ONE // 2}
#: names of the kernels' counts that are `types.DIRECTED_MEMBERS`
_DIRECTED_COUNTS: Final = ("member_works", "partner_works", "works_abroad", "partner_abroad")
_NO_CREDITS: Final[Ints] = np.zeros(0, dtype=np.int64)


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
    patterns
        Whether to count works by member set.
    credits
        Whether patterns are also of the credits by shares.
    backend
        Resolved name of the kernels' backend.
    """

    weightings: tuple[str, ...] = ()
    credit: str = "none"
    keep_unknown: bool = False
    patterns: bool = False
    credits: bool = False
    backend: str = "cpu"

    def kernel(self, name: str) -> Callable[..., Any]:
        """Return a kernel of the backend."""
        return dispatch.get(name, self.backend)


@dataclass(frozen=True)
class Counts:
    """Counts of some works, by codes; sorted by them.

    Attributes
    ----------
    totals
        `CELL` and the columns of totals: a row for each cell that has works.
    members
        `CELL`, `MEMBER`, and the columns of members.
    pairs
        `CELL`, `A`, `B`, joint and weights.
    patterns
        `CELL`, `KEY` (see `sets`) and n; `MORE` too where works are alike in something beside. Without rows
        where they are not counted.
    """

    totals: pl.DataFrame
    members: pl.DataFrame
    pairs: pl.DataFrame
    patterns: pl.DataFrame


def resolve_backend(backend: str, works: int | None = None) -> str:
    """Name the backend that will count: ``auto`` is decided here, once.

    Parameters
    ----------
    backend
        ``auto``, ``cpu``, ``gpu`` or ``reference``.
    works
        How many works will be counted, where that is known.

    Raises
    ------
    BackendError
        It cannot be used on this machine; the message says why and what to install.
    UsageError
        There is no backend of that name.

    Examples
    --------
    >>> resolve_backend("reference")
    'reference'
    """
    try:
        return dispatch.resolve(backend, works)
    except dispatch.BackendUnavailable as error:
        raise BackendError(str(error)) from error
    except ValueError as error:
        raise UsageError(str(error)) from error


def is_dense(n_works: int, n_cells: int, n_members: int, *, directed: bool = False) -> bool:
    """Whether to count in arrays of every pair, rather than in rows of those that met.

    Examples
    --------
    >>> is_dense(10**7, 138, 200), is_dense(10**4, 138, 200), is_dense(10**7, 138, 300)
    (True, False, False)
    """
    counts = n_cells * n_members * n_members // (1 if directed else 2)
    worth = max(DENSE_COUNTS_A_WORK * n_works, FEW_COUNTS)
    return n_members <= DENSE_MEMBERS and counts <= min(worth, DENSE_COUNTS)


def count(works: Works, scheme: Scheme) -> Counts:
    """Count one pass: totals, members, pairs, credits, weights and patterns.

    Raises
    ------
    BackendError
        The GPU has no room even for a single work, or for the counts.

    Examples
    --------
    >>> from trendcore.tallies.naming import Naming
    >>> from trendcore.tallies.works import Columns, works_of
    >>> works = works_of(pl.DataFrame({"c": [["JP", "US"]]}), Columns("c"), [], Naming(), before=0)
    >>> count(works, Scheme(backend="reference")).pairs.rows()
    [(0, 0, 1, 1)]
    """
    try:
        counts = _directed(works, scheme) if works.partners is not None else _undirected(works, scheme)
    except MemoryError as error:
        if scheme.backend != "gpu":
            raise
        raise BackendError(f"{error}; --backend cpu (backend='cpu') gives the same counts") from error
    if works.times == 1:
        return counts
    return Counts(**{
        name: getattr(counts, name).with_columns(pl.exclude(key) * works.times) for name, key in _KEYS.items()
    })  # fmt: skip


def total(parts: Sequence[Counts]) -> Counts:
    """Add the counts of parts of the works, sorted by codes."""
    if len(parts) == 1:
        return parts[0]
    frames = {name: pl.concat([getattr(part, name) for part in parts]) for name in _KEYS}
    return Counts(**{
        name: frame.group_by(key := [each for each in _KEYS[name] if each in frame.columns]).sum().sort(key)
        for name, frame in frames.items()
    })  # fmt: skip


# ------------------------------------------------------------------------------------------------- kernels


@dataclass(frozen=True)
class _Rows:
    """Keys of the rows of members and pairs, and where in the arrays of a dense result they are.

    Attributes
    ----------
    members, pairs
        Codes of the rows by column.
    member_at, pair_at
        Places of the rows in the arrays of a dense result; None: they are its rows already.
    sizes
        (n_cells, n_members) of a dense result; else empty.
    """

    members: dict[str, Ints]
    pairs: dict[str, Ints]
    member_at: Ints | None = None
    pair_at: Ints | None = None
    sizes: tuple[int, ...] = ()

    def of_members(self, **arrays: Ints) -> pl.DataFrame:
        """Frame of members with these counts."""
        return _frame(self.members, arrays, self.member_at)

    def of_pairs(self, **arrays: Ints) -> pl.DataFrame:
        """Frame of pairs with these counts."""
        return _frame(self.pairs, arrays, self.pair_at)


def _frame(keys: dict[str, Ints], arrays: dict[str, Ints], at: Ints | None) -> pl.DataFrame:
    counts = arrays if at is None else {name: array.ravel()[at] for name, array in arrays.items()}
    return pl.DataFrame({**keys, **counts})


def _dense_rows(n_cells: int, n_members: int, member_works: Ints, joint: Ints) -> _Rows:
    """Rows of a dense result that have works; of ordered pairs where ``joint`` is square."""
    cell, member, member_at = _places(member_works)
    pair_cell, pair, pair_at = _places(joint.reshape(n_cells, math.prod(joint.shape[1:])))
    if joint.ndim == 3:
        a, b = np.divmod(pair, max(n_members, 1))
    else:
        first, second = np.triu_indices(n_members, 1)
        a, b = first[pair], second[pair]
    pairs = {CELL: pair_cell, A: a, B: b}
    return _Rows({CELL: cell, MEMBER: member}, pairs, member_at, pair_at, (n_cells, n_members))


def _places(counts: Ints) -> tuple[Ints, Ints, Ints]:
    """Row, column and flat place of each count that is not 0."""
    is_there = counts != 0  # NumPy finds what is true far faster than what is not 0
    at = np.flatnonzero(is_there)
    row = np.repeat(np.arange(len(counts)), np.count_nonzero(is_there, axis=1))
    return row, at - row * counts.shape[1], at


def _sparse_rows(result: Any) -> _Rows:
    members = {CELL: result.member_cell, MEMBER: result.member}
    return _Rows(members, {CELL: result.pair_cell, A: result.a, B: result.b})


def _totals(result: Any, names: Sequence[str], n_cells: int) -> pl.DataFrame:
    columns = {CELL: np.arange(n_cells), **{name: getattr(result, name) for name in names}}
    return pl.DataFrame(columns).filter(pl.col("works") > 0)


def _undirected(works: Works, scheme: Scheme) -> Counts:
    sizes = works.cells.n, len(works.names)
    dense = is_dense(works.n, *sizes)
    kernel = scheme.kernel("tally_dense" if dense else "tally_sparse")
    result = kernel(works.cells.of_work, works.lists.offsets, works.lists.codes, *sizes)
    rows = _dense_rows(*sizes, result.member_works, result.joint) if dense else _sparse_rows(result)
    sums, large = _sums(works, scheme, rows, result)
    fractional = {"fractional": sums.pop("fractional")} if "fractional" in sums else {}
    totals = _totals(result, WORKS_TOTALS, sizes[0])
    members = rows.of_members(works=result.member_works, works_intl=result.member_intl, **fractional)
    pairs = rows.of_pairs(joint=result.joint, **sums)
    if not scheme.patterns:
        return Counts(totals, members, pairs, NO_SETS)
    if scheme.credits:
        return Counts(totals, members, pairs, _by_credits(works, scheme))
    two = rows.of_pairs(n=result.bilateral)
    sets = [*small_sets(totals, members, two), *large]
    patterns = together(sets, works.lists.codes.dtype, sizes[0], scheme.kernel("patterns"))
    return Counts(totals, members, pairs, patterns)


def _directed(works: Works, scheme: Scheme) -> Counts:
    assert works.partners is not None
    sizes = works.cells.n, len(works.names)
    dense = is_dense(works.n, *sizes, directed=True)
    kernel = scheme.kernel("directed_dense" if dense else "directed_sparse")
    lists = works.lists, works.partners
    arrays = [array for each in lists for array in (each.offsets, each.codes)]
    result = kernel(works.cells.of_work, *arrays, *sizes)
    if dense:
        rows = _dense_rows(*sizes, result.member_works | result.partner_works, result.joint)
    else:
        rows = _sparse_rows(result)
    counts = dict(zip(DIRECTED_MEMBERS, _DIRECTED_COUNTS, strict=True))
    members = rows.of_members(**{name: getattr(result, count) for name, count in counts.items()})
    patterns = _by_partners(works, scheme) if scheme.patterns else NO_SETS
    return Counts(
        _totals(result, DIRECTED_TOTALS, sizes[0]), members, rows.of_pairs(joint=result.joint), patterns
    )


def _by_credits(works: Works, scheme: Scheme) -> pl.DataFrame:
    """Count works by cell, member set, and the credits of its members by shares."""
    parts = []
    for block in works.blocks():
        lists = block.lists.alone()
        sets = scheme.kernel("member_sets")(lists.offsets, lists.codes, len(works.names), 1)
        own = _credits(block, sets, scheme)("author")
        parts.append(alike(block.cells.of_work, (fetch(sets.offsets), fetch(sets.codes)), fetch(own)))
    return total_alike(parts)


def _by_partners(works: Works, scheme: Scheme) -> pl.DataFrame:
    """Count works by cell, member set and partner set; both sides are to be known."""
    parts = []
    for block in works.blocks():
        sides = []
        for lists in (block.lists, block.partners):
            assert lists is not None
            own = lists.alone()
            found = scheme.kernel("member_sets")(own.offsets, own.codes, len(works.names), 1)
            sides.append((fetch(found.offsets), fetch(found.codes)))
        parts.append(alike(block.cells.of_work, *sides))
    return total_alike(parts).filter(pl.all_horizontal(pl.col(KEY, MORE).bin.size() > 0))


def _sums(works: Works, scheme: Scheme, rows: _Rows, result: Any) -> tuple[dict[str, Ints], list[Sets]]:
    """Sum credits and weights in the shape of the rows, and count works by large member set.

    Works of up to two members are in the whole counts already, where nothing but the member set matters; then
    only larger sets are looked at.
    """
    by_set = scheme.credit in ("none", "country")
    by_shares = works.shares is not None and bool({*_BY_CREDIT} & {*scheme.weightings})
    least = LARGE_SET if by_set and not by_shares else 1
    kind = "dense" if rows.sizes else "sparse"
    add, weigh = scheme.kernel(f"add_credits_{kind}"), scheme.kernel(f"weigh_{kind}")
    of_members, of_pairs = rows.sizes or rows.members.values(), rows.sizes or rows.pairs.values()
    sums: dict[str, Ints] = {}
    if scheme.credit == "country":
        sums["fractional"] = result.fractional
    for name in scheme.weightings:
        if name == "bilateral":
            sums["w_bilateral"] = result.bilateral * ONE
        elif least == LARGE_SET:
            sums[f"w_{name}"] = result.bilateral * _OF_TWO[name]
    weightings = [name for name in scheme.weightings if name != "bilateral"]
    large: list[Sets] = []
    if by_set and not weightings and not scheme.patterns:
        return sums, large
    for block in works.blocks():
        lists = block.lists if scheme.backend != "gpu" else block.lists.alone()
        cell, *placed = place(scheme.backend, block.cells.of_work, lists.offsets, lists.codes)
        sets = scheme.kernel("member_sets")(*placed, len(works.names), least)
        credits_of = _credits(block, sets, scheme)
        given = cell, sets.offsets, sets.codes
        if not by_set:
            _add(sums, "fractional", add(*given, credits_of(scheme.credit), *of_members))
        for name in weightings:
            own = credits_of("author" if works.shares else "country") if name in _BY_CREDIT else _NO_CREDITS
            _add(sums, f"w_{name}", weigh(*given, own, *of_pairs, Weighting[name.upper()]))
        if scheme.patterns:
            found = scheme.kernel("patterns")(*given, _NO_CREDITS, works.cells.n, LARGE_SET)
            parts = found.pattern_cell, found.offsets, found.codes, found.n
            cells, offsets, codes, n = map(fetch, parts)
            large.append(Sets(cells, np.diff(offsets), codes, n))
    return sums, large


def _add(sums: dict[str, Ints], name: str, part: Any) -> None:
    sums[name] = sums[name] + fetch(part) if name in sums else fetch(part)


def _credits(block: Works, sets: Any, scheme: Scheme) -> Callable[[str], Ints]:
    """Return what gives the credits of the entries of the member sets by scheme, each computed once."""
    units = block.lists if block.units is None else block.units
    first = block.lists.codes[:0] if block.first is None else block.first
    kernel = scheme.kernel("credits")

    @cache
    def credits_of(name: str) -> Ints:
        by_share = name in ("author", "modified")
        lists, shares = units, _NO_CREDITS
        if by_share and block.shares is not None:  # one for each entry of the lists
            lists, shares = block.lists.alone(), block.shares.fixed()
        credit: Ints = kernel(
            sets.offsets, sets.codes, lists.offsets, lists.codes, shares, first,
            Credit[name.upper()], scheme.keep_unknown,
        )  # fmt: skip
        return credit

    return credits_of
