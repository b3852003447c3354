"""Weights of the parts of a group.

``given``
    The declared weights.
``equal``
    The same for each part: the Handbook's default where nothing else can be argued.
``pca``
    Squares of the loadings of the first principal component of the parts' correlations; they add up to 1.
    Undefined where the first component is not alone at the top, or where parts load on it with different
    signs: then the parts do not measure one thing, and a square would hide it. With two parts it is equal
    weights.
``equal_effective``
    Weights that give each part the same effective weight: the share cov(w x, y) / var(y) of the variance of
    the sum y = Σ w x. Such positive weights exist and are unique where the covariance is positive definite.

Sources: OECD/JRC Handbook 2008, step 6; Nicoletti, Scarpetta & Boylaud 2000, doi:10.1787/215182844604
(squared loadings; here of one component, without rotation [derived]); Wang & Stanley 1970,
doi:10.3102/00346543040005663 (effective weights); Maillard, Roncalli & Teiletche 2010,
doi:10.3905/jpm.2010.36.4.060 (existence).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from trendcore.composite.declaration import WeightMethod

Floats = npt.NDArray[np.float64]

#: eigenvalues nearer than this share are the same one, and its direction is anybody's
_TIED: Final = 1e-9
_SWEEPS: Final = 1000


def fit_weights(method: WeightMethod, given: Sequence[float], parts: Floats) -> Floats:
    """Weights (k,) of the parts of a group, adding up to 1; all NaN where the method has no answer.

    Parameters
    ----------
    method
        One of the schemes above.
    given
        Declared weights (k,).
    parts
        Normalised parts over the reference rows (n, k); rows with a missing part tell nothing of how parts
        go together and are left out. Parts that are missing throughout or constant get the weight 0.

    Examples
    --------
    >>> fit_weights("given", [1, 3], np.empty((0, 2)))
    array([0.25, 0.75])
    """
    k = len(given)
    if method == "given":
        total = float(np.sum(np.asarray(given, dtype=np.float64)))
        return np.asarray(given, dtype=np.float64) / total if total > 0 else np.zeros(k)
    if method == "equal":
        return np.full(k, 1.0 / k)
    usable = ~np.isnan(parts).all(axis=0) if len(parts) else np.zeros(k, dtype=np.bool_)
    rows = parts[:, usable]
    rows = rows[~np.isnan(rows).any(axis=1)]
    if len(rows) < 3:
        return np.full(k, np.nan)
    spread = np.ptp(rows, axis=0)
    varies = spread > 1e-13 * np.abs(rows).max(axis=0)
    if not varies.any():
        return np.full(k, np.nan)
    found = (pca if method == "pca" else equal_effective)(rows[:, varies])
    weights = np.zeros(k)
    weights[np.flatnonzero(usable)[varies]] = found
    return weights if not np.isnan(found).any() else np.full(k, np.nan)


def pca(parts: Floats) -> Floats:
    """Squared loadings of the first principal component (k,) of parts (n, k) that all vary.

    Examples
    --------
    >>> x = np.array([[1.0, 1.0], [2.0, 3.0], [3.0, 2.0]])
    >>> pca(x).round(12)
    array([0.5, 0.5])
    """
    k = parts.shape[1]
    if k == 1:
        return np.ones(1)
    standard = (parts - parts.mean(axis=0)) / parts.std(axis=0)
    values, vectors = np.linalg.eigh(standard.T @ standard / len(parts))
    if values[-1] - values[-2] <= _TIED * values[-1]:
        return np.full(k, np.nan)
    first = vectors[:, -1]
    clear = np.abs(first) > 1e-8
    if len(set(np.sign(first[clear]))) > 1:
        return np.full(k, np.nan)
    return np.asarray(first**2 / np.sum(first**2))


def equal_effective(parts: Floats) -> Floats:
    """Weights (k,) of equal effective weight for parts (n, k) that all vary.

    Solved for standardised parts u by coordinate descent on ½ u'Ru - Σ ln u / k, which is convex.

    Examples
    --------
    >>> x = np.array([[1.0, 10.0], [2.0, 30.0], [3.0, 20.0]])
    >>> weights = equal_effective(x)
    >>> effective_weights(x, weights).round(12)
    array([0.5, 0.5])
    """
    k = parts.shape[1]
    spread = parts.std(axis=0)
    standard = (parts - parts.mean(axis=0)) / spread
    R = standard.T @ standard / len(parts)
    if np.linalg.eigvalsh(R)[0] <= _TIED and k > 1 and _cancels(R):
        return np.full(k, np.nan)
    u = np.ones(k)
    for _ in range(_SWEEPS):
        before = u.copy()
        for each in range(k):
            others = R[each] @ u - R[each, each] * u[each]
            u[each] = (-others + np.sqrt(others**2 + 4 * R[each, each] / k)) / (2 * R[each, each])
        if np.abs(u - before).max() <= 1e-15 * u.max():
            break
    shares = u * (R @ u) / (u @ R @ u)
    if np.abs(shares - 1 / k).max() > 1e-8:
        return np.full(k, np.nan)
    weights = u / spread
    return np.asarray(weights / weights.sum())


def effective_weights(parts: Floats, weights: Floats) -> Floats:
    """Share (k,) that each part has in the variance of the weighted sum of parts (n, k).

    Examples
    --------
    >>> x = np.array([[1.0, 10.0], [2.0, 30.0], [3.0, 20.0]])
    >>> effective_weights(x, np.array([0.5, 0.5])).round(3)
    array([0.054, 0.946])
    """
    covariance = np.cov(parts, rowvar=False).reshape(parts.shape[1], -1)
    total = float(weights @ covariance @ weights)
    if total <= 0:
        return np.full(len(weights), np.nan)
    return np.asarray(weights * (covariance @ weights) / total)


def _cancels(R: Floats) -> bool:
    """Whether a sum with positive weights does not vary at all, so that no share of it is defined."""
    from scipy.optimize import nnls

    k = len(R)
    values, vectors = np.linalg.eigh(R)
    root = np.sqrt(np.clip(values, 0.0, None))[:, None] * vectors.T
    # the least variance with weights that are not negative and add up to 1
    stacked = np.vstack([root, np.ones((1, k))])
    found, _ = nnls(stacked, np.concatenate([np.zeros(k), [1.0]]))
    return float(np.linalg.norm(root @ found)) <= 1e-6 * max(float(found.sum()), 1e-300)
