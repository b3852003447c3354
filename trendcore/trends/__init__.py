"""Trends of index tables: how a series of years moves, breaks, bursts, and where it goes next.

Every function takes a long table (a row a value) and gives a row a series, or a row a year of one. Years that
are not complete are left out; what cannot be said is null, with a flag.
"""

from trendcore.trends.monotone import trend

__all__ = ["trend"]
