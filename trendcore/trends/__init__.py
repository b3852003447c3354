"""Trends of index tables: how a series of years moves, breaks, bursts, and where it goes next.

Every function takes a long table (a row a value) and gives a row a series, or a row a year of one. Years that
are not complete are left out; what cannot be said is null, with a flag.
"""

from trendcore.trends.bursting import bursts
from trendcore.trends.emerging import emergence
from trendcore.trends.monotone import trend
from trendcore.trends.projecting import project
from trendcore.trends.relative import relative_growth
from trendcore.trends.segmenting import change_points

__all__ = ["bursts", "change_points", "emergence", "project", "relative_growth", "trend"]
