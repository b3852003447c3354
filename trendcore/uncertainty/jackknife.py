"""Every value with one work left out: what delta-method intervals and BCa's acceleration are made of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from trendcore.arrays import Ints
from trendcore.indices.catalogue import Request
from trendcore.indices.evaluated import Evaluated
from trendcore.uncertainty.classes import Classes, classes_of
from trendcore.uncertainty.entries import Entries, symbol_of
from trendcore.uncertainty.replicating import ends_of
from trendcore.uncertainty.sample import Sample, batches

Floats = npt.NDArray[np.float64]
#: patterns of cells that are looked at together: many small cells at once, large ones alone
_PATTERNS: Final = 1 << 18


@dataclass(frozen=True)
class Jackknife:
    """One index in some cells, and how it changes with each class of works.

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
    """Give the classes of works of some rows of each index, some cells after others."""
    for batch in batches(found, sample, rows, _PATTERNS):
        entries = Entries(sample.cells(batch.low, batch.high), len(found.base.names), backend)
        for number, (request, mine) in enumerate(zip(found.wanted, batch.rows, strict=True)):
            if len(mine):
                columns = found.base.columns[request.column]
                names = {name: columns[name] for name in request.index.needs}
                part = found.rows[pl.Series(mine.astype(np.uint32))]
                at = {name: part[column].cast(pl.Float64).to_numpy() for name, column in names.items()}
                symbols = {name: symbol_of(column) for name, column in names.items()}
                classes = classes_of(entries, symbols, *ends_of(found, entries, batch, mine))
                yield Jackknife(number, request, mine, found.value(number)[mine], at, classes)
