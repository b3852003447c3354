"""Flags of series in words."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import polars as pl


def joined(flags: Mapping[str, npt.NDArray[np.bool_]]) -> pl.Series:
    """(W,) names of the flags that are set, with commas between; null where none is.

    Examples
    --------
    >>> import numpy as np
    >>> joined({"ties": np.array([True, False]), "gaps": np.array([True, False])}).to_list()
    ['ties,gaps', None]
    """
    names = [
        pl.when(pl.Series(name, is_set)).then(pl.lit(name)).alias(name) for name, is_set in flags.items()
    ]
    text = pl.select(flag=pl.concat_str(names, separator=",", ignore_nulls=True))["flag"]
    return text.set(text == "", None)
