"""Command line of trendcore: each command calls one public function."""

from __future__ import annotations
