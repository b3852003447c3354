"""The rows of an index table before it is shown: values, flags and which rows are those of each index."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import numpy as np
import numpy.typing as npt
import polars as pl

from trendcore.errors import UsageError
from trendcore.indices.base import CELL, COUNTRY, FORWARD, A, B, Base
from trendcore.indices.base_directed import directed_base
from trendcore.indices.base_trade import trade_base
from trendcore.indices.base_works import works_base
from trendcore.indices.catalogue import IndexName, Request, requests
from trendcore.indices.model import SMALL_COUNT, VALUE_FLAGS

if TYPE_CHECKING:
    from trendcore.tallies import Tally, TallyMeta, TradeTally

#: with at most this many members, pairs that never met get their rows by default
DENSE_MEMBERS = 256

#: code of each flag in the columns of flags; 0 stands for none
FLAG_CODE = {flag: code for code, flag in enumerate(VALUE_FLAGS, start=1)}

Column = npt.NDArray[np.float64] | npt.NDArray[np.uint8]


#: columns of a long table beside its `by` columns, a and b
LONG = ("index", "value", "value_flag", "counting", "marginals", "universe", "neutral", "policy")


@dataclass(frozen=True)
class Evaluated:
    """Indices of a tally.

    Attributes
    ----------
    base
        Rows and symbols.
    wanted
        What was asked for, in order.
    rows
        The rows of the base, and of request n: ``_v<n>`` value or null, ``_f<n>`` code of its flag, ``_k<n>``
        whether the row is one of the index.
    meta
        How the tally was counted.
    """

    base: Base
    wanted: list[Request]
    rows: pl.DataFrame
    meta: TallyMeta

    def keep(self, number: int) -> npt.NDArray[np.bool_]:
        """Which rows are those of a request."""
        found: npt.NDArray[np.bool_] = self.rows[f"_k{number}"].fill_null(False).to_numpy()
        return found

    def value(self, number: int) -> npt.NDArray[np.float64]:
        """Values of a request, NaN for null."""
        found: npt.NDArray[np.float64] = self.rows[f"_v{number}"].to_numpy()
        return found

    def keys(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Show the keys of some base rows: the by columns, a and b."""
        names = pl.DataFrame({"name": pl.Series([None, *self.base.names], dtype=pl.String)})
        by = self.base.cells.drop(CELL)
        shown = [by[rows[CELL]]] if by.width else []
        # rows of a frame are gathered by all threads, those of a series by one
        ends = pl.DataFrame({"a": names[rows[A]].to_series(), "b": names[rows[B]].to_series()})
        return pl.concat([*shown, ends], how="horizontal")

    def long(
        self,
        beside: Mapping[str, Sequence[npt.NDArray[np.float64]]] | None = None,
        flags: Mapping[str, tuple[Sequence[str], Sequence[npt.NDArray[np.uint8]]]] | None = None,
    ) -> pl.DataFrame:
        """Turn columns into rows without sorting: base rows are in order, and so are the requests of a row.

        Parameters
        ----------
        beside
            Columns that stand beside the value: for each request one array (n_rows,), NaN for null.
        flags
            The same of columns of words: the words, and arrays of their numbers from 1, 0 for null.

        Returns
        -------
        pl.DataFrame
            See `trendcore.indices.compute`; the columns beside are after ``value_flag``.
        """
        check_names(self.meta.by, [*LONG, *(beside or {}), *(flags or {})])
        n = len(self.wanted)
        keep = np.empty((self.rows.height, n), dtype=np.bool_)
        for number in range(n):
            keep[:, number] = self.keep(number)
        row, column = np.nonzero(keep)

        def numbers(of: Sequence[Column]) -> Column:
            """Put the columns of all requests together, in the order of the rows."""
            together = np.empty(keep.shape, dtype=of[0].dtype if of else np.float64)
            for number, each in enumerate(of):
                together[:, number] = each
            return cast("Column", together[keep])

        def words(names: Sequence[str], of: Sequence[npt.NDArray[np.uint8]]) -> pl.Series:
            shown = pl.DataFrame({"word": pl.Series([None, *names], dtype=pl.String)})
            return shown[pl.Series(numbers(of).astype(np.uint32))].to_series()

        value = pl.Series("value", numbers([self.value(i) for i in range(n)]), nan_to_null=True)
        flag = words(VALUE_FLAGS, [self.rows[f"_f{i}"].to_numpy() for i in range(n)])
        more = [
            pl.Series(name, numbers(of), dtype=pl.Float64, nan_to_null=True)
            for name, of in (beside or {}).items()
        ]
        more += [words(*of).alias(name) for name, of in (flags or {}).items()]
        keys = self.keys(self.rows.select(CELL, A, B)[pl.Series(row.astype(np.uint32))])
        said = _said(self.wanted, column)
        one = self.wanted[0].counting if self.wanted else ""
        return keys.with_columns(
            said["index"],
            value,
            flag.alias("value_flag"),
            *more,
            said["counting"] if "counting" in said.columns else pl.lit(one).alias("counting"),
            said["marginals"],
            universe_of_row(self.meta.universe).alias("universe"),
            said["neutral"],
            pl.lit(self.meta.policy).alias("policy"),
        )


def check_names(by: Sequence[str], columns: Sequence[str]) -> None:
    """Refuse `by` columns that have the name of a column that a table has of itself.

    Raises
    ------
    UsageError
        There is one.

    Examples
    --------
    >>> check_names(["year", "value"], LONG)
    Traceback (most recent call last):
    trendcore.errors.UsageError: by column 'value' has the name of a column of the table: rename it
    """
    for name in by:
        if name in columns:
            raise UsageError(f"by column {name!r} has the name of a column of the table: rename it")


def evaluate(
    tally: Tally | TradeTally, indices: Sequence[IndexName] | None = None, *, zeros: bool | None = None
) -> Evaluated:
    """Evaluate the indices of every cell and pair; see `trendcore.indices.compute` for arguments and errors.

    Examples
    --------
    >>> import trendcore as tc
    >>> works = pl.DataFrame({"year": [2022], "countries": [["JP", "US"]]})
    >>> evaluate(tc.tally(works, members="countries", by=["year"]), ["joint"]).value(0)
    array([1.])
    """
    wanted = requests(tally.meta, indices)
    base = _base(tally, wanted, zeros=zeros)
    directed = tally.meta.kind == "directed"
    return Evaluated(
        base, wanted, _evaluate(base, wanted, tuple(tally.meta.by), directed=directed), tally.meta
    )


def _base(tally: Tally | TradeTally, wanted: list[Request], *, zeros: bool | None) -> Base:
    if tally.meta.kind == "trade":
        trade = cast("TradeTally", tally)
        if zeros is None:
            zeros = pl.concat([trade.flows["exporter"], trade.flows["importer"]]).n_unique() <= DENSE_MEMBERS
        return trade_base(trade, wanted, zeros=zeros)
    works = cast("Tally", tally)
    if tally.meta.universe.startswith("bloc:"):
        if zeros:
            raise UsageError(
                "a bloc has no pair with its own members, so not all pairs of its tally can have rows: "
                "leave zeros out."
            )
        zeros = False
    if zeros is None:
        zeros = works.members["member"].n_unique() <= DENSE_MEMBERS
    make = directed_base if tally.meta.kind == "directed" else works_base
    return make(works, wanted, zeros=zeros)


def _evaluate(base: Base, wanted: list[Request], by: tuple[str, ...], *, directed: bool) -> pl.DataFrame:
    """Add for request n: ``_v<n>`` value or null, ``_f<n>`` flag code, ``_k<n>`` whether the row belongs."""
    raw, checked = [], []
    for number, each in enumerate(wanted):
        columns = base.columns[each.column]
        raw.append(each.index.expression(columns).alias(f"_v{number}"))
        value = pl.col(f"_v{number}")
        unknown = FLAG_CODE[base.null_flags.get(each.index.name, "not_known")]
        flag = (
            pl.when(value.is_null())
            .then(unknown)
            .when(value.is_nan())
            .then(FLAG_CODE["zero_denominator"])
            .when(value == float("inf"))
            .then(FLAG_CODE["infinite"])
            .when(value == float("-inf"))
            .then(FLAG_CODE["minus_infinite"])
        )
        if each.index.small is not None:
            small = "joint" if each.index.small == "c" else columns[each.index.small]
            flag = flag.when(pl.col(small) < SMALL_COUNT).then(FLAG_CODE["small_count"])
        checked.append(flag.otherwise(0).cast(pl.UInt8).alias(f"_f{number}"))
        checked.append(pl.when(value.is_finite()).then(value).alias(f"_v{number}"))
        belongs = _belongs(each, by, directed=directed)
        if each.index.name in base.belongs:
            belongs = belongs & pl.col(base.belongs[each.index.name]).is_not_null()
        checked.append(belongs.alias(f"_k{number}"))
    rows = base.rows
    if any(each.index.roles for each in wanted) and "role" in by:
        rows = rows.join(
            base.cells.select(CELL, pl.col("role").cast(pl.String).alias("_role")), on=CELL, how="left"
        )
    return rows.with_columns(raw).with_columns(checked)


def _belongs(each: Request, by: tuple[str, ...], *, directed: bool) -> pl.Expr:
    """Whether a row of the base is a row of this index."""
    kind = pl.col("_kind")
    if each.index.subject == "country":
        belongs = kind == COUNTRY
    else:
        belongs = kind != COUNTRY if each.index.directed or directed else kind == FORWARD
    if each.index.roles and "role" in by:
        belongs = belongs & pl.col("_role").is_in(each.index.roles)
    return belongs


def universe_of_row(universe: str) -> pl.Expr:
    """Universe of each row: a tally of several blocs has one of its own in each."""
    if universe.startswith("bloc:") and "," in universe:
        return pl.format("bloc:{}", pl.col("bloc").cast(pl.String))
    return pl.lit(universe, pl.String)


def _said(wanted: list[Request], column: npt.NDArray[np.int64]) -> pl.DataFrame:
    """Conventions of each value (n_values,) from the number of its request; no counting if all agree."""
    table = pl.DataFrame(
        {
            "index": pl.Series([each.index.name for each in wanted], dtype=pl.String),
            "counting": pl.Series([each.counting for each in wanted], dtype=pl.String),
            "marginals": pl.Series([each.marginals for each in wanted], dtype=pl.String),
            "neutral": pl.Series(
                [each.index.neutral_value(each.marginals) for each in wanted], dtype=pl.Float64
            ),
        }
    )
    if table["counting"].n_unique() == 1:
        table = table.drop("counting")  # one value for all rows stays one value in memory
    return table[pl.Series(column.astype(np.uint32))]
