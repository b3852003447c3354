"""Tallies: works and flows become integer counts that add up; everything else is computed from them."""

from __future__ import annotations

from trendcore.tallies.counting import resolve_backend
from trendcore.tallies.tallying import tally
from trendcore.tallies.trade import tally_trade
from trendcore.tallies.types import Tally, TallyMeta, TradeTally

__all__ = ["Tally", "TallyMeta", "TradeTally", "resolve_backend", "tally", "tally_trade"]
