"""What intervals are asked for: a tally, or works that are tallied with all that resampling takes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from trendcore.errors import UsageError
from trendcore.indices.catalogue import IndexName, request
from trendcore.tallies import Tally, TradeTally, tally
from trendcore.tallies.types import BY_SHARES


def counted(source: Any, indices: Sequence[IndexName] | None, how: Mapping[str, Any]) -> Tally | TradeTally:
    """Return the tally that was given, or tally the works that were.

    Parameters
    ----------
    source
        A tally, or works as `trendcore.tally` takes them.
    indices
        Which are wanted: their weightings are counted.
    how
        Arguments of `trendcore.tally`; of a tally none.

    Raises
    ------
    UsageError
        There are arguments beside a tally, or works without any.

    Examples
    --------
    >>> import polars as pl
    >>> works = pl.DataFrame({"countries": [["JP", "US"]]})
    >>> found = counted(works, ["joint", "joint:newman"], {"members": "countries", "by": []})
    >>> found.meta.counting, found.patterns.height
    (('full', 'newman'), 1)
    """
    if isinstance(source, (Tally, TradeTally)):
        if how:
            raise UsageError(f"{', '.join(how)} say how works are tallied, but this is a tally already")
        return source
    if "members" not in how:
        raise UsageError("give a tally, or works with the arguments of trendcore.tally: members=, by=, ...")
    countings = sorted({request(each).counting for each in indices or ()} - {"full"})
    by_shares = bool(how.get("shares")) and any(name in BY_SHARES for name in countings)
    plain: dict[str, Any] = {"patterns": "credits" if by_shares else True}
    if not how.get("partners"):
        plain |= {"counting": ["full", *countings], "credit": "none"}
    return tally(source, **{**plain, **how})
