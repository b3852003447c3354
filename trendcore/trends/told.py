"""What published tables tell of years and of pairs without a row: which years count, what is 0 in them."""

from __future__ import annotations

import polars as pl

from trendcore.indices import registry


def spoken_of(coverage: pl.DataFrame) -> pl.DataFrame:
    """Keep the rows of complete years that can be spoken of.

    Works without any known country, and fields that the data cannot tell, give no zeros.
    """
    told = (pl.col("works_known") > 0).fill_null(value=False) | pl.col("value").is_not_null()
    return coverage.filter(pl.col("year_complete") & told)


def with_no_joint_works(name: str) -> float | None:
    """Return an index of a pair that has works, but none together; None where it is undefined.

    None also where it depends on how many works they have.

    Examples
    --------
    >>> [with_no_joint_works(name) for name in ("salton", "npmi", "pmi", "z")]
    [0.0, -1.0, None, None]
    """
    entry = registry()[name]
    sizes = {"x": (1, 2), "y": (1, 3), "total": (4, 9), "deg": (1, 2), "c": (0, 0)}
    one, other = (entry.at(**{symbol: sizes[symbol][i] for symbol in entry.needs}) for i in (0, 1))
    return one if one == other else None
