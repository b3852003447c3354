"""What describes a kernel: its arrays by type and shape letters, its numbers, its result."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Codes = npt.NDArray[np.unsignedinteger[Any]]
Cells = npt.NDArray[np.int32]
Ints = npt.NDArray[np.int64]
Words = npt.NDArray[np.uint64]
Counts = npt.NDArray[np.int32]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Array:
    """An array that a kernel takes or gives.

    Attributes
    ----------
    dtypes
        Names of the types that it may have; of a result: that it has, ``codes`` for that of the codes.
    shape
        Its dimensions in shape letters.
    optional
        Whether it has length 0 where it is not used.
    """

    dtypes: tuple[str, ...]
    shape: tuple[str, ...]
    optional: bool = False


@dataclass(frozen=True)
class KernelSpec:
    """A kernel: a pure function of arrays and numbers, the same in every backend.

    Attributes
    ----------
    name
        Name of the function, and of its file in the folder of each backend.
    doc
        What it gives, in one line.
    arguments
        Its parameters in their order: arrays, or the type of a number.
    result
        Class of the result: one of the above, or an array alone.
    fields
        Arrays of the result by name; one named ``""`` where it is an array alone.
    family
        What it takes: ``works``, ``draws``, ``nulls`` or ``series``; the file of its spec, and of its tests'
        inputs.
    """

    name: str
    doc: str
    arguments: dict[str, Array | type]
    result: type
    fields: dict[str, Array]
    family: str = "works"


def ints(*names: str, shape: tuple[str, ...]) -> dict[str, Array]:
    """Arrays of int64 of one shape, by name."""
    return dict.fromkeys(names, Array(("int64",), shape))


def floats(*names: str, shape: tuple[str, ...]) -> dict[str, Array]:
    """Arrays of float64 of one shape, by name."""
    return dict.fromkeys(names, Array(("float64",), shape))
