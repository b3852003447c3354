"""Treating outliers: winsorising and logarithms, decided and measured on the reference rows and frozen.

Winsorised values are those beyond a limit, so that a frozen treatment is a clip: a later value beyond the
limit becomes the limit. The logarithm is ln(x - low + 0.01 (high - low)), with low and high the least and
the greatest reference value; as a fallback for a long lower tail it is mirrored. A later value short of low
counts as low.

Sources: OECD/JRC Handbook 2008, step 5; for the limits see `Treat`. Skewness and kurtosis are the sample
statistics G1 and G2 of Joanes & Gill 1998, doi:10.1111/1467-9884.00122.
"""

from __future__ import annotations

from math import sqrt
from typing import Any, Final, Literal

import msgspec
import numpy as np
import numpy.typing as npt

from trendcore.composite.declared_steps import Treat
from trendcore.composite.declared_types import SMALLEST

Floats = npt.NDArray[np.float64]

#: part of the range that is added before a logarithm, so that the least value has one
SHIFT: Final = 0.01


class Treatment(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A frozen treatment of one indicator.

    Parameters
    ----------
    kind
        ``none``, ``clip``, ``log`` or ``log_mirrored``.
    low, high
        Limits of a clip (None: no limit), or least and greatest reference value of a logarithm.
    points
        Reference values that were winsorised.
    skew, kurtosis
        Of the treated reference values; None where they are undefined.
    passed
        Whether one of them is within its limit.
    """

    kind: Literal["none", "clip", "log", "log_mirrored"] = "none"
    low: float | None = None
    high: float | None = None
    points: int = 0
    skew: float | None = None
    kurtosis: float | None = None
    passed: bool = True


def shape_of(x: Floats) -> tuple[float, float] | None:
    """Skewness G1 and excess kurtosis G2 of a sample (n,); None for fewer than 4 values or equal ones.

    Examples
    --------
    >>> [round(each, 6) for each in shape_of(np.array([1.0, 2.0, 3.0, 10.0]))]
    [1.763633, 3.228]
    """
    if x.size < 4:
        return None
    c = x - x.mean()
    scale = float(np.abs(c).max())
    # a spread that is rounding error alone has no shape
    if not scale > 1e-13 * float(np.abs(x).max()):
        return None
    c /= scale
    square = c * c
    skew, kurtosis = _shapes(square.mean(), (square * c).mean(), (square * square).mean(), x.size)
    return float(skew), float(kurtosis)


def fit_treatment(x: Floats, step: Treat) -> Treatment:
    """Decide how one indicator is treated.

    Parameters
    ----------
    x
        Values of the reference rows (n,), NaN where missing.
    step
        The method and its limits.

    Examples
    --------
    >>> values = np.array([1.0, 2.0, 3.0, 4.0, 5.0, 90.0])
    >>> fit_treatment(values, Treat(method="skew_kurtosis")).high
    5.0
    """
    known = x[~np.isnan(x)]
    shape = shape_of(known)
    if step.method == "none" or shape is None or np.ptp(known) <= SMALLEST:
        return _said(Treatment(), shape, step)
    mirrored = shape[0] < 0
    if step.method == "log":
        return _logarithm(known, step, mirrored=False)
    if step.method == "skew_kurtosis" and _passes(shape, step):
        return _said(Treatment(), shape, step)
    most = min(max(step.max_points, int(step.max_share * known.size)), known.size - 1)
    ordered = np.sort(-known if mirrored else known)
    if step.method == "winsorise":
        return _clip(ordered, most, step, mirrored=mirrored)
    points = _fewest(ordered, most, step)
    if points is not None:
        return _clip(ordered, points, step, mirrored=mirrored)
    if step.fallback == "log":
        return _logarithm(known, step, mirrored=mirrored)
    return _said(Treatment(), shape, step)


def apply_treatment(x: Floats, treatment: Treatment) -> Floats:
    """Treat values of one indicator (n,); NaN stays.

    Examples
    --------
    >>> apply_treatment(np.array([1.0, 90.0]), Treatment(kind="clip", high=5.0))
    array([1., 5.])
    """
    if treatment.kind == "none":
        return x
    if treatment.kind == "clip":
        if treatment.high is not None:
            x = np.minimum(x, treatment.high)
        return x if treatment.low is None else np.maximum(x, treatment.low)
    low, high = treatment.low, treatment.high
    assert low is not None, "a logarithm is fitted with both ends"
    assert high is not None, "a logarithm is fitted with both ends"
    shift = SHIFT * (high - low)
    if treatment.kind == "log":
        return np.asarray(np.log(np.maximum(x - low, 0.0) + shift))
    return np.asarray(-np.log(np.maximum(high - x, 0.0) + shift))


def _clip(ordered: Floats, points: int, step: Treat, *, mirrored: bool) -> Treatment:
    """Take the limit that `points` values of the ordered, upright tail exceed."""
    limit = float(ordered[ordered.size - 1 - points])
    beyond = int(np.count_nonzero(ordered > limit))
    clipped = np.minimum(ordered, limit)
    shape = shape_of(-clipped if mirrored else clipped)
    if not beyond:
        return _said(Treatment(), shape, step)
    if mirrored:
        return _said(Treatment(kind="clip", low=-limit, points=beyond), shape, step)
    return _said(Treatment(kind="clip", high=limit, points=beyond), shape, step)


def _logarithm(known: Floats, step: Treat, *, mirrored: bool) -> Treatment:
    low, high = float(known.min()), float(known.max())
    made = Treatment(kind="log_mirrored" if mirrored else "log", low=low, high=high)
    return _said(made, shape_of(apply_treatment(known, made)), step)


def _said(treatment: Treatment, shape: tuple[float, float] | None, step: Treat) -> Treatment:
    if shape is None:
        return treatment
    return msgspec.structs.replace(
        treatment, skew=shape[0], kurtosis=shape[1], passed=_passes(shape, step) or step.method == "none"
    )


def _passes(shape: tuple[float, float] | None, step: Treat) -> bool:
    return shape is None or abs(shape[0]) <= step.skew or shape[1] <= step.kurtosis


def _fewest(ordered: Floats, most: int, step: Treat) -> int | None:
    """Find how few of the greatest values, clipped to the next one, bring the shape within a limit.

    All numbers of points are tried at once, by sums of powers. Sums are taken about the median, which lies
    within one standard deviation of every clipped mean, so that nothing cancels. None: more than `most`.
    """
    n = ordered.size
    about = ordered - np.median(ordered)
    scale = float(np.abs(about[: n - 1]).max())
    if not scale > 0:
        return 1 if most else None  # all others are equal: then clipping one leaves nothing that varies
    about /= scale
    points = np.arange(1, most + 1)
    limit = about[n - 1 - points]
    power, tail, raw = np.ones(n), np.ones(most), []
    for _ in range(4):
        power, tail = power * about, tail * limit
        raw.append((np.cumsum(power)[n - 1 - points] + points * tail) / n)
    mean = raw[0]
    second = raw[1] - mean**2
    third = raw[2] - 3 * mean * raw[1] + 2 * mean**3
    fourth = raw[3] - 4 * mean * raw[2] + 6 * mean**2 * raw[1] - 3 * mean**4
    flat = limit <= about[0]
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        skew, kurtosis = _shapes(second, third, fourth, n)
        passes = flat | (np.abs(skew) <= step.skew) | (kurtosis <= step.kurtosis)
    return int(points[np.argmax(passes)]) if passes.any() else None


def _shapes(second: Any, third: Any, fourth: Any, n: int) -> tuple[Any, Any]:
    """G1 and G2 of central moments of n values, numbers or arrays."""
    skew = sqrt(n * (n - 1)) / (n - 2) * third / second**1.5
    excess = fourth / second**2 - 3
    return skew, (n - 1) / ((n - 2) * (n - 3)) * ((n + 1) * excess + 6)
