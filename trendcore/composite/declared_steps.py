"""The declared steps that make values comparable: imputation, treatment, normalisation, reference."""

from __future__ import annotations

from math import isfinite
from typing import Literal

import msgspec

from trendcore.composite.declared_types import check_types
from trendcore.errors import DeclarationError

FillMethod = Literal["none", "mean", "median", "group_mean", "group_median", "constant"]
TreatMethod = Literal["none", "log", "winsorise", "skew_kurtosis"]
ScaleMethod = Literal["min_max", "z", "rank", "distance", "goalposts"]


class Impute(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a missing value is filled; the fill is taken over the reference rows and frozen.

    Parameters
    ----------
    method
        ``none`` (the default: a hole that is filled is no observation, and weights are shared among what is
        there), ``mean``, ``median``, the same over the units of a group, or ``constant``.
    by
        Column that names the group, for ``group_mean`` and ``group_median``.
    value
        The value of ``constant``.
    """

    method: FillMethod = "none"
    by: str | None = None
    value: float | None = None

    def __post_init__(self) -> None:
        check_types(self, "impute")
        if self.method.startswith("group_") != (self.by is not None):
            raise DeclarationError(f"impute: `by` names the groups of group_mean and group_median: {self}")
        if (self.method == "constant") != (self.value is not None):
            raise DeclarationError(f"impute: `value` is the value of constant: {self}")
        _finite("impute.value", self.value)


class Treat(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How outliers are kept from ruling an indicator; limits are taken over the reference rows and frozen.

    Parameters
    ----------
    method
        ``none``; ``log``; ``winsorise``: the `max_points` most extreme values of the longer tail become the
        next one; ``skew_kurtosis``: an indicator whose skewness and kurtosis are both beyond the limits is
        winsorised by as few points as bring one of them back, or, where `max_points` do not, treated by
        `fallback`.
    skew, kurtosis
        Limits of the absolute skewness and of the excess kurtosis, both of samples: 2 and 3.5, beyond which
        correlations are ruled by a few points (Groeneveld & Meeden 1984, doi:10.2307/2987742; usual since the
        JRC's audits).
    max_points
        At most so many points: 5, the usual choice for some 50 to 150 units.
    max_share
        At most this share of the points, where it is more than `max_points`: 0, off.
    fallback
        ``log`` of the untreated values (the default: it keeps their order), or ``none``.
    """

    method: TreatMethod = "none"
    skew: float = 2.0
    kurtosis: float = 3.5
    max_points: int = 5
    max_share: float = 0.0
    fallback: Literal["log", "none"] = "log"

    def __post_init__(self) -> None:
        check_types(self, "treat")
        if self.max_points < 0 or not 0.0 <= self.max_share < 0.5:
            raise DeclarationError("treat: max_points is 0 or more, max_share from 0 to below a half")
        if not (isfinite(self.skew) and isfinite(self.kurtosis) and self.skew > 0 and self.kurtosis > 0):
            raise DeclarationError("treat: skew and kurtosis are limits above 0")


class Normalise(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How indicators of different units become comparable; parameters are frozen on the reference rows.

    Parameters
    ----------
    method
        ``min_max``; ``z`` (to `mean` and `sd`); ``rank`` (share of the reference values that are worse);
        ``distance`` to the leader (the value over the best one); ``goalposts`` of each indicator.
    scale
        Worst and best value of every method but ``z``: 0 and 100, as readers of indices expect; 1 and 100
        where means are geometric or harmonic, so that the worst unit is not annulled.
    outside
        What becomes of values beyond the reference: ``keep`` (the default: growth past the old best still
        shows) or ``clip`` to the scale.
    mean, sd
        Mean and standard deviation of ``z``: 0 and 1; 50 and 10 where means are geometric.
    """

    method: ScaleMethod = "min_max"
    scale: tuple[float, float] = (0.0, 100.0)
    outside: Literal["keep", "clip"] = "keep"
    mean: float = 0.0
    sd: float = 1.0

    def __post_init__(self) -> None:
        check_types(self, "normalise")
        low, high = self.scale
        if not (isfinite(low) and isfinite(high) and low < high):
            raise DeclarationError(f"normalise: scale goes from a lower to a higher number, not {self.scale}")
        if not (isfinite(self.mean) and isfinite(self.sd) and self.sd > 0):
            raise DeclarationError("normalise: sd is a number above 0 and mean a number")


class Reference(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """On which rows every parameter is fitted; outside of them parameters are only applied.

    Parameters
    ----------
    column
        Column with the time, an integer; None: all rows (right for one cross-section that will not grow).
    first, last
        The window, both ends included.
    scope
        Columns within whose values parameters are fitted apart, such as ``["field"]``; none: fitted together,
        and then scores compare across them.
    """

    column: str | None = None
    first: int | None = None
    last: int | None = None
    scope: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        check_types(self, "reference")
        if (self.column is None) != (self.first is None) or (self.first is None) != (self.last is None):
            raise DeclarationError("reference: give column, first and last, or none of them")
        if self.first is not None and self.last is not None and self.first > self.last:
            raise DeclarationError(f"reference: the window runs from {self.first} to {self.last}")
        if self.column in self.scope:
            raise DeclarationError(f"reference: {self.column} cannot be both the window's column and a scope")


def _finite(where: str, value: float | None) -> None:
    if value is not None and not isfinite(value):
        raise DeclarationError(f"{where}: a finite number, not {value}")
