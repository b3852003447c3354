"""Kernels that resample what was counted."""

from __future__ import annotations

from typing import Final

from trendcore_kernels.spec.model import KernelSpec

KERNELS: Final[tuple[KernelSpec, ...]] = ()
