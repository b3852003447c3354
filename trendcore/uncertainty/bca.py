"""Bias-corrected and accelerated intervals: how BCa moves the tails of the replicates (Efron 1987)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from trendcore.arrays import Ints
from trendcore.indices.evaluated import Evaluated
from trendcore.uncertainty.jackknife import jackknives
from trendcore.uncertainty.sample import Sample

Floats = npt.NDArray[np.float64]
#: request -> acceleration in each row of the base, NaN where there is none
Accelerations = dict[int, Floats]


def accelerations(found: Evaluated, sample: Sample, rows: list[Ints], backend: str) -> Accelerations:
    """Acceleration of each value: the skewness of the jackknife over works, divided by 6."""
    result = {number: np.full(found.rows.height, np.nan) for number in range(len(found.wanted))}
    for part in jackknives(found, sample, rows, backend):
        if part.classes is None:
            continue
        classes, n = part.classes, len(part.rows)
        left_out = classes.moved(part.request, part.at, -1.0)
        # works of no class leave the value as it is
        away = np.where(np.isfinite(left_out), left_out - part.value[classes.row], np.nan)
        mean = classes.total(away, n) / np.maximum(classes.n_works, 1.0)
        apart = mean[classes.row] - away
        others = classes.n_works - classes.total(np.ones(len(away)), n)
        square = classes.total(apart**2, n) + others * mean**2
        cube = classes.total(apart**3, n) + others * mean**3
        with np.errstate(divide="ignore", invalid="ignore"):  # no work moves it: no acceleration, NaN
            result[part.number][part.rows] = cube / (6.0 * square**1.5)
    return result


def adjusted_tails(standing: Ints, defined: Ints, acceleration: Floats, tails: Floats) -> Floats:
    """Tails whose values are the ends of the BCa interval; NaN where the correction is infinite."""
    from scipy.special import ndtr, ndtri

    with np.errstate(divide="ignore", invalid="ignore"):  # what is not finite is looked at by the caller
        z0 = ndtri((standing[:, 0] + 0.5 * standing[:, 1]) / defined)[:, np.newaxis]
        moved = z0 + ndtri(tails)
        adjusted: Floats = ndtr(z0 + moved / (1.0 - acceleration[:, np.newaxis] * moved))
        found: Floats = np.where(np.isfinite(z0), adjusted, np.nan)
    return found
