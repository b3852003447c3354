"""What every kernel takes and gives; the backends and the contract test follow this package.

A file for each family of kernels: `works` counts works, `draws` resamples what was counted, `nulls` draws
from null models, `series` looks at series of years. Inputs are never written to, and results do not depend
on the number of threads. In every family W is the number of things that can be taken in any parts: works,
patterns, rows, series.
"""

from __future__ import annotations

from typing import Final

from trendcore_kernels.spec import draws, nulls, series, works
from trendcore_kernels.spec.model import Array, Cells, Codes, Counts, Floats, Ints, KernelSpec, Words
from trendcore_kernels.spec.works import (
    ONE,
    Credit,
    DenseDirected,
    DenseTally,
    MemberSets,
    SparseDirected,
    SparseTally,
    Weighting,
    pair_column,
)

__all__ = [
    "ONE",
    "SPECS",
    "Array",
    "Cells",
    "Codes",
    "Counts",
    "Credit",
    "DenseDirected",
    "DenseTally",
    "Floats",
    "Ints",
    "KernelSpec",
    "MemberSets",
    "SparseDirected",
    "SparseTally",
    "Weighting",
    "Words",
    "pair_column",
]

#: every kernel by name
SPECS: Final[dict[str, KernelSpec]] = {
    kernel.name: kernel for kernel in (*works.KERNELS, *draws.KERNELS, *nulls.KERNELS, *series.KERNELS)
}
