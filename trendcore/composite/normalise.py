"""Normalisation: what makes indicators of different units comparable, fitted once and frozen.

Every method but ``z`` gives a part q of the way from worst to best, then low + (high - low) q of the scale:

=============  ======================================================================================
``min_max``    q = (x - min) / (max - min); of max and min of the reference rows
``rank``       q = reference values that are worse / (reference values - 1)
``distance``   q = x / best; where less is better best / x; values and best must be positive
``goalposts``  q = (x - worst) / (best - worst), cut to 0 and 1
``z``          mean + sd (x - mean of x) / (standard deviation of x, with n - 1)
=============  ======================================================================================

An indicator that does not vary over the reference rows has no ``min_max``, ``rank`` or ``z``: null, flagged
``constant``, and never a number made of 0/0.

Source: OECD/JRC Handbook 2008, step 5, and for goalposts the Human Development Index (UNDP, technical notes).
"""

from __future__ import annotations

from typing import Literal

import msgspec
import numpy as np
import numpy.typing as npt

from trendcore.composite.declared_steps import Normalise, ScaleMethod
from trendcore.composite.declared_types import SMALLEST

Floats = npt.NDArray[np.float64]


class Scaler(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A frozen normaliser of one indicator.

    Parameters
    ----------
    method
        One of the methods above.
    direction
        1: more is better; -1: less is.
    low, high
        Least and greatest value, or mean and standard deviation for ``z``.
    scale
        Worst and best of the scale; mean and sd for ``z``.
    clip
        Whether values beyond the reference are cut to the scale.
    reference
        Distinct reference values, in order, for ``rank``; empty otherwise.
    below
        Reference values less than each of them, then their number.
    undefined
        Why there is no normaliser: ``no_reference``, ``constant`` or ``not_positive``; None: there is one.
    """

    method: ScaleMethod
    direction: Literal[1, -1] = 1
    low: float = 0.0
    high: float = 1.0
    scale: tuple[float, float] = (0.0, 1.0)
    clip: bool = False
    reference: tuple[float, ...] = ()
    below: tuple[int, ...] = ()
    undefined: Literal["no_reference", "constant", "not_positive"] | None = None


def fit_scaler(
    x: Floats, step: Normalise, direction: Literal[1, -1] = 1, goalposts: tuple[float, float] | None = None
) -> Scaler:
    """Fit the normaliser of one indicator.

    Parameters
    ----------
    x
        Treated values of the reference rows (n,), NaN where missing.
    step
        The method.
    direction
        1: more is better; -1: less is.
    goalposts
        Lower and higher goalpost, for ``goalposts``.

    Examples
    --------
    >>> scaler = fit_scaler(np.array([1.0, 2.0, 5.0]), Normalise())
    >>> apply_scaler(np.array([2.0, 6.0]), scaler)
    array([ 25., 125.])
    """
    known = x[~np.isnan(x)]
    made = Scaler(method=step.method, direction=direction, scale=step.scale, clip=step.outside == "clip")
    if step.method == "goalposts":
        assert goalposts is not None, "the declaration gives goalposts to each indicator"
        return msgspec.structs.replace(made, low=goalposts[0], high=goalposts[1], clip=True)
    if not known.size:
        return msgspec.structs.replace(made, undefined="no_reference")
    low, high = float(known.min()), float(known.max())
    if step.method == "distance":
        best = high if direction == 1 else low
        return msgspec.structs.replace(
            made, low=low, high=high, undefined=None if best > SMALLEST else "not_positive"
        )
    # a spread that is rounding error alone, as of a mean filled in everywhere, tells no unit from another;
    # what is divided by a tiny one overflows
    if high - low <= max(1e-13 * max(abs(low), abs(high)), SMALLEST):
        return msgspec.structs.replace(made, low=low, high=high, undefined="constant")
    if step.method == "z":
        spread = float(np.std(known, ddof=1))
        if not spread > SMALLEST:
            return msgspec.structs.replace(made, low=low, high=high, undefined="constant")
        return msgspec.structs.replace(
            made, low=float(np.mean(known)), high=spread, scale=(step.mean, step.sd), clip=False
        )
    if step.method == "rank":
        values, first = np.unique(np.sort(known), return_index=True)
        return msgspec.structs.replace(
            made, low=low, high=high, reference=tuple(values.tolist()), below=(*first.tolist(), known.size)
        )
    return msgspec.structs.replace(made, low=low, high=high)


def apply_scaler(x: Floats, scaler: Scaler) -> Floats:
    """Normalise values of one indicator (n,); NaN stays, and is all there is where nothing is defined.

    Examples
    --------
    >>> apply_scaler(np.array([1.0]), Scaler(method="z", undefined="constant"))
    array([nan])
    """
    if scaler.undefined is not None:
        return np.full(x.shape, np.nan)
    if scaler.method == "z":
        mean, sd = scaler.scale
        return np.asarray(mean + sd * scaler.direction * ((x - scaler.low) / scaler.high))
    part = _part(x, scaler)
    if scaler.clip:
        part = np.clip(part, 0.0, 1.0)
    low, high = scaler.scale
    return np.asarray(low + (high - low) * part)


def is_outside(x: Floats, scaler: Scaler) -> npt.NDArray[np.bool_]:
    """Say which treated values (n,) are beyond what the normaliser was fitted on."""
    if scaler.method in ("z", "distance") or scaler.undefined is not None:
        return np.zeros(x.shape, dtype=np.bool_)
    return np.asarray((x < scaler.low) | (x > scaler.high))


def _part(x: Floats, scaler: Scaler) -> Floats:
    if scaler.method == "rank":
        return _rank(x, scaler)
    if scaler.method == "distance":
        positive = np.where(
            x > SMALLEST, x, np.nan if scaler.direction == -1 else np.where(x >= 0, 0.0, np.nan)
        )
        return positive / scaler.high if scaler.direction == 1 else scaler.low / positive
    spread = scaler.high - scaler.low
    return (x - scaler.low) / spread if scaler.direction == 1 else (scaler.high - x) / spread


def _rank(x: Floats, scaler: Scaler) -> Floats:
    """Share of the reference values that are worse; a value better than all of them has 1."""
    below = np.asarray(scaler.below, dtype=np.float64)
    reference = np.asarray(scaler.reference)
    count = below[-1]
    order = np.argsort(x)  # looking values up in order is several times faster
    side: Literal["left", "right"] = "left" if scaler.direction == 1 else "right"
    worse = np.empty(x.shape)
    worse[order] = below[np.searchsorted(reference, x[order], side=side)]
    if scaler.direction == -1:
        worse = count - worse
    return np.where(np.isnan(x), np.nan, np.minimum(worse / (count - 1.0), 1.0))
