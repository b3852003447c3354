"""One reader per public feed: raw files in, canonical record batches out. No maths."""

from __future__ import annotations

from importlib import import_module
from typing import Final, cast

from trendcore.errors import UsageError
from trendcore.sources.base import (
    Batch,
    Counts,
    Feed,
    InputFile,
    InputUnit,
    Keep,
    Limits,
    Progress,
    QuarantineBuilder,
    ReadContext,
)

__all__ = [
    "FEEDS",
    "Batch",
    "Counts",
    "Feed",
    "InputFile",
    "InputUnit",
    "Keep",
    "Limits",
    "Progress",
    "QuarantineBuilder",
    "ReadContext",
    "feed",
]

#: every feed; the module of the same name holds it as ``FEED``
FEEDS: Final = ("openalex", "patentsview", "baci", "comtrade")


def feed(name: str) -> Feed:
    """Return a feed by name.

    Parameters
    ----------
    name
        One of `FEEDS`.

    Returns
    -------
    Feed
        Finds the feed's files (``discover``) and reads them (``read``).

    Raises
    ------
    UsageError
        There is no such feed.

    Examples
    --------
    >>> feed("openalex").table
    'papers'
    """
    if name not in FEEDS:
        raise UsageError(f"unknown feed {name!r}; one of {', '.join(FEEDS)}")
    return cast(Feed, import_module(f"trendcore.sources.{name}").FEED)
