"""Arguments of the analyses of uncertainty: names of keys, whole numbers, cells, and tables of odd types."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest
from support.composites import small

from trendcore import composite as co
from trendcore.errors import DeclarationError, InputError, SchemaError, UsageError

VARY = co.Vary(weight_noise=0.8)
TABLE = pl.DataFrame(
    {
        "who": list("pqrstuvw"),
        "x": [1.0, 2.0, 5.0, 7.0, 4.0, 9.0, 3.0, 6.0],
        "y": [9.0, 4.0, 5.0, 1.0, 2.0, 7.0, 8.0, 3.0],
        "z": [3.0, 8.0, 1.0, 2.0, 9.0, 4.0, 5.0, 7.0],
        "xx": [9.0, 2.0, 5.0, 1.0, 4.0, 7.0, 3.0, 6.0],
    }
)
REPLICATES = pl.concat(
    TABLE.select("who", value=pl.col("x") * (1 + number), index=pl.lit("x"), replicate=number)
    for number in range(3)
).with_columns(value=pl.col("value") + pl.int_range(pl.len()) % 5)


RANGES = ["rank", "rank_lo", "mean_shift", "null_share", "flag", "shift_hi", "above", "tied", "n"]


@pytest.mark.parametrize("name", RANGES)
def test_a_key_of_the_name_of_a_column_of_ranges_is_refused(name: str) -> None:
    table = TABLE.rename({"who": name})
    with pytest.raises(UsageError, match=f"^{name}: the result of uncertainty has .*rename it"):
        co.uncertainty(table, small(keys=(name,), vary=co.Vary(weight_noise=0.5)), draws=5)


def test_a_cell_of_the_name_of_the_other_unit_is_refused() -> None:
    composite = small(by=("who_other",), vary=co.Vary(weight_noise=0.5))
    with pytest.raises(UsageError, match=r"^who_other: .*rename it"):
        co.uncertainty(TABLE.with_columns(who_other=1), composite, draws=5)


@pytest.mark.parametrize("name", ["factor", "first", "first_lo", "total", "total_hi", "flag"])
def test_a_key_of_the_name_of_a_column_of_indices_is_refused(name: str) -> None:
    table = TABLE.rename({"who": name})
    with pytest.raises(UsageError, match=f"^{name}: the result of sensitivity has .*rename it"):
        co.sensitivity(table, small(keys=(name,), vary=co.Vary(weight_noise=0.5)), base=4)


@pytest.mark.parametrize("name", ["replicate", "index", "value"])
def test_a_key_of_the_name_of_a_column_of_replicates_is_refused(name: str) -> None:
    composite = small(keys=(name,), vary=co.Vary(weight_noise=0.5))
    table = TABLE.rename({"who": name})
    plain = co.uncertainty(TABLE, small(vary=composite.vary), draws=5)
    assert co.uncertainty(table, composite, draws=5).ranks.rename({name: "who"}).equals(plain.ranks)
    with pytest.raises(UsageError, match=f"^{name}: a table of replicates has .*rename it"):
        co.uncertainty(table, composite, draws=5, replicates=REPLICATES)


@pytest.mark.parametrize("name", ["row", "seen", "there", "warning", "#", "alone"])
def test_names_of_no_column_are_free(name: str) -> None:
    vary = co.Vary(weight_noise=0.5, measure={"x": ("xx",)})
    plain = co.uncertainty(TABLE, small(vary=vary), draws=10)
    of_key = co.uncertainty(TABLE.rename({"who": name}), small(keys=(name,), vary=vary), draws=10)
    assert of_key.ranks.rename({name: "who"}).equals(plain.ranks)
    assert of_key.above().width == plain.above().width
    indicators = tuple(co.Indicator(name=each, group="c") for each in ("x", "y", name))
    of_indicator = co.uncertainty(
        TABLE.rename({"z": name}),
        small(indicators=indicators, vary=co.Vary(weight_noise=0.5, measure={name: ("xx",)})),
        draws=10,
    )
    assert of_indicator.ranks.height == TABLE.height


def test_whole_numbers_are_of_any_type_and_others_refused() -> None:
    composite = small(vary=VARY)
    plain = co.uncertainty(TABLE, composite, draws=20, seed=4)
    same = co.uncertainty(TABLE, composite, draws=np.int16(20), seed=np.uint64(4))  # type: ignore[arg-type]
    assert same._drawn.tobytes() == plain._drawn.tobytes()
    assert (type(same.seed), type(same.draws)) == (int, int)
    design = co.sensitivity(TABLE, composite, base=4, seed=4)
    again = co.sensitivity(TABLE, composite, base=np.int64(4), seed=np.int8(4))  # type: ignore[arg-type]
    assert again.shift.equals(design.shift)
    refused: list[dict[str, Any]] = [{"seed": 1.5}, {"seed": 4.0}, {"seed": None}, {"seed": "4"}]
    for given in (*refused, {"draws": 20.0}, {"draws": None}):
        with pytest.raises(UsageError, match=f"{next(iter(given))}: a whole number, not "):
            co.uncertainty(TABLE, composite, **{"draws": 5, **given})
    for given in (*refused, {"base": 4.0}, {"base": "4"}):
        with pytest.raises(UsageError, match=f"{next(iter(given))}: a whole number, not "):
            co.sensitivity(TABLE, composite, **{"base": 4, **given})


def test_cells_are_named_by_any_collection_of_their_values() -> None:
    table = pl.concat([TABLE.with_columns(year=year) for year in (2000, 2001)])
    composite = small(by=("year",), vary=VARY)
    one = co.uncertainty(table, composite, draws=5, cells={"year": 2001})
    assert one.ranks["year"].unique().to_list() == [2001]
    same: list[Any] = [np.int64(2001), [2001], {2001}, np.array([2001]), pl.Series([2001]), range(2001, 2002)]
    for values in same:
        assert co.uncertainty(table, composite, draws=5, cells={"year": values}).ranks.equals(one.ranks)
    for wrong in ("2001", [b"2001"], {"2001"}):
        with pytest.raises(UsageError, match="cells: year holds Int"):
            co.uncertainty(table, composite, draws=5, cells={"year": wrong})
    with pytest.raises(UsageError, match="cells: columns and values"):
        co.uncertainty(table, composite, draws=5, cells=["year"])  # type: ignore[arg-type]


def test_tables_of_nothing_or_of_no_kind_are_refused() -> None:
    composite = small(vary=VARY)
    with pytest.raises(UsageError, match=r"^the table has no unit"):
        co.uncertainty(TABLE.clear(), composite, draws=5)
    with pytest.raises(InputError, match="the table: a Polars DataFrame"):
        co.uncertainty(TABLE.to_dict(), composite, draws=5)  # type: ignore[arg-type]
    with pytest.raises(InputError, match=r"tables\.other: a Polars DataFrame"):
        co.uncertainty(TABLE, composite, draws=5, tables={"other": 1})  # type: ignore[dict-item]
    with pytest.raises(UsageError, match="tables: names and tables, not DataFrame"):
        co.uncertainty(TABLE, composite, draws=5, tables=TABLE)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="replicates: a Polars DataFrame"):
        co.uncertainty(TABLE, composite, draws=5, replicates=5)  # type: ignore[arg-type]


def test_replicates_of_odd_types() -> None:
    composite = small(vary=VARY)
    plain = co.uncertainty(TABLE, composite, draws=20, replicates=REPLICATES)
    categories = REPLICATES.with_columns(pl.col("who", "index").cast(pl.Categorical))
    assert co.uncertainty(TABLE, composite, draws=20, replicates=categories).ranks.equals(plain.ranks)
    for value, message in (("a", "holds String"), (float("inf"), "infinite"), (1e200, "beyond")):
        with pytest.raises(SchemaError, match=f"column value .*{message}"):
            co.uncertainty(TABLE, composite, draws=5, replicates=REPLICATES.with_columns(value=pl.lit(value)))
    with pytest.raises(SchemaError, match="column index holds Int32"):
        co.uncertainty(TABLE, composite, draws=5, replicates=REPLICATES.with_columns(index=1))


def test_an_alternative_window_over_no_column_of_a_cell_is_refused() -> None:
    reference = co.Reference(column="year", first=2000, last=2001)
    vary = co.Vary(reference=(co.Reference(column="month", first=1, last=2),))
    composite = small(by=("year",), reference=reference, vary=vary)
    with pytest.raises(DeclarationError, match=r"vary\.reference: 'month' is no column of by"):
        co.uncertainty(TABLE.with_columns(year=2000), composite, draws=5)
