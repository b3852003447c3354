"""The one bridge between frames and kernels: columns become codes and offsets.

Nothing here knows what is counted. Lists of Enum or of whole numbers are handed on without a copy where their
codes already are what kernels take; strings are numbered in one pass over them.
"""

from trendcore.arrays.columns import Column, Ints, Raw, as_lists, column, flat
from trendcore.arrays.members import (
    Codes,
    Dictionary,
    Lists,
    code_type,
    dictionary,
    encode,
    encode_lists,
    translate,
)
from trendcore.arrays.threads import blocks, in_threads

__all__ = [
    "Codes",
    "Column",
    "Dictionary",
    "Ints",
    "Lists",
    "Raw",
    "as_lists",
    "blocks",
    "code_type",
    "column",
    "dictionary",
    "encode",
    "encode_lists",
    "flat",
    "in_threads",
    "translate",
]
