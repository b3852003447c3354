"""Arguments that make sense, or an error that says what would."""

from __future__ import annotations

import numbers
import operator
from typing import Any

from trendcore.errors import UsageError
from trendcore.tallies import Tally


def checked_level(level: Any) -> float:
    """Refuse a level of confidence that is not between 0 and 1.

    Raises
    ------
    UsageError
        It is not.

    Examples
    --------
    >>> checked_level(0.95)
    0.95
    """
    if not isinstance(level, numbers.Real) or not 0 < float(level) < 1:
        raise UsageError(f"level is the share of intervals to hold the truth, as 0.95; not {level!r}")
    return float(level)


def checked_whole(name: str, value: Any, least: int, most: int) -> int:
    """Return a whole number as Python's own, whatever library it is of.

    Raises
    ------
    UsageError
        It is no whole number, or too small or too large.

    Examples
    --------
    >>> import numpy as np
    >>> checked_whole("seed", np.int64(5), 0, 9)
    5
    """
    try:
        found = operator.index(value)
    except TypeError:
        raise UsageError(f"{name} is a whole number, not {value!r}") from None
    if not least <= found <= most:
        raise UsageError(f"{name} is from {least:,} to {most:,}, not {found:,}")
    return found


def checked_seed(seed: Any) -> int:
    """Return a seed as Python's own number.

    Raises
    ------
    UsageError
        It is no whole number of 64 bits.
    """
    return checked_whole("seed", seed, 0, (1 << 64) - 1)


def checked_tally(tally: Any) -> Tally:
    """Refuse what is no tally of works.

    Raises
    ------
    UsageError
        It is a table, a tally of trade, or nothing.
    """
    if not isinstance(tally, Tally):
        raise UsageError(f"give a tally of works (trendcore.tally), not {type(tally).__name__}")
    return tally
