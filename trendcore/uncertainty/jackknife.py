"""Every value with one work left out: what delta-method intervals and BCa's acceleration are made of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from trendcore.arrays import Ints
from trendcore.indices.base import A, B
from trendcore.indices.catalogue import Request
from trendcore.indices.evaluated import Evaluated
from trendcore.uncertainty.classes import Classes, classes_of
from trendcore.uncertainty.entries import Entries, symbol_of
from trendcore.uncertainty.sample import Sample, by_cell

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Jackknife:
    """One index in a cell, and how it changes with each class of works.

    Attributes
    ----------
    number, request
        The index.
    rows
        (n,) rows of the base.
    value
        (n,) values, NaN for null.
    at
        Symbol -> (n,) its value.
    classes
        Classes of works, or None where they cannot be told apart.
    """

    number: int
    request: Request
    rows: Ints
    value: Floats
    at: Mapping[str, Floats]
    classes: Classes | None


def jackknives(found: Evaluated, sample: Sample, rows: list[Ints], backend: str) -> Iterator[Jackknife]:
    """Give the classes of works of some rows of each index, cell after cell."""
    for cell, mine in by_cell(found, rows):
        entries = Entries(sample.cell(cell), len(found.base.names), backend)
        for number, (request, of_index) in enumerate(zip(found.wanted, mine, strict=True)):
            if len(of_index):
                yield _jackknife(found, entries, number, request, of_index)


def _jackknife(found: Evaluated, entries: Entries, number: int, request: Request, rows: Ints) -> Jackknife:
    columns = found.base.columns[request.column]
    part = found.rows[pl.Series(rows.astype(np.uint32))]
    names = {name: columns[name] for name in request.index.needs}
    at = {name: part[column].cast(pl.Float64).to_numpy() for name, column in names.items()}
    a, b = (part[end].to_numpy().astype(np.int64) - 1 for end in (A, B))
    symbols = {name: symbol_of(column) for name, column in names.items()}
    return Jackknife(number, request, rows, found.value(number)[rows], at, classes_of(entries, symbols, a, b))
