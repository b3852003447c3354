"""Indices: pure functions of tallies, one file each, with a registry.

`compute` gives a long table, `compute_wide` one column an index, `conventions` what their columns mean,
`registry` every index with its formula, range, edge cases and source. A new index is one file here, named in
`catalogue.py`.
"""

from trendcore.indices.catalogue import Request, index, registry, request, skipped
from trendcore.indices.evaluated import Evaluated, evaluate
from trendcore.indices.model import SMALL_COUNT, VALUE_FLAGS, Index
from trendcore.indices.tables import compute, compute_wide, conventions, to_long

__all__ = [
    "SMALL_COUNT",
    "VALUE_FLAGS",
    "Evaluated",
    "Index",
    "Request",
    "compute",
    "compute_wide",
    "conventions",
    "evaluate",
    "index",
    "registry",
    "request",
    "skipped",
    "to_long",
]
