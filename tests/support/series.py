"""Tables of series for the tests of trends."""

from __future__ import annotations

from typing import Any

import polars as pl


def frame(values: Any, first: int = 1980, **keys: Any) -> pl.DataFrame:
    """A series in years that follow one another, with its keys."""
    years = pl.Series("year", range(first, first + len(values)), dtype=pl.Int16)
    return pl.DataFrame({"year": years, "value": pl.Series(values, dtype=pl.Float64)}).with_columns(
        **{name: pl.lit(key) for name, key in keys.items()}
    )
