"""The Polars namespace ``trend``: ``import trendcore.namespace``, then ``works.lazy().trend.tally(...)``.

The same functions as `trendcore.tally`, `trendcore.tally_trade` and `trendcore.indices.compute`, at the end
of a chain of Polars calls.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import polars as pl

from trendcore import indices as registered
from trendcore.indices.catalogue import IndexName
from trendcore.tallies import Tally, TradeTally, tally, tally_trade

__all__ = ["TrendNamespace"]


@pl.api.register_dataframe_namespace("trend")
@pl.api.register_lazyframe_namespace("trend")
class TrendNamespace:
    """Tallies and indices of the frame's rows.

    Examples
    --------
    >>> import trendcore.namespace
    >>> works = pl.LazyFrame({"year": [2022, 2022], "countries": [["JP", "US"], ["JP", "KR", "US"]]})
    >>> works.trend.tally(members="countries", by=["year"]).pairs["joint"].to_list()
    [1, 2, 1]
    """

    def __init__(self, rows: pl.DataFrame | pl.LazyFrame) -> None:
        self._rows = rows

    def tally(self, **arguments: Any) -> Tally:
        """Tally the rows as works; the arguments are those of `trendcore.tally`.

        Raises
        ------
        SchemaError, InputError, UsageError, BackendError
            See `trendcore.tally`.
        """
        return tally(self._rows, **arguments)

    def tally_trade(self, **arguments: Any) -> TradeTally:
        """Tally the rows as trade flows; the arguments are those of `trendcore.tally_trade`.

        Raises
        ------
        SchemaError, InputError, UsageError
            See `trendcore.tally_trade`.
        """
        return tally_trade(self._rows, **arguments)

    def indices(
        self, indices: Sequence[IndexName] | None = None, *, zeros: bool | None = None, **arguments: Any
    ) -> pl.DataFrame:
        """Tally the rows as works and compute indices of them.

        Parameters
        ----------
        indices, zeros
            See `trendcore.indices.compute`.
        **arguments
            Those of `trendcore.tally`.

        Raises
        ------
        UnknownIndexError, SchemaError, InputError, UsageError, BackendError
            See the two functions.

        Examples
        --------
        >>> works = pl.DataFrame({"year": [2022], "countries": [["JP", "US"]]})
        >>> works.trend.indices(["joint"], members="countries", by=["year"])["value"].to_list()
        [1.0]
        """
        return registered.compute(self.tally(**arguments), indices, zeros=zeros)
