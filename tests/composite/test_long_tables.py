"""Long index tables: which rows are taken, how directions are joined, and what a pair without a row is."""

from __future__ import annotations

from typing import Any

import msgspec
import polars as pl
import pytest

import trendcore as tc
from trendcore import composite as co
from trendcore.errors import SchemaError, UsageError


def declared(*indicators: co.Indicator, **changes: Any) -> co.Composite:
    given: dict[str, Any] = {"by": ("year",), "groups": (co.Group(name="g"),), "floor": 0.0}
    return co.Composite(name="c", version="1", indicators=indicators, **(given | changes))


def rows(index: str, *values: tuple[str, str | None, float | None], **columns: Any) -> pl.DataFrame:
    frame = pl.DataFrame(values, schema={"a": pl.String, "b": pl.String, "value": pl.Float64}, orient="row")
    columns = {"year": 2020, "index": index} | columns
    return frame.with_columns(pl.lit(value).alias(name) for name, value in columns.items())


def raw(table: pl.DataFrame, composite: co.Composite) -> dict[tuple[Any, ...], Any]:
    """Values before they are normalised, by unit."""
    made = co.steps(table, co.fit(table, composite))["raw"]
    keys, names = list(composite.unit_columns), list(composite.names)
    return {row[: len(keys)]: row[len(keys)] for row in made.select(*keys, names[0]).iter_rows()}


DIRECTED = rows(
    "share", ("JP", "US", 0.2), ("US", "JP", 0.4), ("JP", "KR", 0.1), ("KR", "US", 0.3), ("US", "KR", None)
)


@pytest.mark.parametrize(
    ("join", "ways", "values"),
    [
        ("mean", "both", [None, 0.3, None]),
        ("mean", "any", [0.1, 0.3, 0.3]),
        ("min", "any", [0.1, 0.2, 0.3]),
        ("max", "both", [None, 0.4, None]),
        ("sum", "both", [None, 0.6, None]),
    ],
)
def test_both_directions_become_one_value(join: Any, ways: Any, values: list[float | None]) -> None:
    composite = declared(co.Indicator(name="x", group="g", index="share", join=join, ways=ways))
    made = raw(DIRECTED, composite)
    assert list(made) == [("JP", "KR"), ("JP", "US"), ("KR", "US")]
    assert list(made.values()) == pytest.approx(values)


def test_directed_pairs_stay_apart() -> None:
    composite = declared(co.Indicator(name="x", group="g", index="share"), unit="directed_pair")
    made = raw(DIRECTED, composite)
    assert made["JP", "US"] == 0.2
    assert made["US", "JP"] == 0.4
    assert made["KR", "JP"] is None
    both = declared(co.Indicator(name="x", group="g", index="salton"), unit="directed_pair")
    assert raw(rows("salton", ("JP", "US", 0.5)), both) == {("JP", "US"): 0.5, ("US", "JP"): 0.5}


def test_symmetric_indices_are_found_in_either_order() -> None:
    composite = declared(co.Indicator(name="x", group="g", index="salton"))
    assert raw(rows("salton", ("US", "JP", 0.5)), composite) == {("JP", "US"): 0.5}
    with pytest.raises(UsageError, match="several rows stand for one value, as of 2020, JP, US"):
        raw(rows("salton", ("US", "JP", 0.5), ("JP", "US", 0.5)), composite)


def test_countries() -> None:
    composite = declared(co.Indicator(name="x", group="g", index="shii"), unit="country")
    table = pl.concat([rows("shii", ("JP", None, 0.1), ("US", None, 0.4)), rows("salton", ("JP", "US", 0.3))])
    assert raw(table, composite) == {("JP",): 0.1, ("US",): 0.4}


def test_a_pair_without_a_row_is_zero_where_both_ends_are_seen() -> None:
    table = pl.concat(
        [
            rows("salton", ("JP", "US", 0.5), ("KR", "US", 0.2), ("FR", "DE", None)),
            rows("jaccard", ("JP", "KR", 0.1), ("JP", "TW", 0.1), ("DE", "US", 0.1), ("FR", "US", 0.1)),
            rows("salton", ("JP", "TW", 0.5), year=2021),
        ]
    )
    jaccard = co.Indicator(name="y", group="g", index="jaccard")
    zero = raw(
        table.filter(year=2020),
        declared(co.Indicator(name="x", group="g", index="salton", absent="zero"), jaccard),
    )
    assert zero["JP", "KR"] == 0.0
    assert zero["JP", "US"] == 0.5
    # TW is seen in another year only, and DE and FR in rows without a value: nothing is known of them
    assert zero["JP", "TW"] is None
    assert zero["DE", "US"] is None
    assert zero["FR", "US"] is None
    null = raw(table.filter(year=2020), declared(co.Indicator(name="x", group="g", index="salton"), jaccard))
    assert null["JP", "KR"] is None


def test_zeros_of_directed_indices_ask_for_the_place() -> None:
    table = pl.concat(
        [
            rows("share", ("JP", "US", 0.2)),
            rows("salton", ("JP", "US", 0.1), ("JP", "KR", 0.1), ("KR", "US", 0.1)),
        ]
    )
    other = co.Indicator(name="y", group="g", index="salton")

    def made(absent: Any, ways: Any) -> dict[tuple[Any, ...], Any]:
        indicator = co.Indicator(name="x", group="g", index="share", absent=absent, ways=ways)
        return raw(table, declared(indicator, other))

    # US is never a subject, so that its own share is not known
    assert made("zero", "both")["JP", "US"] is None
    assert made("zero", "any") == {("JP", "US"): 0.2, ("JP", "KR"): None, ("KR", "US"): None}
    # a share of JP's total that went to KR is 0, whoever KR is
    assert made("zero_of_subject", "any") == {("JP", "US"): 0.2, ("JP", "KR"): 0.0, ("KR", "US"): None}


def test_conventions_and_sources_choose_the_rows() -> None:
    table = pl.concat(
        [
            rows(
                "salton", ("JP", "US", value), source=source, role=role, marginals=marginals, counting="full"
            )
            for source, role, marginals, value in [
                ("openalex", "author", "docs_int", 0.1),
                ("openalex", "author", "links", 0.2),
                ("patentsview", "inventor", "docs_int", 0.3),
                ("patentsview", "applicant", "docs_int", 0.4),
            ]
        ]
    )

    def of(index: str, **said: Any) -> Any:
        return raw(table, declared(co.Indicator(name="x", group="g", index=index, **said)))["JP", "US"]

    assert of("salton", source="openalex") == 0.1
    assert of("salton:links", source="openalex") == 0.2
    assert of("salton", role="applicant") == 0.4
    with pytest.raises(UsageError, match="they differ in source, role"):
        of("salton")
    with pytest.raises(UsageError, match="they differ in role"):
        of("salton", source="patentsview")
    with pytest.raises(UsageError, match="no row of any index"):
        of("salton", source="baci")
    table = table.drop("role")
    with pytest.raises(SchemaError, match="no column role"):
        of("salton", role="author")


def test_rows_of_products_are_not_those_of_the_field() -> None:
    table = pl.concat([rows("value", ("JP", "US", 5.0)), rows("value", ("JP", "US", 2.0))]).with_columns(
        product=pl.Series([None, "854231"])
    )
    composite = declared(co.Indicator(name="x", group="g", index="value", ways="any"))
    assert raw(table, composite) == {("JP", "US"): 5.0}


def test_bad_long_tables_are_refused() -> None:
    composite = declared(co.Indicator(name="x", group="g", index="salton"))
    table = rows("salton", ("JP", "US", 0.5))
    with pytest.raises(SchemaError, match="no column year"):
        co.fit(table.drop("year"), composite)
    with pytest.raises(SchemaError, match="infinite"):
        co.fit(rows("salton", ("JP", "US", float("inf"))), composite)
    with pytest.raises(SchemaError, match="column a has empty values"):
        co.fit(table.with_columns(a=pl.lit(None, pl.String)), composite)


def test_flags_of_the_table_reach_the_score_and_incomplete_years_are_not_fitted_on() -> None:
    table = rows("salton", ("JP", "US", 0.2), ("KR", "US", 0.4), ("JP", "KR", 9.0)).with_columns(
        value_flag=pl.Series([None, "small_count", "incomplete_year"])
    )
    composite = declared(co.Indicator(name="x", group="g", index="salton"))
    fitted = co.fit(table, composite)
    scaler = fitted.scopes[0].indicators["x"].scaler
    assert (scaler.low, scaler.high) == (0.2, 0.4)
    made = {row[:2]: row[2] for row in co.score(table, fitted).select("a", "b", "flag").iter_rows()}
    assert made == {("JP", "US"): None, ("KR", "US"): "small_count", ("JP", "KR"): "incomplete_year"}


def test_a_table_of_compute_is_taken_as_it_is() -> None:
    works = pl.DataFrame(
        {
            "year": [2020] * 4 + [2021] * 4,
            "countries": [["JP", "US"], ["JP", "KR", "US"], ["KR", "US"], ["JP"]] * 2,
        }
    )
    table = tc.indices.compute(
        tc.tally(works, members="countries", by=["year"]), ["salton", "share", "joint"]
    )
    composite = declared(
        co.Indicator(name="close", group="g", index="salton"),
        co.Indicator(name="part", group="g", index="share"),
        co.Indicator(name="much", group="g", index="joint"),
    )
    made = co.score(table, co.fit(table, composite))
    assert made.height == 6
    assert made["score"].null_count() == 0
    joint = table.filter(index="joint").sort("year", "a", "b")
    assert co.steps(table, co.fit(table, composite))["raw"]["much"].to_list() == joint["value"].to_list()


def test_cells_may_have_any_name_but_those_of_the_table() -> None:
    table = rows("salton", ("JP", "US", 0.5), ("JP", "KR", 0.2), ("KR", "US", 0.9))
    plain = declared(co.Indicator(name="x", group="g", index="salton", absent="zero"))
    for name in ("warning", "there", "seen", "row"):
        renamed = co.score(
            table.rename({"year": name}),
            co.fit(table.rename({"year": name}), msgspec.structs.replace(plain, by=(name,))),
        )
        assert renamed.rename({name: "year"}).equals(co.score(table, co.fit(table, plain)))
    for name in ("index", "value"):
        with pytest.raises(UsageError, match=f"^{name}: a long table has .*rename it"):
            co.fit(table, msgspec.structs.replace(plain, by=(name,)))
    with pytest.raises(UsageError, match=r"^b: a long table has .*rename it"):
        co.fit(table, msgspec.structs.replace(plain, by=("b",), unit="country"))


def test_columns_of_another_type_are_refused() -> None:
    table = rows("salton", ("JP", "US", 0.5), ("JP", "KR", 0.2))
    composite = declared(co.Indicator(name="x", group="g", index="salton"))
    with pytest.raises(SchemaError, match="column value holds String, not numbers"):
        co.fit(table.with_columns(value=pl.lit("0.5")), composite)
    with pytest.raises(SchemaError, match="column index holds Int32, not names"):
        co.fit(table.with_columns(index=pl.lit(1)), composite)
