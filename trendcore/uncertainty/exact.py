"""Exact intervals of counts."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from trendcore.errors import UsageError

Floats = npt.NDArray[np.float64]


def checked_level(level: float) -> float:
    """Refuse a level of confidence that is not between 0 and 1.

    Raises
    ------
    UsageError
        It is not.
    """
    if not 0 < level < 1:
        raise UsageError(f"level is the share of intervals to hold the truth, as 0.95; not {level!r}")
    return level


def poisson_interval(counts: npt.ArrayLike, level: float = 0.95) -> tuple[Floats, Floats]:
    """Exact interval of the expectation of a Poisson count: it covers at least as often as the level says.

    Parameters
    ----------
    counts
        (n,) counts, 0 or more.
    level
        Level of confidence; 0.95 by default, as statistical offices publish.

    Returns
    -------
    tuple of np.ndarray
        (n,) lower and upper ends, in works. The lower end of 0 is 0.

    Raises
    ------
    UsageError
        The level is not between 0 and 1, or a count is negative or not a number.

    Notes
    -----
    Garwood 1936, Fiducial limits for the Poisson distribution, Biometrika 28(3/4), 437-442: quantiles of
    chi-square with 2c degrees of freedom, and with 2c + 2, halved.

    Examples
    --------
    >>> lo, hi = poisson_interval([0, 4])
    >>> lo.round(4).tolist(), hi.round(4).tolist()
    ([0.0, 1.0899], [3.6889, 10.2416])
    """
    from scipy.special import gammaincinv

    checked_level(level)
    c = np.asarray(counts, dtype=np.float64)
    if not (c >= 0).all():
        raise UsageError("counts are 0 or more")
    tail = (1.0 - level) / 2.0
    lo = np.where(c > 0, gammaincinv(np.maximum(c, 1.0), tail), 0.0)
    return lo, gammaincinv(c + 1.0, 1.0 - tail)
