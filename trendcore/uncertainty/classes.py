"""How each value changes when one work is taken out: works by what they add to the symbols of a row.

For a pair, a work has both members, one of them or none, and adds what its number of members says; so a few
classes hold all works, and leaving one out of each gives the jackknife exactly, and small steps the gradient.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from trendcore.arrays import Ints
from trendcore.indices.base_works import UNIT
from trendcore.indices.catalogue import Request
from trendcore.uncertainty.entries import Entries, Symbol

Floats = npt.NDArray[np.float64]

#: part of the least symbol by which symbols are moved: rounding and curvature are both small there
_STEP = 1e-5
#: weightings that take no credits of members
_PLAIN = frozenset({"full", "newman", "pair", "bilateral"})


@dataclass(frozen=True)
class Classes:
    """Classes of works for some rows.

    Attributes
    ----------
    row
        (n_classes,) place of the row among those that were given.
    count
        (n_classes,) works.
    adds
        Symbol of a formula -> (n_classes,) what one work of the class adds to it.
    n_works
        (n_rows,) works of the cell of each row; those of no class add nothing.
    """

    row: Ints
    count: Floats
    adds: Mapping[str, Floats]
    n_works: Floats

    def moved(self, request: Request, at: Mapping[str, Floats], by: Floats | float) -> Floats:
        """Value of the formula for each class, when so many works of it are added."""
        given = {name: values[self.row] + by * self.adds[name] for name, values in at.items()}
        formula = request.index.expression({name: name for name in given}).alias("value")
        found: Floats = pl.DataFrame(given).select(formula).to_series().to_numpy()
        return found

    def slopes(self, request: Request, at: Mapping[str, Floats]) -> Floats:
        """Change of the value with each work of a class: the gradient times what it adds."""
        least = np.full(len(self.row), np.inf)
        for name, values in at.items():
            adds = self.adds[name]
            room = np.divide(values[self.row], adds, out=np.full_like(adds, np.inf), where=adds > 0)
            np.minimum(least, room, out=least)
        step = _STEP * np.where(np.isfinite(least) & (least > 0), least, 1.0)
        up, down = self.moved(request, at, step), self.moved(request, at, -step)
        with np.errstate(invalid="ignore"):  # infinite less infinite is no number, and that is meant
            return (up - down) / (2.0 * step)

    def total(self, values: Floats, n_rows: int) -> Floats:
        """Sum over the works of each row."""
        return np.bincount(self.row, weights=self.count * values, minlength=n_rows).astype(np.float64)


def classes_of(entries: Entries, symbols: Mapping[str, Symbol], a: Ints, b: Ints) -> Classes | None:
    """Divide the works of its cell for each row (a, b), by the keys of members; b is -1 in rows of countries.

    Returns
    -------
    Classes or None
        None where what a work adds cannot be told from its members: totals of weights by author shares.
    """
    if (b < 0).all():
        return _of_countries(entries, symbols, a)
    weights = {symbol.measure.partition(":")[2] for symbol in symbols.values() if ":" in symbol.measure}
    if entries.directed or (entries.sample.credits is None or weights <= _PLAIN):
        return _of_pairs(entries, symbols, a, b)
    if all(symbol.space == "pair" for symbol in symbols.values()):
        return _of_entries(entries, symbols, a, b)
    return None


def _of_countries(entries: Entries, symbols: Mapping[str, Symbol], a: Ints) -> Classes:
    """Classes of the works of a member, by what they add; every symbol is one of the same side."""
    sides = {entries.space_name(symbol) for symbol in symbols.values()}
    assert len(sides) == 1, sides
    first = next(iter(symbols.values()))
    space = entries.space(first)
    row = np.repeat(np.arange(len(space.keys)), np.diff(space.offsets))
    adds = {name: _coefficients(entries, symbol) for name, symbol in symbols.items()}
    frame = pl.DataFrame({"_row": row, "_n": entries.sample.n[space.patterns], **adds})
    frame = frame.group_by("_row", *symbols).agg(pl.col("_n").sum())
    place = pl.DataFrame({"_row": np.searchsorted(space.keys, a), "_place": np.arange(len(a))})
    frame = frame.join(place, on="_row").sort("_place", *symbols)
    return _classes(entries, a, frame["_place"], frame["_n"], {name: frame[name] for name in symbols})


def _of_entries(entries: Entries, symbols: Mapping[str, Symbol], a: Ints, b: Ints) -> Classes:
    """Every pattern of a pair is a class."""
    space = entries.pairs
    rows = space.rows(entries.pair_keys(a, b))
    sizes = np.diff(space.offsets)[rows]
    taken = np.repeat(space.offsets[rows] - (np.cumsum(sizes) - sizes), sizes) + np.arange(int(sizes.sum()))
    adds = {name: _coefficients(entries, symbol)[taken] for name, symbol in symbols.items()}
    return _classes(
        entries, a, np.repeat(np.arange(len(a)), sizes), entries.sample.n[space.patterns[taken]], adds
    )


def _of_pairs(entries: Entries, symbols: Mapping[str, Symbol], a: Ints, b: Ints) -> Classes:
    """Works with both members, with one and with none, by what their number of members says that they add."""
    added, level = _levels(entries, symbols)
    n_levels = len(next(iter(added.values())))
    n, space = entries.sample.n, entries.pairs

    def by_level(row: Ints, pattern: npt.NDArray[np.int32], n_rows: int) -> Floats:
        counts = np.bincount(row * n_levels + level[pattern], weights=n[pattern], minlength=n_rows * n_levels)
        return counts.reshape(n_rows, n_levels).astype(np.float64)

    met = by_level(
        np.repeat(np.arange(len(space.keys)), np.diff(space.offsets)), space.patterns, len(space.keys)
    )
    both = met[space.rows(entries.pair_keys(a, b))]
    ends = []
    for side, codes in ((entries.members, a), (entries.partners if entries.directed else entries.members, b)):
        row = np.repeat(side.keys, np.diff(side.offsets))
        ends.append(by_level(row, side.patterns, entries.width)[codes])
    cell = entries.sample.cell
    every = by_level(cell, np.arange(len(n), dtype=np.int32), int(cell.max(initial=0)) + 1)
    every = every[a // entries.n_members]
    counts = {
        ("pair", "a", "b", "cell"): both,
        ("a", "cell"): ends[0] - both,
        ("b", "cell"): ends[1] - both,
        ("cell",): every - ends[0] - ends[1] + both,
    }
    parts = []
    for spaces, count in counts.items():
        row, at = np.nonzero(count)
        adds = {
            name: added[name][at] if symbol.space in spaces else np.zeros(len(at))
            for name, symbol in symbols.items()
        }
        parts.append((row, count[row, at], adds))
    together = {name: np.concatenate([part[2][name] for part in parts]) for name in symbols}
    return _classes(
        entries,
        a,
        np.concatenate([part[0] for part in parts]),
        np.concatenate([part[1] for part in parts]),
        together,
    )


def _levels(entries: Entries, symbols: Mapping[str, Symbol]) -> tuple[dict[str, Floats], Ints]:
    """Tell what a work of each level adds to each symbol in whose space it is, and each pattern's level."""
    sizes = entries.sample.sizes
    distinct, at = np.unique(sizes, return_inverse=True)
    adds = np.stack([_by_size(symbol, distinct.astype(np.float64)) for symbol in symbols.values()], axis=1)
    rows, level = np.unique(adds, axis=0, return_inverse=True)
    return {name: rows[:, column] for column, name in enumerate(symbols)}, level.reshape(-1)[at]


def _by_size(symbol: Symbol, size: Floats) -> Floats:
    """Tell what a work of so many members adds to a symbol, in works."""
    kind, _, counting = symbol.measure.partition(":")
    factor = symbol.scale / UNIT if counting not in ("", "full") else symbol.scale
    match kind:
        case "intl":
            adds = (size >= 2).astype(np.float64)
        case "met":
            adds = np.zeros_like(size)
        case "known":
            adds = (size >= 1).astype(np.float64)
        case "weight":
            adds = _weight(counting, size)
        case "links":
            pairs = size * (size - 1) / 2 if symbol.space == "cell" else size - 1
            adds = np.where(size >= 2, pairs * _weight(counting, size), 0.0)
        case _:
            adds = np.ones_like(size)
    return adds * factor


def _weight(counting: str, size: Floats) -> Floats:
    """Weight of each pair of a work of so many members with equal credits."""
    n = np.maximum(size, 2.0)
    weights = {
        "full": np.ones_like(n),
        "newman": 1 / (n - 1),
        "pair": 2 / (n * (n - 1)),
        "share": 2 / (n * n),
        "nature": 2 / n,
        "harmonic": 1 / n,
        "bilateral": (n == 2).astype(np.float64),
    }
    return np.where(size >= 2, weights[counting], 0.0)


def _coefficients(entries: Entries, symbol: Symbol) -> Floats:
    """Tell what a work of each entry of a symbol's space adds to it, in works."""
    found = entries.coefficients(symbol)
    if not len(found):
        return np.full(len(entries.space(symbol).patterns), symbol.scale)
    return np.multiply(found, symbol.scale, dtype=np.float64)


def _classes(
    entries: Entries,
    a: Ints,
    row: Ints | pl.Series,
    count: Ints | Floats | pl.Series,
    adds: Mapping[str, Floats | pl.Series],
) -> Classes:
    return Classes(
        np.asarray(row, dtype=np.int64),
        np.asarray(count, dtype=np.float64),
        {name: np.asarray(values, dtype=np.float64) for name, values in adds.items()},
        np.bincount(entries.sample.cell, weights=entries.sample.n)[a // entries.n_members].astype(np.float64),
    )
