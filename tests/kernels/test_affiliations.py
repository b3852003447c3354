"""Simulated works: the same bytes on every machine, and codes as wide as their members need."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
import pytest

from trendcore_kernels.simulate import affiliations


def sha256(*arrays: Any) -> str:
    return hashlib.sha256(b"".join(array.tobytes() for array in arrays)).hexdigest()[:16]


def test_bytes_stay() -> None:
    """Results of benchmarks of all revisions are about the same works."""
    drawn = affiliations(700_000)  # more than one block
    assert sha256(drawn.field, drawn.year, drawn.offsets, drawn.codes) == "d506bff36f539747"
    few = affiliations(1000, seed=3, per_work=3, n_countries=255)
    assert sha256(few.field, few.year, few.offsets, few.codes) == "420a92c7a29aa55f"
    many = affiliations(1000, n_countries=1_000_000)
    assert sha256(many.field, many.year, many.offsets, many.codes) == "43c7ec5b9be2092b"


@pytest.mark.parametrize(
    ("n", "dtype"), [(1, "uint8"), (255, "uint8"), (256, "uint32"), (1_000_000, "uint32")]
)
def test_codes_are_as_wide_as_members_need(n: int, dtype: str) -> None:
    drawn = affiliations(20_000, n_countries=n)
    assert drawn.codes.dtype == dtype
    assert drawn.codes.max() < n
    assert drawn.n_countries == n
    home = np.bincount(drawn.codes)
    assert home[0] == home.max()  # Zipf: the first is drawn most


def test_many_members_are_drawn() -> None:
    drawn = affiliations(200_000, n_countries=1_000_000)
    assert len(np.unique(drawn.codes)) > 10_000
    assert drawn.codes.max() > 900_000


@pytest.mark.parametrize(
    "wrong",
    [{"n_countries": 0}, {"n_countries": 1_000_001}, {"n_fields": 257}, {"n_fields": 0}, {"per_work": 0}],
)
def test_numbers_out_of_range_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="cannot draw"):
        affiliations(10, **wrong)
    with pytest.raises(ValueError, match="cannot draw"):
        affiliations(-1)
