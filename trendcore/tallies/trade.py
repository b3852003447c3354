"""Trade flows -> trade tally: values summed by cell, product, exporter and importer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

import polars as pl

from trendcore.arrays import Raw
from trendcore.errors import InputError, SchemaError, UsageError
from trendcore.tallies.cells import check_by
from trendcore.tallies.inputs import frames, names_of, spread
from trendcore.tallies.naming import Naming
from trendcore.tallies.types import NES, TallyMeta, TradeTally

if TYPE_CHECKING:
    from trendcore.taxonomy import CountryPolicy

#: all goods have neither: they are the whole that fields and products are parts of
_NOT_OF_GOODS = ("field", "product")
_ENDS = ("exporter", "importer")


def tally_trade(
    flows: Any,
    *,
    by: Sequence[str] = ("year",),
    product: str = "hs6",
    exporter: str = "exporter",
    importer: str = "importer",
    value: str = "value",
    goods: Any = None,
    self_flows: Literal["in_total", "drop"] = "in_total",
    labels: Mapping[int, str] | None = None,
    policy: CountryPolicy | None = None,
) -> TradeTally:
    """Sum trade flows by cell, product, exporter and importer.

    Parameters
    ----------
    flows
        A row a flow: a DataFrame, LazyFrame, pyarrow table or batches. Aggregates such as World, and
        re-exports, are to be out before. Remainders ("Areas, nes", bunkers, free zones) are to be in, or all
        shares are too large: an end that is ``"nes"`` is part of totals, but no country.
    by
        Columns whose combinations are the cells. A list column counts a flow once in each distinct value (a
        product in two fields). The product column may be among them: then each product is a cell of its own.
    product, exporter, importer, value
        Names of the columns. Values are whole thousandths of a US dollar; ends are strings or codes.
    goods
        Trade in all goods, which ``rca`` and ``rsca`` need: a row a flow, with the columns of ends and value,
        and those of ``by`` that it has. None: not known.
    self_flows
        Flows of a country to itself (re-imports): ``in_total`` keeps them as rows, so that they are part of
        totals, ``drop`` leaves them out. A policy that merges two countries makes their trade such a flow.
        Trade between two remainders is none.
    labels
        Displayed name of each code, for columns of codes. Codes of ``taxonomy.countries().remainders()`` that
        it does not name are displayed as ``nes``, all as one end.
    policy
        Country policy, applied first. An end that it maps to unknown is ``nes``, and so is a blank one: no
        country, but a part of totals.

    Returns
    -------
    TradeTally
        Sorted by its key.

    Raises
    ------
    SchemaError
        A column is missing, or values are no whole numbers.
    InputError
        A key or value is null, or a code has no label.
    UsageError
        ``self_flows`` is neither.

    Examples
    --------
    >>> flows = pl.DataFrame(
    ...     {
    ...         "year": [2022, 2022],
    ...         "hs6": ["854231", "854231"],
    ...         "exporter": [490, 490],
    ...         "importer": [840, 840],
    ...         "value": [5000, 2000],
    ...     }
    ... )
    >>> tally_trade(flows, labels={490: "TW", 840: "US"}).flows.rows()
    [(2022, '854231', 'TW', 'US', 7000)]
    """
    if self_flows not in ("in_total", "drop"):
        raise UsageError(f"self_flows is 'in_total' or 'drop', not {self_flows!r}")
    if isinstance(by, str):
        raise UsageError(f"by is a list of columns: write by=[{by!r}]")
    naming = Naming(_with_remainders(labels), policy)
    cells = tuple("product" if name == product else name for name in by)
    renamed = {product: "product", exporter: "exporter", importer: "importer", value: "value"}
    tally = _sum(flows, [*by, product], renamed, naming, self_flows, what="flows")
    whole = None
    if goods is not None:
        have = names_of(goods)
        kept = [
            name for name in by
            if name not in _NOT_OF_GOODS and name != product and (have is None or name in have)
        ]  # fmt: skip
        whole = _sum(goods, kept, renamed, naming, self_flows, what="goods")
    meta = TallyMeta(
        by=cells, kind="trade", policy=policy.sha256 if policy else "", self_flows=self_flows, unknown="drop"
    )
    return TradeTally(tally, whole, meta)


def _sum(
    rows: Any, keys: list[str], renamed: dict[str, str], naming: Naming, self_flows: str, *, what: str
) -> pl.DataFrame:
    """Sum values by key, in batches."""
    old = {new: name for name, new in renamed.items()}
    columns = list(dict.fromkeys([*keys, old["exporter"], old["importer"], old["value"]]))
    key = list(dict.fromkeys([*(renamed.get(name, name) for name in keys), *_ENDS]))
    parts = []
    for frame in frames(rows, columns, what=what):
        _check_value(frame[old["value"]], what)
        for name in columns:
            if frame[name].null_count():
                nulls = frame[name].null_count()
                raise InputError(f"{what}: column {name!r} is null in {nulls:,} of {frame.height:,} rows")
        part = spread(frame, keys).rename({name: new for name, new in renamed.items() if name in columns})
        for name in (name for name in key if name not in _ENDS):
            check_by(part[name])
        part = part.with_columns(_displayed(part[end], naming) for end in _ENDS)
        if self_flows == "drop":
            part = part.filter((pl.col("exporter") != pl.col("importer")) | (pl.col("exporter") == NES))
        parts.append(part.group_by(key).agg(pl.col("value").cast(pl.Int64).sum()))
    return pl.concat(parts, how="vertical_relaxed").group_by(key).agg(pl.col("value").sum()).sort(key)


def _with_remainders(labels: Mapping[int, str] | None) -> Mapping[int, str] | None:
    if labels is None:
        return None
    from trendcore import taxonomy

    return dict.fromkeys(taxonomy.countries().remainders(), NES) | dict(labels)


def _check_value(column: pl.Series, what: str) -> None:
    if not column.dtype.is_integer() and column.dtype != pl.Null:
        raise SchemaError(
            f"{what}: column {column.name!r} holds {column.dtype}; values are whole thousandths of a US "
            "dollar, such as (pl.col('usd') * 1000).round().cast(pl.Int64)"
        )


def _displayed(column: pl.Series, naming: Naming) -> pl.Series:
    """Names of one end of each flow; `NES` where unknown, since to leave it out would raise all shares."""
    if not column.dtype.is_integer() and not isinstance(column.dtype, (pl.String, pl.Categorical, pl.Enum)):
        raise SchemaError(f"column {column.name!r} holds {column.dtype}; countries are strings or codes")
    plain = column if column.dtype.is_integer() else column.cast(pl.String)
    values: list[Raw] = plain.unique().to_list()
    names = pl.Series([naming(value) or NES for value in values], dtype=pl.String)
    shown = plain.replace_strict(pl.Series(values, dtype=plain.dtype), names, return_dtype=pl.String)
    return shown.cast(pl.String)  # of no rows, Polars keeps the old type
