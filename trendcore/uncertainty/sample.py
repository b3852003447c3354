"""What is resampled: patterns, each of works that are alike, of the cells of a base."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Final

import numpy as np
import polars as pl

from trendcore.arrays import Codes, Ints, code_type
from trendcore.errors import UsageError
from trendcore.indices.base import CELL, Base
from trendcore.indices.evaluated import Evaluated
from trendcore.tallies import Tally, TradeTally
from trendcore.tallies.patterns import node_sets
from trendcore.tallies.types import BY_SHARES
from trendcore.taxonomy import Blocs
from trendcore.uncertainty.keys import Words, cell_keys, member_keys, mixed, set_keys

#: works that a pattern may stand for: a draw of a Poisson number of them, of which there are never 2^31
_MOST_ALIKE: Final = (1 << 31) - (1 << 22)


@dataclass(frozen=True)
class Sample:
    """Patterns, sorted by cell.

    Attributes
    ----------
    offsets, codes
        Member set of each pattern, by the code of a base: from 0, in the order of its names.
    n
        (n_patterns,) works that each pattern stands for.
    keys
        (n_patterns,) what their draws are keyed by.
    bounds
        (n_cells + 1,) where the patterns of each cell begin.
    partner_offsets, partner_codes
        The same of the other side's members (owners of what the members invented), or None.
    credits
        (n_entries,) credit of each entry of the member sets, in units of 2^-32, or None: 1/n each.
    """

    offsets: Ints
    codes: Codes
    n: Ints
    keys: Words
    bounds: Ints
    partner_offsets: Ints | None = None
    partner_codes: Codes | None = None
    credits: Ints | None = None

    @cached_property
    def sizes(self) -> Ints:
        """(n_patterns,) members of each pattern."""
        return np.diff(self.offsets)

    @cached_property
    def cell(self) -> Ints:
        """(n_patterns,) cell of each pattern."""
        return np.repeat(np.arange(len(self.bounds) - 1), np.diff(self.bounds))

    def cells(self, low: int, high: int) -> Sample:
        """Patterns of the cells from low to high, which is not among them; they are numbered from 0."""
        rows = slice(int(self.bounds[low]), int(self.bounds[high]))
        entries = slice(int(self.offsets[rows.start]), int(self.offsets[rows.stop]))
        return Sample(
            offsets=self.offsets[rows.start : rows.stop + 1] - entries.start,
            codes=self.codes[entries],
            n=self.n[rows],
            keys=self.keys[rows],
            bounds=self.bounds[low : high + 1] - rows.start,
            **self._partners_of(rows),
            credits=None if self.credits is None else self.credits[entries],
        )

    def _partners_of(self, rows: slice) -> dict[str, Any]:
        if self.partner_offsets is None or self.partner_codes is None:
            return {}
        ends = self.partner_offsets[rows.start : rows.stop + 1]
        codes = self.partner_codes[int(ends[0]) : int(ends[-1])]
        return {"partner_offsets": ends - ends[0], "partner_codes": codes}


def of_bloc(tally: Tally | TradeTally, bloc: str | None, blocs: Blocs | None = None) -> Tally | TradeTally:
    """Return the tally with a bloc (of some blocs) as one node, or as it is where there is none.

    Raises
    ------
    UsageError
        There is no such bloc, or the tally has no patterns to count it from.
    """
    if bloc is None:
        return tally
    if not isinstance(bloc, str):
        raise UsageError(f"bloc is the name of a bloc, as 'quad', not {bloc!r}")
    if isinstance(tally, TradeTally) or tally.patterns is None:
        raise UsageError(f"bloc {bloc!r} is counted from patterns: tally works with patterns=True")
    equal = tally.meta.shares == "equal"
    counting = [name for name in tally.meta.counting if equal or name not in BY_SHARES]
    return tally.regroup(groups=bloc, blocs=blocs, counting=counting, credit="none")


def sample_of(tally: Tally, base: Base, bloc: str | None = None, blocs: Blocs | None = None) -> Sample:
    """Patterns of a tally, in the cells and codes of a base of it.

    Parameters
    ----------
    tally
        Counts with patterns.
    base
        Of the tally, or of the same one with a bloc as one node.
    bloc, blocs
        That bloc, and where it is looked up; patterns are drawn as they are without it.

    Raises
    ------
    UsageError
        The tally has no patterns, or is one of a bloc itself.

    Examples
    --------
    >>> import trendcore as tc
    >>> works = pl.DataFrame({"countries": [["JP", "US"], ["US"], ["JP", "US"]]})
    >>> tally = tc.tally(works, members="countries", by=[], patterns=True)
    >>> sample_of(tally, tc.indices.evaluate(tally).base).n.tolist()
    [2, 1]
    """
    if tally.patterns is None:
        why = "its works cannot be resampled: tally them with patterns=True"
        if tally.meta.universe.startswith("bloc:"):
            why = "it is of a bloc: give the tally of all members, and the bloc as bloc="
        raise UsageError(f"the tally has no patterns, so {why}")
    if (tally.patterns["n"] > _MOST_ALIKE).any():
        raise UsageError(f"works of one member set are more than {_MOST_ALIKE:,}: draws do not fit 32 bits")
    by = tally.meta.by
    patterns, cell = _by_cell(tally.patterns, base, by)
    names = tuple(tally.patterns["members"].explode().unique().drop_nulls().sort().to_list())
    partners: dict[str, Any] = {}
    if "partners" in patterns.columns:
        names = tuple(sorted({*names, *patterns["partners"].explode().drop_nulls().unique()}))
    keys = member_keys(names)
    sets = _coded(patterns["members"], names)
    drawn = set_keys(cell_keys(base.cells, by)[cell], *sets, keys)
    credits = None  # noqa: A001 (the field's term)
    if "partners" in patterns.columns:
        others = _coded(patterns["partners"], names)
        drawn = set_keys(mixed(drawn), *others, keys)
        partners = dict(zip(("partner_offsets", "partner_codes"), _recoded(others, names, base), strict=True))
    if "credits" in patterns.columns:
        credits = patterns["credits"].explode(empty_as_null=False).to_numpy().astype(np.int64)  # noqa: A001
        places = np.arange(len(credits), dtype=np.uint64)  # each entry is a code of its own
        drawn = set_keys(mixed(drawn), sets[0], places, credits.astype(np.uint64))
    if bloc is not None:
        lists, names = node_sets(replace(tally, patterns=patterns.drop(CELL, strict=False)), bloc, blocs)
        sets = lists.offsets, lists.codes
    offsets, codes = _recoded(sets, names, base)
    return Sample(
        offsets=offsets,
        codes=codes,
        n=patterns["n"].to_numpy().astype(np.int64),
        keys=drawn,
        bounds=np.searchsorted(cell, np.arange(base.cells.height + 1)).astype(np.int64),
        credits=credits,
        **partners,
    )


def _by_cell(patterns: pl.DataFrame, base: Base, by: Sequence[str]) -> tuple[pl.DataFrame, Ints]:
    """Sort patterns by the cells of a base, and number these."""
    if not by:
        return patterns, np.zeros(patterns.height, dtype=np.int64)
    joined = patterns.join(base.cells, on=list(by), how="left", nulls_equal=True).sort(
        CELL, maintain_order=True
    )
    return joined, joined[CELL].to_numpy().astype(np.int64)


def _coded(lists: pl.Series, names: Sequence[str]) -> tuple[Ints, Codes]:
    """Offsets and codes of lists of names, by their place among some names."""
    flat = lists.explode(empty_as_null=False).cast(pl.String).cast(pl.Enum(names)).to_physical()
    offsets = np.concatenate([[0], np.cumsum(lists.list.len().to_numpy(), dtype=np.int64)])
    return offsets, flat.to_numpy().astype(code_type(len(names)))


def _recoded(sets: tuple[Ints, Codes], names: Sequence[str], base: Base) -> tuple[Ints, Codes]:
    """Give members the codes of a base, in the same order.

    It has all that are in the sets, but not every name: of a bloc's members none may be left.
    """
    dtype = code_type(len(base.names))
    if not len(sets[1]):
        return sets[0], sets[1].astype(dtype)
    place = {name: code for code, name in enumerate(base.names)}
    codes = np.array([place.get(name, -1) for name in names])[sets[1]]
    assert codes.min() >= 0
    return sets[0], codes.astype(dtype)


@dataclass(frozen=True)
class Batch:
    """Some cells, one after the other, and rows of a base in them.

    Attributes
    ----------
    low, high
        The cells are those from low to high, which is not among them.
    rows
        Of each index, the rows in these cells.
    """

    low: int
    high: int
    rows: list[Ints]


def batches(found: Evaluated, sample: Sample, rows: list[Ints], most: int) -> Iterator[Batch]:
    """Divide rows of a base, ascending, by cells: as many together as have so many patterns, at least one."""
    cells = found.rows[CELL].to_numpy()
    starts = np.searchsorted(cells, np.arange(found.base.cells.height + 1))
    low = 0
    while low < found.base.cells.height:
        high = int(np.searchsorted(sample.bounds, sample.bounds[low] + most, side="right")) - 1
        high = min(max(high, low + 1), found.base.cells.height)
        mine = [each[slice(*np.searchsorted(each, starts[[low, high]]))] for each in rows]
        if any(len(each) for each in mine):
            yield Batch(low, high, mine)
        low = high
