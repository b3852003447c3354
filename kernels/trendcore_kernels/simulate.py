"""Works and the countries of their affiliations from a seed, at the size of real corpora; NumPy only.

For benchmarks, also on machines that have nothing but NumPy. Nothing here is data about the world.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from trendcore_kernels.spec import Codes

#: works drawn at a time: bounds the memory beside the result
_BLOCK: Final = 1 << 19
#: each block has a stretch of the generator's counter to itself
_STRETCH: Final = 1 << 40
#: countries that codes of one byte can tell apart from an unknown one
_ONE_BYTE: Final = 255
#: more would draw from thresholds too close together for their weights
_MOST: Final = 1_000_000


@dataclass(frozen=True)
class Affiliations:
    """Simulated works.

    Attributes
    ----------
    field
        (n_works,) uint8 below ``n_fields``.
    year
        (n_works,) int16 calendar year.
    offsets
        (n_works + 1,) int64 where each work's affiliations start in ``codes``.
    codes
        (n_works * per_work,) country of each affiliation: uint8, or uint32 where there are more than 255.
    n_fields, n_countries
        How many there may be.
    """

    field: npt.NDArray[np.uint8]
    year: npt.NDArray[np.int16]
    offsets: npt.NDArray[np.int64]
    codes: Codes
    n_fields: int
    n_countries: int


def affiliations(
    n_works: int,
    seed: int = 7,
    *,
    per_work: int = 5,
    n_countries: int = 200,
    n_fields: int = 3,
    years: tuple[int, int] = (1980, 2025),
) -> Affiliations:
    """Draw works: one home country for most affiliations, another one for 12 % of them.

    Countries are drawn by Zipf weights (exponent 1.3), years grow by 6 % a year, fields are equally large.
    Draws come from the raw stream of Philox with integer thresholds: the same on every machine and NumPy
    release.

    Parameters
    ----------
    n_works
        Number of works.
    seed
        Same seed, same works.
    per_work
        Affiliations of each work.
    n_countries, n_fields, years
        At most 1,000,000 countries (or institutions) and 256 fields; first and last year.

    Returns
    -------
    Affiliations
        Arrays of shape (n_works,) and (n_works * per_work,).

    Raises
    ------
    ValueError
        A number is out of its range.

    Examples
    --------
    >>> drawn = affiliations(1000, seed=7)
    >>> drawn.codes.shape, int(drawn.year.min()) >= 1980, int(drawn.field.max())
    ((5000,), True, 2)
    >>> drawn.codes.dtype, affiliations(1000, n_countries=1_000_000).codes.dtype
    (dtype('uint8'), dtype('uint32'))
    """
    if n_works < 0 or per_work < 1 or not 0 < n_countries <= _MOST or not 0 < n_fields <= 256:
        raise ValueError(
            f"cannot draw {n_works} works of {per_work} affiliations from {n_countries} countries in "
            f"{n_fields} fields: at most {_MOST:,} countries and 256 fields"
        )
    weights = [int(1e9 / rank**1.3) for rank in range(1, n_countries + 1)]
    countries = _thresholds(weights)
    narrow = np.uint8 if n_countries <= _ONE_BYTE else np.uint32
    calendar = _thresholds([int(1e6 * 1.06**step) for step in range(years[1] - years[0] + 1)])
    out = Affiliations(
        np.empty(n_works, np.uint8),
        np.empty(n_works, np.int16),
        np.arange(0, n_works * per_work + 1, per_work, dtype=np.int64),
        np.empty(n_works * per_work, narrow),
        n_fields,
        n_countries,
    )
    for start in range(0, n_works, _BLOCK):
        stop = min(start + _BLOCK, n_works)
        bits = np.random.Philox(key=seed, counter=(start // _BLOCK) * _STRETCH)
        n, entries = stop - start, (stop - start) * per_work
        out.field[start:stop] = _raw(bits, n) % np.uint32(n_fields)
        out.year[start:stop] = years[0] + np.searchsorted(calendar, _raw(bits, n), side="right")
        home = np.searchsorted(countries, _raw(bits, n), side="right").astype(narrow)
        codes = np.repeat(home, per_work)
        abroad = np.flatnonzero(_raw(bits, entries) % np.uint32(100) < 12)
        codes[abroad] = np.searchsorted(countries, _raw(bits, len(abroad)), side="right")
        out.codes[start * per_work : stop * per_work] = codes
    return out


def _raw(bits: np.random.Philox, n: int) -> npt.NDArray[np.uint32]:
    """Return n draws of 32 bits."""
    return bits.random_raw((n + 1) // 2).view(np.uint32)[:n]


def _thresholds(weights: list[int]) -> npt.NDArray[np.uint32]:
    """Turn weights into bounds of 32-bit draws; the last weight takes what is left."""
    total, reached, bounds = sum(weights), 0, []
    for weight in weights[:-1]:
        reached += weight
        bounds.append((reached << 32) // total)
    return np.array(bounds, dtype=np.uint32)
