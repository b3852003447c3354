"""What an index is: one formula over named symbols, and everything that a reader must know to use it.

An index is declared once, in a file of its own. Its formula is a function of named Polars expressions (or,
through `Index.at`, of plain numbers); the engine in `tables.py` binds the names to columns. A formula uses
IEEE values for what is not a number of its range, and the engine turns them into null and a flag, so that
no formula handles flags:

=================  ==========================================  ==================
formula gives      meaning                                     published as
=================  ==========================================  ==================
a finite number    the value                                   the value
NaN                a denominator is zero: undefined            null, zero_denominator
+infinity          a ratio of something to nothing             null, infinite
-infinity          the logarithm of zero                       null, minus_infinite
null               an input is not known                       null, not_known
=================  ==========================================  ==================
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import polars as pl

from trendcore.errors import UsageError

#: every value_flag an index table may hold, beside null; `incomplete_year` is set by whoever knows the year
VALUE_FLAGS = (
    "zero_denominator",
    "infinite",
    "minus_infinite",
    "small_count",
    "incomplete_year",
    "no_goods_total",
    "withheld",
    "not_known",
)

#: a joint count below this is flagged `small_count`; the value stays
SMALL_COUNT = 5

#: marginal systems: which totals of a, b and the world an index is taken over
MARGINALS = MappingProxyType(
    {
        "docs_int": "international works of a, of b, and of the cell",
        "docs_all": "all works of a and of b, and all works of the cell with a known country",
        "links": "link strengths k_a, k_b (sums over partners) and m, each pair counted once",
        "matrix": "link strengths k_a, k_b and 2m, the sum of the symmetric matrix",
        "none": "the index has no totals of this kind",
    }
)

DOCS = ("docs_int", "docs_all")
DOCS_LINKS = ("docs_int", "docs_all", "links")

#: pair weightings whose weight of one work never exceeds 1, so that bounds of ratio indices hold
BOUNDED_COUNTINGS = ("full", "newman", "pair", "share", "bilateral")


@dataclass(frozen=True)
class Index:
    """One index: its formula and its conventions.

    Parameters
    ----------
    name
        Registry name, as in the ``index`` column.
    title
        What it is, in a few words.
    formula
        The formula in plain text, with the symbols of `needs`.
    range
        Possible values, in words.
    neutral
        What the value tends to under random matching, in words; never a threshold.
    directed
        True: (a, b) and (b, a) differ and both are given.
    kinds
        Tallies that feed it: ``works``, ``directed`` (invented in a, owned in b) or ``trade``.
    evaluate
        The formula as a function of Polars expressions, one argument for each of `needs`.
    needs
        Symbols that the formula uses, see `base_works.py`, `base_directed.py`, `base_trade.py`.
    source
        Where the definition is from.
    subject
        ``pair``, or ``country`` for an index of one country (column b is null).
    marginals
        Marginal systems that make sense, the default one first.
    countings
        Counting schemes that make sense, the default one first.
    docs_countings
        Those of `countings` that go with totals of documents; None for all.
    neutral_values
        Neutral value by marginal system where it does not depend on the cell.
    small
        The symbol whose value under `SMALL_COUNT` is flagged ``small_count``; None for no flag.
    roles
        Roles of the ``role`` column that the index speaks of; empty for any.
    notes
        Warnings that a reader of the value needs.
    drawn
        The function that draws what the index needs, where a tally alone does not give it; empty for none.
    """

    name: str
    title: str
    formula: str
    range: str
    neutral: str
    directed: bool
    kinds: tuple[str, ...]
    evaluate: Callable[..., pl.Expr]
    needs: tuple[str, ...]
    source: str
    subject: str = "pair"
    marginals: tuple[str, ...] = ("none",)
    countings: tuple[str, ...] = ("full",)
    docs_countings: tuple[str, ...] | None = None
    neutral_values: Mapping[str, float] = field(default_factory=dict)
    small: str | None = None
    roles: tuple[str, ...] = ()
    notes: str = ""
    drawn: str = ""

    @property
    def kind(self) -> str:
        """The kind of tally that the index is at home in."""
        return self.kinds[0]

    def neutral_value(self, marginals: str) -> float | None:
        """Typical value under random matching in this marginal system; None where it depends on the cell."""
        return self.neutral_values.get(marginals)

    def expression(self, columns: Mapping[str, str]) -> pl.Expr:
        """Bind the formula's symbols to columns: ``columns`` maps a symbol to the name of a column."""
        return self.evaluate(**{symbol: pl.col(columns[symbol]).cast(pl.Float64) for symbol in self.needs})

    def at(self, **symbols: float) -> float | None:
        """Value for plain numbers, for checking by hand.

        Returns
        -------
        float or None
            None where the index is undefined or infinite.

        Raises
        ------
        UsageError
            If a symbol of `needs` is missing or another one is given.

        Examples
        --------
        >>> from trendcore.indices import registry
        >>> registry()["share"].at(c=5, x=20)
        0.25
        """
        if set(symbols) != set(self.needs):
            raise UsageError(f"{self.name} is a formula of {', '.join(self.needs)}; given: {sorted(symbols)}")
        frame = pl.DataFrame({name: [float(value)] for name, value in symbols.items()})
        value = frame.select(self.expression({name: name for name in self.needs}).alias("value")).item()
        return None if value is None or value != value or abs(value) == float("inf") else float(value)


def ratio(numerator: pl.Expr, denominator: pl.Expr) -> pl.Expr:
    """Quotient that is NaN (undefined) for a zero denominator, whatever the numerator.

    Examples
    --------
    >>> pl.DataFrame({"n": [1.0, 1.0], "d": [2.0, 0.0]}).select(
    ...     ratio(pl.col("n"), pl.col("d"))
    ... ).to_series().to_list()
    [0.5, nan]
    """
    return pl.when(denominator == 0).then(float("nan")).otherwise(numerator / denominator)


def undefined_where(condition: pl.Expr, value: pl.Expr) -> pl.Expr:
    """Value that is NaN (undefined) where the condition holds.

    Examples
    --------
    >>> pl.DataFrame({"n": [1.0, 0.0]}).select(
    ...     undefined_where(pl.col("n") == 0, pl.col("n"))
    ... ).to_series().to_list()
    [1.0, nan]
    """
    return pl.when(condition).then(float("nan")).otherwise(value)
