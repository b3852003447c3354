"""Blocs: a bloc's members become one node, before anything is counted; never a sum of pairs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt
import polars as pl

from trendcore.arrays import Codes, Ints, Lists, code_type, translate
from trendcore.errors import SchemaError, UsageError
from trendcore.tallies.counting import Counts
from trendcore.tallies.sets import CELL, MEMBER, A, B
from trendcore.tallies.works import Works

if TYPE_CHECKING:
    from trendcore.taxonomy import Bloc, Blocs

#: whose values say who is a member of a dated bloc
YEAR: Final = "year"
_PREFIX: Final = "bloc:"
#: classes of members in a pair of blocs: bits of the blocs that they are in
_BOTH: Final = 3
Classes = npt.NDArray[np.uint8]
_OfEntries = Callable[[Codes, Ints], Codes]


@dataclass(frozen=True, eq=False)
class Group:
    """One bloc, or two of which the pair is counted."""

    blocs: tuple[Bloc, ...]

    @property
    def name(self) -> str:
        """Name of the bloc; of two, ``g7+quad``."""
        return "+".join(bloc.name for bloc in self.blocs)

    @property
    def nodes(self) -> tuple[str, ...]:
        """How its nodes are displayed."""
        return tuple(_PREFIX + bloc.name for bloc in self.blocs)

    @property
    def dated(self) -> bool:
        """Whether members depend on the year."""
        return not all(bloc.fixed for bloc in self.blocs)


def groups_of(groups: str | Sequence[str | tuple[str, str]], blocs: Blocs, by: Sequence[str]) -> list[Group]:
    """Look groups up.

    Raises
    ------
    UsageError
        There is no such bloc, a bloc is paired with itself, or the years of a dated one are not told apart.

    Examples
    --------
    >>> from trendcore import taxonomy
    >>> [group.name for group in groups_of(["quad", ("quad", "g7")], taxonomy.blocs(), by=[])]
    ['quad', 'g7+quad']
    """
    found = {}
    for each in [groups] if isinstance(groups, str) else groups:
        names = [each] if isinstance(each, str) else list(each)
        chosen = {bloc.name: bloc for bloc in map(blocs.get, names)}
        if len(chosen) != len(names) or len(names) not in (1, 2):
            raise UsageError(f"groups has {each!r}: give the name of a bloc, or a pair of names of two")
        group = Group(tuple(chosen[name] for name in sorted(chosen)))
        if group.dated and YEAR not in by:
            raise UsageError(
                f"the members of {group.name} depend on the year: by must have a column {YEAR!r}"
            )
        found[group.name] = group
    if not found:
        raise UsageError("groups is empty: give the name of a bloc, or None")
    return list(found.values())


def as_nodes(works: Works, group: Group) -> Works:
    """Put a node in the place of the members of a bloc.

    Of two blocs, a member of both stands for both nodes where the work has another member of either. Where
    it has none, it is a code of its own, the last one, so that it makes no pair with itself: see `of_nodes`.
    """
    classes, era_of_cell = _classes(works, group)
    inside = bool(classes.any())
    outside = [name for name, eras in zip(works.names, classes.T, strict=False) if not eras.all()]
    names = sorted({*outside, *(group.nodes if inside else ())})
    code = {name: at for at, name in enumerate(names)}
    pair = inside and len(group.blocs) == 2
    shown = (*names, _PREFIX + group.name) if pair else tuple(names)
    dtype = code_type(len(shown))
    plain = np.array([*(code.get(name, 0) for name in works.names), np.iinfo(dtype).max], dtype=dtype)
    if pair:
        of_entry = partial(_look_up, classes, era_of_cell, works.cells.of_work)
        lists = _paired(
            works.lists.alone(), plain, [code[node] for node in group.nodes], len(names), of_entry
        )
        return replace(works, names=shown, lists=lists)
    table = np.where(classes > 0, np.array(code.get(group.nodes[0], 0), dtype=dtype), plain)
    return works.recoded(shown, partial(_look_up, table, era_of_cell, works.cells.of_work))


def of_nodes(counts: Counts, works: Works, group: Group) -> Counts:
    """Keep the pairs with the bloc's node; of two blocs, the pair of theirs.

    Parameters
    ----------
    counts, works
        What was counted of `as_nodes` works, and these.
    """
    codes = [works.names.index(node) for node in group.nodes if node in works.names]
    of_a, of_b = (pl.col(end).is_in(codes) for end in (A, B))
    if len(group.blocs) == 1:
        return replace(counts, pairs=counts.pairs.filter(of_a | of_b))
    both = pl.col(MEMBER) == (len(works.names) - 1 if codes else -1)
    rows = [counts.members.filter(~both)]
    rows += [counts.members.filter(both).with_columns(pl.lit(code, pl.Int64).alias(MEMBER)) for code in codes]
    members = pl.concat(rows).group_by(CELL, MEMBER).sum().sort(CELL, MEMBER)
    return replace(counts, members=members, pairs=counts.pairs.filter(of_a & of_b))


def _paired(lists: Lists, plain: Codes, nodes: list[int], shared: int, class_of: _OfEntries) -> Lists:
    """Members of works in which those of two blocs are nodes.

    Parameters
    ----------
    plain
        New code of the members of neither, by the old one.
    nodes, shared
        Codes of the nodes, and that of members of both where the work has no other member of either.
    class_of
        Codes and how many of them each work has to the classes of the entries.
    """
    lengths = np.diff(lists.offsets)
    classes = class_of(lists.codes, lengths)
    alone = (classes == _BOTH) & np.repeat(_one_inside(lists, classes > 0), lengths)
    twice = (classes == _BOTH) & ~alone
    codes = translate(lists.codes, plain)
    for chosen, code in (
        (classes == 1, nodes[0]),
        (classes == 2, nodes[1]),
        (twice, nodes[0]),
        (alone, shared),
    ):
        codes[chosen] = code
    entry = np.repeat(np.arange(len(codes)), 1 + twice)
    codes = codes[entry]
    codes[1:][entry[1:] == entry[:-1]] = nodes[1]
    return Lists(lists.offsets + np.concatenate(([0], np.cumsum(twice)))[lists.offsets], codes)


def _one_inside(lists: Lists, inside: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Which works have just one distinct member among the entries that are inside."""
    one = np.zeros(len(lists.offsets) - 1, dtype=np.bool_)
    filled = np.flatnonzero(np.diff(lists.offsets))
    if filled.size:
        starts, codes = lists.offsets[filled], lists.codes.astype(np.int64)
        low = np.minimum.reduceat(np.where(inside, codes, np.iinfo(np.int64).max), starts)
        high = np.maximum.reduceat(np.where(inside, codes, -1), starts)
        one[filled] = low == high
    return one


def _classes(works: Works, group: Group) -> tuple[Classes, Ints]:
    """Which blocs a member is in, as bits (n_eras, n_members + 1), and the era of each cell.

    An era is of years with the same members. The last column is for unknown members.
    """
    years: list[int] = [2000] * works.cells.n
    if group.dated:
        column = works.cells.frame[YEAR]
        if not column.dtype.is_integer():
            raise SchemaError(
                f"by column {YEAR!r} holds {column.dtype}; dated blocs need years as whole numbers"
            )
        years = column.to_list()
    eras: dict[tuple[frozenset[int], ...], int] = {}
    era_of: dict[int, int] = {}
    for year in sorted(set(years)) or [2000]:
        members = tuple(bloc.members(min(max(year, 1), 9999)) for bloc in group.blocs)
        era_of[year] = eras.setdefault(members, len(eras))
    classes = np.zeros((len(eras), len(works.names) + 1), dtype=np.uint8)
    code = {name: at for at, name in enumerate(works.names)}
    for members, era in eras.items():
        for bit, countries in enumerate(members):
            named = {name for country in countries for name in works.names_of(country)}
            classes[era, [code[name] for name in named & code.keys()]] |= 1 << bit
    return classes, np.array([era_of[year] for year in years], dtype=np.int64)


def _look_up(
    table: Codes, era_of_cell: Ints, cell: npt.NDArray[np.int32], codes: Codes, lengths: Ints
) -> Codes:
    """Look entries up in the row of the table for their work's era."""
    if len(table) == 1:
        return translate(codes, table[0])
    era = np.repeat(era_of_cell[cell], lengths)
    found: Codes = table[era, np.minimum(codes, table.shape[1] - 1)]
    return found
