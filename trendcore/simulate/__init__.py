"""Synthetic papers, patents and trade flows from a seed, in memory and in the feeds' real formats.

Nothing here is data about the world: countries, topics, classification symbols and product codes are real
codes, everything else is invented, and sizes are round numbers chosen so that tables look familiar. The
same seed gives the same content with every NumPy release and on every machine. NumPy and the standard
library only.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from trendcore.errors import UsageError
from trendcore.simulate import openalex, patentsview, trade
from trendcore.simulate.draw import Works, works
from trendcore.simulate.flows import Flows, flows
from trendcore.simulate.world import COUNTRIES, FIELDS
from trendcore_kernels.simulate import Affiliations, affiliations

__all__ = [
    "COUNTRIES",
    "FEEDS",
    "FIELDS",
    "Affiliations",
    "Flows",
    "Works",
    "affiliations",
    "flows",
    "works",
    "write_sample",
]

Writer = Callable[..., list[Path]]

#: feed name -> what writes its files
_WRITERS: dict[str, Writer] = {
    "openalex": openalex.write,
    "patentsview": patentsview.write,
    "baci": trade.write_baci,
    "comtrade": trade.write_comtrade,
}
FEEDS = tuple(_WRITERS)


def write_sample(
    folder: str | Path,
    seed: int = 7,
    scale: float = 1.0,
    feeds: Sequence[str] = FEEDS,
    *,
    irregular: bool = True,
) -> list[Path]:
    """Write synthetic feeds in their real formats, each into a folder of its own name.

    Parameters
    ----------
    folder
        Where to write; made if missing, files of the same name are replaced.
    seed
        Same seed, same content, on every machine.
    scale
        1.0 gives the committed sample: 22,000 works, 8,000 grants and 4,000 flows a year. Works, grants
        and flows grow in proportion.
    feeds
        Which feeds: any of `FEEDS`.
    irregular
        Also what goes wrong in the real files: a broken line, repeated rows, blank and unknown locations,
        World rows, spare commas, latin-1, lost leading zeros, works without topics, countries or authors.

    Returns
    -------
    list of Path
        The files written.

    Raises
    ------
    UsageError
        Where a feed is not one of `FEEDS` or the scale is not above 0.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     [path.name for path in write_sample(folder, scale=0.01, feeds=["patentsview"])][:2]
    ['g_patent.tsv.zip', 'g_inventor_disambiguated.tsv.zip']
    """
    unknown = [feed for feed in feeds if feed not in _WRITERS]
    if unknown:
        raise UsageError(f"no feed named {', '.join(unknown)}; there are {', '.join(FEEDS)}")
    if not scale > 0:
        raise UsageError(f"scale must be above 0, not {scale}")
    paths: list[Path] = []
    for feed in feeds:
        paths += _WRITERS[feed](Path(folder) / feed, seed, scale, irregular=irregular)
    return paths
