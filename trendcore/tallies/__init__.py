"""Tallies: works and flows become integer counts that add up; everything else is computed from them."""

from __future__ import annotations

from trendcore.tallies.types import Tally, TallyMeta, TradeTally

__all__ = ["Tally", "TallyMeta", "TradeTally"]
