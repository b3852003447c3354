"""Kernels of trendcore: pure functions of NumPy arrays, the same under every backend.

Knows nothing of trendcore, Polars or Arrow; imports NumPy only.
"""

from __future__ import annotations
