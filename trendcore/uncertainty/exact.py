"""Exact intervals of counts."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from trendcore.errors import UsageError
from trendcore.uncertainty.checks import checked_level

Floats = npt.NDArray[np.float64]


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
    if not ((c >= 0) & (c < np.inf)).all():
        raise UsageError("counts are 0 or more, and finite")
    tail = (1.0 - level) / 2.0
    lo = np.where(c > 0, gammaincinv(np.maximum(c, 1.0), tail), 0.0)
    return lo, gammaincinv(c + 1.0, 1.0 - tail)


def binomial_interval(
    counts: npt.ArrayLike, totals: npt.ArrayLike, level: float = 0.95
) -> tuple[Floats, Floats]:
    """Exact interval of a share, so many works of so many: it covers at least as often as the level says.

    Parameters
    ----------
    counts, totals
        (n,) counts from 0 to their totals, which are 1 or more.
    level
        Level of confidence.

    Returns
    -------
    tuple of np.ndarray
        (n,) lower and upper ends, from 0 to 1.

    Raises
    ------
    UsageError
        The level is not between 0 and 1, or a count is not from 0 to its total.

    Notes
    -----
    Clopper & Pearson 1934, The use of confidence or fiducial limits illustrated in the case of the binomial,
    Biometrika 26(4), 404-413: quantiles of the beta distribution.

    Examples
    --------
    >>> lo, hi = binomial_interval([0, 20], [20, 20])
    >>> lo.round(4).tolist(), hi.round(4).tolist()
    ([0.0, 0.8316], [0.1684, 1.0])
    """
    from scipy.special import betaincinv

    checked_level(level)
    c, n = np.asarray(counts, dtype=np.float64), np.asarray(totals, dtype=np.float64)
    if not ((c >= 0) & (c <= n) & (n >= 1) & (n < np.inf)).all():
        raise UsageError("counts are from 0 to their totals, and these are 1 or more")
    tail = (1.0 - level) / 2.0
    rest = n - c
    lo = np.where(c > 0, betaincinv(np.maximum(c, 1.0), rest + 1.0, tail), 0.0)
    hi = np.where(rest > 0, betaincinv(c + 1.0, np.maximum(rest, 1.0), 1.0 - tail), 1.0)
    return lo, hi
