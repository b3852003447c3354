"""Kernels that look at series of years."""

from __future__ import annotations

from typing import Final

from trendcore_kernels.spec.model import KernelSpec

KERNELS: Final[tuple[KernelSpec, ...]] = ()
