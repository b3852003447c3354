"""Trends on the backend gpu, on its stand-in and on a GPU: the same bits as on the cpu."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import polars as pl
import pytest
from support import shim
from support.kernels import chunks, use
from support.series import frame

import trendcore as tc


@pytest.fixture(params=["gpu", shim.NAME])
def backend(request: pytest.FixtureRequest) -> Iterator[str]:
    with use(request.param) as name:
        yield name


@pytest.fixture(scope="module")
def table() -> pl.DataFrame:
    rng = np.random.default_rng(9)
    return pl.concat(
        [frame(rng.poisson(5 + w % 3, n).cumsum(), w=w) for w, n in enumerate((5, 9, 12, 30, 40, 1, 30))]
    )


@pytest.mark.parametrize("n_works", [1 << 20, 2])
@pytest.mark.parametrize("name", ["trend", "change_points", "bursts", "project"])
def test_same_as_on_the_cpu(backend: str, name: str, n_works: int, table: pl.DataFrame) -> None:
    how: dict[str, Any] = {"relevant": "value", "total": "d"} if name == "bursts" else {}
    given = table.with_columns(d=pl.col("value") * 3.0)
    function = getattr(tc.trends, name)
    with chunks(n_works):
        found = function(given, backend=backend, **how)
    assert found.equals(function(given, backend="cpu", **how))
