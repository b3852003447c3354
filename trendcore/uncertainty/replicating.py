"""Replicates of every value: draws for the patterns of cells, summed to symbols, put into the formulas.

An index needs nothing of its own: what a formula reads are columns of the base, and each of these is a sum
over patterns (`entries`).
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

from trendcore.arrays import Ints
from trendcore.indices.base import CELL, A, B
from trendcore.indices.catalogue import Request
from trendcore.indices.evaluated import Evaluated
from trendcore.uncertainty.entries import Entries, Symbol, symbol_of
from trendcore.uncertainty.sample import Batch, Sample, batches
from trendcore_kernels import dispatch
from trendcore_kernels.poisson import poisson_tables

Floats = npt.NDArray[np.float64]

#: values of an index that are held at a time: 256 MiB
MOST_VALUES: Final = 1 << 25
#: draws that are held at a time: 256 MiB
MOST_DRAWS: Final = 1 << 26
#: patterns of cells that are drawn together: few enough for the last cache
_PATTERNS: Final = 1 << 13
#: values that a formula is given at once: they stay in the cache
_TOGETHER: Final = 1 << 17


@dataclass(frozen=True)
class Replicates:
    """Replicates of one index in some rows of the base.

    Attributes
    ----------
    request
        Number of the request.
    rows
        (n,) rows of the base, ascending.
    values
        (n, replicates) values; NaN where undefined, infinite where the index is. The next ones are written to
        the same memory.
    """

    request: int
    rows: Ints
    values: Floats


@dataclass(frozen=True)
class Draws:
    """How many replicates there are, and from which seed."""

    n: int
    seed: int
    backend: str

    def of(self, sample: Sample, first: int, stop: int) -> npt.NDArray[np.int32]:
        """Weights of patterns in some of the replicates."""
        tables = poisson_tables()
        kernel = dispatch.get("poisson_draws", self.backend)
        found: npt.NDArray[np.int32] = kernel(
            sample.keys,
            sample.n,
            tables.thresholds,
            tables.starts,
            tables.least,
            self.seed,
            first,
            stop - first,
        )
        return found


def replicated(
    found: Evaluated, sample: Sample, rows: list[Ints], draws: Draws, *, whole: bool = False
) -> Iterator[Replicates]:
    """Give the replicates of some rows of each index, some cells after others.

    Parameters
    ----------
    found
        Rows, and what was asked for.
    sample
        Patterns of the same cells.
    rows
        For each index, rows of the base: of pairs that have joint works, and of countries.
    draws
        Replicates and seed.
    whole
        Give all rows of an index in the cells at once, however many.
    """
    room = _Room()  # memory that was written to once is quicker than new memory
    with ThreadPoolExecutor(pl.thread_pool_size()) as pool:
        for batch in batches(found, sample, rows, _PATTERNS):
            yield from _Cells(found, sample, batch, draws, pool, room).run(whole=whole)


class _Room:
    """Memory for values, used again and again."""

    def __init__(self) -> None:
        self._held = np.empty(0)

    def of(self, n_rows: int, n: int) -> Floats:
        if len(self._held) < n_rows * n:
            self._held = np.empty(n_rows * n)
        return self._held[: n_rows * n].reshape(n_rows, n)


class _Cells:
    """Replicates of the rows of some cells."""

    def __init__(
        self,
        found: Evaluated,
        sample: Sample,
        batch: Batch,
        draws: Draws,
        pool: ThreadPoolExecutor,
        room: _Room,
    ) -> None:
        self._found = found
        self._batch = batch
        self._entries = Entries(sample.cells(batch.low, batch.high), len(found.base.names), draws.backend)
        self._draws = draws
        self._pool = pool
        self._room = room
        self._weights: npt.NDArray[np.int32] | None = None

    def run(self, *, whole: bool) -> Iterator[Replicates]:
        """Give the replicates of the rows of each request, as many rows at a time as may be held."""
        rows = self._batch.rows
        every = np.unique(np.concatenate(rows))
        most = len(every) if whole else max(MOST_VALUES // self._draws.n, 1)
        for start in range(0, len(every), most):
            part = every[start : start + most]
            sums = _Sums(self, *self._ends(part))
            for number, each in enumerate(rows):
                mine = each[np.searchsorted(each, part[0]) : np.searchsorted(each, part[-1], "right")]
                if len(mine):
                    yield Replicates(number, mine, self._values(self._found.wanted[number], mine, sums))

    def _ends(self, rows: Ints) -> tuple[Ints, Ints]:
        """Keys of both ends of some rows; -1 for none."""
        return ends_of(self._found, self._entries, self._batch, rows)

    def _values(self, request: Request, rows: Ints, sums: _Sums) -> Floats:
        """Values of an index, block after block of rows over the threads."""
        columns = self._found.base.columns[request.column]
        symbols = {name: symbol_of(columns[name]) for name in request.index.needs}
        a, b = self._ends(rows)
        places = {name: sums.places(symbol, a, b) for name, symbol in symbols.items()}
        formula = request.index.expression({name: name for name in symbols}).alias("value")
        n = self._draws.n
        values = self._room.of(len(rows), n)
        size = max(_TOGETHER // n, 1)

        def evaluate(start: int) -> None:
            block = slice(start, min(start + size, len(rows)))
            given = [
                pa.array(_in_works(sums.of(symbol), places[name][block], symbol.scale))
                for name, symbol in symbols.items()
            ]
            frame = pl.DataFrame(pa.table(given, names=list(symbols)))  # without a copy
            values[block] = frame.select(formula).to_series().to_numpy().reshape(-1, n)

        list(self._pool.map(evaluate, range(0, len(rows), size)))
        return values

    def summed(self, symbol: Symbol, wanted: Ints) -> Ints:
        """Sum a symbol in some rows of its space, in all replicates."""
        space = self._entries.space(symbol)
        coefficients = self._entries.coefficients(symbol)
        offsets, taken = _taken(space.offsets, wanted)
        given = offsets, space.patterns[taken], coefficients[taken] if len(coefficients) else coefficients
        kernel = dispatch.get("replicate_sums", self._draws.backend)
        n, window = self._draws.n, max(MOST_DRAWS // max(self._entries.n_patterns, 1), 2)
        if n <= window:
            if self._weights is None:
                self._weights = self._draws.of(self._entries.sample, 0, n)
            found: Ints = kernel(*given, self._weights)
            return found
        parts = [
            kernel(*given, self._draws.of(self._entries.sample, first, min(first + window, n)))
            for first in range(0, n, window)
        ]
        return np.concatenate(parts, axis=1)

    def met(self, counting: str, wanted: Ints) -> Ints:
        """Count the pairs of some members that have a weight, in all replicates."""
        pairs, members = self._entries.pairs, self._entries.members
        of_pairs = Symbol("pair", "works" if counting == "full" else f"weight:{counting}")
        there = self.summed(of_pairs, np.arange(len(pairs.keys))) > 0
        counts = np.zeros((len(members.keys), self._draws.n), dtype=np.int64)
        for end in np.divmod(pairs.keys, self._entries.width):
            np.add.at(counts, members.rows(end), there)
        return counts[wanted]

    @property
    def entries(self) -> Entries:
        """Spaces and measures."""
        return self._entries


def ends_of(found: Evaluated, entries: Entries, batch: Batch, rows: Ints) -> tuple[Ints, Ints]:
    """Keys of both ends of some rows of a batch; -1 for none."""
    part = found.rows.select(CELL, A, B)[pl.Series(rows.astype(np.uint32))]
    cell = part[CELL].to_numpy().astype(np.int64) - batch.low
    a, b = (entries.member_keys(cell, part[name].to_numpy().astype(np.int64) - 1) for name in (A, B))
    return a, b


class _Sums:
    """Sums of symbols in all replicates, for the rows that some rows of the base need."""

    def __init__(self, cells: _Cells, a: Ints, b: Ints) -> None:
        self._cells = cells
        self._a, self._b = a, b
        self._found: dict[tuple[str, str], tuple[Ints, Ints]] = {}

    def of(self, symbol: Symbol) -> Ints:
        """(n_rows, replicates) sums of the rows that are needed."""
        return self._get(symbol)[1]

    def places(self, symbol: Symbol, a: Ints, b: Ints) -> Ints:
        """Rows of the sums for some rows of the base, by the keys of their ends."""
        return np.searchsorted(self._get(symbol)[0], self._keys(symbol, a, b))

    def _get(self, symbol: Symbol) -> tuple[Ints, Ints]:
        entries = self._cells.entries
        name = entries.space_name(symbol), symbol.measure
        if name not in self._found:
            ends = self._a, self._b  # a member's sums are the same at both ends
            keys = np.concatenate(ends) if symbol.space in ("a", "b") else self._keys(symbol, *ends)
            space = entries.space(symbol)
            wanted = np.flatnonzero(np.isin(space.keys, keys))
            kind, _, counting = symbol.measure.partition(":")
            sums = self._cells.met(counting, wanted) if kind == "met" else self._cells.summed(symbol, wanted)
            self._found[name] = space.keys[wanted], sums
        return self._found[name]

    def _keys(self, symbol: Symbol, a: Ints, b: Ints) -> Ints:
        if symbol.space == "cell":
            return a // self._cells.entries.n_members
        if symbol.space in ("a", "b"):
            return a if symbol.space == "a" else b
        return self._cells.entries.pair_keys(a, b)


def _in_works(sums: Ints, rows: Ints, scale: float) -> Floats:
    """Return the sums of some rows, in works; gathered only where they do not lie one after the other."""
    if len(rows) and rows[-1] - rows[0] == len(rows) - 1 and bool((np.diff(rows) == 1).all()):
        chosen = sums[rows[0] : rows[-1] + 1]
    else:
        chosen = sums[rows]
    found: Floats = np.multiply(chosen, scale, dtype=np.float64).reshape(-1)
    return found


def _taken(offsets: Ints, rows: Ints) -> tuple[Ints, Ints]:
    """Offsets of some rows put together, and places of their entries."""
    sizes = offsets[rows + 1] - offsets[rows]
    ends = np.concatenate([[0], np.cumsum(sizes)])
    return ends, np.arange(ends[-1]) + np.repeat(offsets[rows] - ends[:-1], sizes)
