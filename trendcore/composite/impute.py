"""Filling missing values: one number, or one a group of units, taken over the reference rows and frozen.

Source: OECD/JRC Handbook 2008, step 3 (unconditional mean and median imputation, and the same by group).
"""

from __future__ import annotations

import msgspec
import numpy as np
import numpy.typing as npt

from trendcore.composite.declared_steps import Impute

Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.object_]


class Fill(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a missing value becomes: `value`, or the value of its group; None: it stays missing."""

    value: float | None = None
    groups: dict[str, float] | None = None


def fit_fill(x: Floats, step: Impute, labels: Labels | None = None) -> Fill:
    """Take the fill of one indicator.

    Parameters
    ----------
    x
        Values of the reference rows (n,), NaN where missing.
    step
        The method.
    labels
        Group of each row (n,), for the methods by group.

    Examples
    --------
    >>> fit_fill(np.array([1.0, np.nan, 3.0]), Impute(method="mean")).value
    2.0
    """
    known = ~np.isnan(x)
    if step.method == "none" or (not known.any() and step.method != "constant"):
        return Fill()
    if step.method == "constant":
        return Fill(value=step.value)
    take = np.median if step.method.endswith("median") else np.mean
    if not step.method.startswith("group_"):
        return Fill(value=float(take(x[known])))
    assert labels is not None, "the panel gives labels where a method by group is declared"
    names = {str(each) for each in labels[known] if each is not None}
    return Fill(groups={name: float(take(x[known & (labels == name)])) for name in sorted(names)})


def apply_fill(x: Floats, fill: Fill, labels: Labels | None = None) -> Floats:
    """Fill the missing values of one indicator (n,); where there is no fill they stay NaN.

    Examples
    --------
    >>> apply_fill(np.array([1.0, np.nan]), Fill(value=2.0))
    array([1., 2.])
    """
    missing = np.isnan(x)
    if not missing.any() or (fill.value is None and not fill.groups):
        return x
    filled = x.copy()
    if fill.value is not None:
        filled[missing] = fill.value
    elif fill.groups:
        assert labels is not None, "the panel gives labels where a method by group is declared"
        filled[missing] = [fill.groups.get(str(each), np.nan) for each in labels[missing]]
    return filled
