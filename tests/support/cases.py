"""Inputs for every kernel, whatever its family: random ones from hypothesis, and one that is always the same.

A family's module has ``worlds_for(kernel, size)``, a strategy of what gives ``arguments(kernel)``, and
``example(kernel)``, one of these with a few dozen things (W) in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import ModuleType
from typing import Any, Final, Protocol

from hypothesis import strategies as st
from support import kernels, kernels_draws, kernels_nulls, kernels_series

from trendcore_kernels.spec import SPECS

FAMILIES: Final[Mapping[str, ModuleType]] = {
    "works": kernels,
    "draws": kernels_draws,
    "nulls": kernels_nulls,
    "series": kernels_series,
}
#: kernels that count works
OF_WORKS: Final = [name for name, spec in SPECS.items() if spec.family == "works"]


class Case(Protocol):
    """What a kernel is given."""

    def arguments(self, kernel: str) -> list[Any]:
        """Arguments of a kernel in their order."""


def cases(kernel: str, size: int = 8) -> st.SearchStrategy[Case]:
    """Random inputs for a kernel, of up to so many things."""
    found: st.SearchStrategy[Case] = FAMILIES[SPECS[kernel].family].worlds_for(kernel, size)
    return found


def example(kernel: str) -> list[Any]:
    """Arguments that are always the same."""
    found: list[Any] = FAMILIES[SPECS[kernel].family].example(kernel).arguments(kernel)
    return found
