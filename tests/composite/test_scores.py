"""Scores: what holds for every table, what degenerate tables give, and that frozen parameters do not move."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.composites import small

from trendcore import composite as co
from trendcore.errors import DeclarationError, InputError, SchemaError, UsageError

#: every way to normalise and to aggregate that go together
NORMALISERS = [
    co.Normalise(scale=(1, 100)),
    co.Normalise(method="rank", scale=(1, 100)),
    co.Normalise(method="distance", scale=(1, 100)),
    co.Normalise(method="z", mean=50, sd=10),
]
AGGREGATES: list[Any] = ["arithmetic", "geometric", "harmonic", "copeland"]
numbers = st.one_of(st.none(), st.floats(0, 1000, width=16), st.sampled_from([0.0, 1.0, 5.0]))
tables = st.lists(st.tuples(numbers, numbers, numbers), min_size=1, max_size=15)


def table_of(rows: list[tuple[Any, ...]], names: str = "xyz") -> pl.DataFrame:
    schema = {"who": pl.Int64} | dict.fromkeys(names, pl.Float64)
    return pl.DataFrame([(i, *row) for i, row in enumerate(rows)], schema=schema, orient="row")


def scored(table: pl.DataFrame, composite: co.Composite) -> pl.DataFrame:
    return co.score(table, co.fit(table, composite)).sort("who")


@pytest.mark.parametrize("aggregate", AGGREGATES)
@pytest.mark.parametrize("normalise", NORMALISERS, ids=lambda step: step.method)
@settings(max_examples=20)
@given(rows=tables, seed=st.integers(0, 99))
def test_holds_for_every_table(
    normalise: co.Normalise, aggregate: Any, rows: list[tuple[Any, ...]], seed: int
) -> None:
    composite = small(normalise=normalise, aggregate=aggregate, floor=0.5)
    table = table_of(rows)
    made = scored(table, composite)
    # one row a unit; null exactly where a flag says so; nothing that is no number
    assert made["who"].to_list() == list(range(len(rows)))
    assert not made["score"].is_nan().any()
    assert not made["score"].is_infinite().any()
    null = made.filter(pl.col("score").is_null())
    assert null["flag"].null_count() == 0
    assert null["rank"].null_count() == null.height
    assert made["rank"].null_count() == made["score"].null_count()
    # bounds
    if normalise.method != "z":
        assert made["score"].drop_nulls().is_between(1 - 1e-9, 100 + 1e-9).all()
    # the order of the units does not matter, to the bit
    shuffled = table.sample(fraction=1.0, shuffle=True, seed=seed)
    assert scored(shuffled, composite).equals(made)


@pytest.mark.parametrize("aggregate", ["arithmetic", "geometric", "harmonic"])
@pytest.mark.parametrize("normalise", NORMALISERS, ids=lambda step: step.method)
@settings(max_examples=20)
@given(rows=tables, more=st.floats(0.01, 500), who=st.integers(0, 14), what=st.sampled_from("xyz"))
def test_more_of_an_indicator_is_never_worse(
    normalise: co.Normalise, aggregate: Any, rows: list[tuple[Any, ...]], more: float, who: int, what: str
) -> None:
    """Parameters are frozen: only then does raising one value leave the others where they are."""
    composite = small(normalise=normalise, aggregate=aggregate, floor=0.0)
    table = table_of(rows)
    fitted = co.fit(table, composite)
    raised = table.with_columns(
        pl.when(pl.col("who") == who).then(pl.col(what) + more).otherwise(what).alias(what)
    )
    before, after = (co.score(each, fitted).sort("who") for each in (table, raised))
    both = before.join(after, on="who", suffix="_after").drop_nulls(["score", "score_after"])
    assert (both["score_after"] >= both["score"] - 1e-9).all()


@settings(max_examples=50)
@given(rows=tables, later=tables)
def test_past_scores_do_not_move_when_years_are_added(
    rows: list[tuple[Any, ...]], later: list[tuple[Any, ...]]
) -> None:
    composite = small(
        by=("year",),
        reference=co.Reference(column="year", first=2000, last=2000),
        treat=co.Treat(method="skew_kurtosis"),
        impute=co.Impute(method="mean"),
    )
    old = table_of(rows).with_columns(year=2000)
    new = pl.concat([old, table_of(later).with_columns(year=2001)])
    fitted = co.fit(old, composite)
    assert co.fit(new, composite) == fitted
    kept = co.Fitted.from_json(fitted.to_json())
    before, after = co.score(old, fitted), co.score(new, kept)
    assert after.filter(year=2000).equals(before)


def test_geometric_is_at_most_arithmetic() -> None:
    r = np.random.default_rng(5)
    table = table_of([tuple(row) for row in r.lognormal(size=(40, 3))])
    by = {
        name: scored(table, small(aggregate=name, normalise=co.Normalise(scale=(1, 100))))["score"]
        for name in ("arithmetic", "geometric", "harmonic")
    }
    assert (by["geometric"] <= by["arithmetic"] + 1e-9).all()
    assert (by["harmonic"] <= by["geometric"] + 1e-9).all()


# --- degenerate tables

DEGENERATE = {
    "one unit": [(1.0, 2.0, 3.0)],
    "one indicator varies": [(1.0, 5.0, 5.0), (2.0, 5.0, 5.0)],
    "all zero": [(0.0, 0.0, 0.0)] * 4,
    "all the same": [(7.0, 8.0, 9.0)] * 4,
    "all null": [(None, None, None)] * 3,
    "one null column": [(1.0, 2.0, None), (2.0, 1.0, None)],
    "NaN": [(1.0, float("nan"), 3.0), (2.0, 3.0, 1.0), (4.0, 1.0, 2.0)],
    "two units": [(1.0, 2.0, 3.0), (2.0, 3.0, 4.0)],
    "negative": [(-1.0, -2.0, -3.0), (-2.0, -1.0, -5.0), (-9.0, -4.0, -4.0)],
    "tiny": [(1e-300, 2e-300, 3e-300), (2e-300, 1e-300, 1e-300), (0.0, 0.0, 0.0)],
    "huge": [(1e99, 2.0, 3.0), (-1e99, 1.0, 3.0), (0.0, 3.0, 1.0)],
}


@pytest.mark.parametrize("weights", ["given", "equal", "pca", "equal_effective"])
@pytest.mark.parametrize("aggregate", AGGREGATES)
@pytest.mark.parametrize("normalise", NORMALISERS, ids=lambda step: step.method)
@pytest.mark.parametrize("kind", DEGENERATE)
def test_degenerate_tables_give_flagged_nulls_and_no_warning(
    kind: str, normalise: co.Normalise, aggregate: Any, weights: Any
) -> None:
    table = table_of(DEGENERATE[kind])
    composite = small(
        normalise=normalise, aggregate=aggregate, weights=weights, treat=co.Treat(method="skew_kurtosis")
    )
    made = scored(table, composite)
    assert made.height == table.height
    assert not made["score"].is_nan().any()
    assert not made["score"].is_infinite().any()
    assert made.filter(pl.col("score").is_null())["flag"].null_count() == 0
    assert co.Fitted.from_json(co.fit(table, composite).to_json()) == co.fit(table, composite)


def test_flags_of_degenerate_tables() -> None:
    def flags(kind: str, **changes: Any) -> list[str | None]:
        return scored(table_of(DEGENERATE[kind]), small(**changes))["flag"].to_list()

    assert flags("one unit") == ["too_few"]
    assert flags("all zero") == ["too_few"] * 4
    assert flags("all null") == ["too_few"] * 3
    assert flags("one null column", floor=0.5) == ["partial"] * 2
    assert flags("one null column", floor=0.9) == ["too_few"] * 2
    assert flags("one null column", impute=co.Impute(method="constant", value=1.0)) == ["partial"] * 2
    assert flags("NaN", floor=0.5) == ["partial", None, None]
    assert flags("two units", weights="pca") == ["weights_undefined"] * 2
    assert flags("two units") == [None, None]
    zero = tuple(co.Indicator(name=each, group="c", weight=0) for each in "xyz")
    assert flags("two units", indicators=zero) == ["zero_weight"] * 2
    alone = small("xyz", aggregate="copeland", normalise=co.Normalise(method="distance"))
    assert scored(table_of(DEGENERATE["one unit"]), alone)["flag"].to_list() == ["one_unit"]
    geometric = small(aggregate="geometric", normalise=co.Normalise(method="z", mean=1))
    assert "not_positive" in scored(table_of(DEGENERATE["NaN"]), geometric)["flag"].to_list()


def test_indicator_rows_say_what_is_wrong_with_them() -> None:
    table = table_of([(1.0, 5.0, None), (2.0, 5.0, 3.0), (4.0, 5.0, 9.0)])
    fitted = co.fit(table, small(floor=0.3, impute=co.Impute()))
    made = co.score(table, fitted, indicators=True).filter(level=1)
    assert made.filter(name="y")["flag"].to_list() == ["constant"] * 3
    assert made.filter(name="z")["flag"].to_list() == ["missing", None, None]
    assert made.filter(name="x")["score"].to_list() == pytest.approx([0, 100 / 3, 100])
    assert made.filter(name="x")["rank"].to_list() == [3, 2, 1]
    assert any("y is of no use: constant" in note for note in fitted.notes)


def test_ties_share_the_better_rank() -> None:
    made = scored(table_of([(1.0, 1.0, 1.0), (3.0, 3.0, 3.0), (3.0, 3.0, 3.0), (2.0, 2.0, 2.0)]), small())
    assert made["rank"].to_list() == [4, 1, 1, 3]


def test_a_country_that_vanishes_leaves_the_others_as_they_were() -> None:
    composite = small(by=("year",), reference=co.Reference(column="year", first=1, last=1))
    rows = [(1.0, 2.0, 3.0), (5.0, 5.0, 1.0), (9.0, 4.0, 2.0)]
    table = pl.concat([table_of(rows).with_columns(year=year) for year in (1, 2)])
    fitted = co.fit(table, composite)
    whole = co.score(table, fitted)
    gone = co.score(table.filter(~((pl.col("year") == 2) & (pl.col("who") == 1))), fitted)
    keys = ["year", "who", "name"]
    both = whole.join(gone, on=keys, suffix="_gone")
    assert both.height == 5
    assert both["score"].equals(both["score_gone"])
    assert gone.filter(year=2)["rank"].max() == 2


def test_a_scope_without_reference_rows_has_no_scores() -> None:
    composite = small(
        by=("field", "year"), reference=co.Reference(column="year", first=1, last=1, scope=("field",))
    )
    rows = table_of([(1.0, 2.0, 3.0), (5.0, 5.0, 1.0)])
    table = pl.concat(
        [
            rows.with_columns(field=pl.lit("old"), year=1),
            rows.with_columns(field=pl.lit("old"), year=2),
            rows.with_columns(field=pl.lit("new"), year=2),
        ]
    )
    fitted = co.fit(table, composite)
    made = co.score(table, fitted)
    assert set(made.filter(field="new")["flag"]) == {"no_reference"}
    assert made.filter(field="new")["score"].null_count() == 2
    assert made.filter(field="old")["score"].null_count() == 0
    assert any("new" in note for note in fitted.notes)
    # a field that came after the fit is treated alike
    later = co.score(table, co.fit(table.filter(field="old"), composite))
    assert later.filter(field="new")["flag"].to_list() == ["no_reference"] * 2


def test_values_beyond_the_reference_are_flagged() -> None:
    composite = small("x", by=("year",), reference=co.Reference(column="year", first=1, last=1))
    table = table_of([(1.0,), (2.0,)], "x").with_columns(year=1)
    later = pl.concat([table, table_of([(9.0,), (1.5,)], "x").with_columns(year=2)])
    made = co.score(later, co.fit(later, composite)).sort("year", "who")
    assert made["flag"].to_list() == [None, None, "outside_reference", None]
    assert made["score"].to_list() == [0, 100, 800, 50]


def test_imputed_values_do_not_count_as_observed() -> None:
    table = table_of([(1.0, 2.0, None), (2.0, None, None), (5.0, 1.0, 4.0), (2.0, 4.0, 6.0)])
    made = scored(table, small(impute=co.Impute(method="median"), floor=0.6))
    assert made["n_available"].to_list() == [2, 1, 3, 3]
    assert made["flag"].to_list() == ["imputed", "too_few", None, None]
    assert made["share"].to_list() == pytest.approx([2 / 3, 1 / 3, 1, 1])


def test_levels_weights_and_floors_of_a_tree() -> None:
    composite = small(
        groups=(
            co.Group(name="top"),
            co.Group(name="left", parent="top", weight=3, floor=0.5),
            co.Group(name="right", parent="top", weight=1),
        ),
        indicators=(
            co.Indicator(name="x", group="left", weight=1),
            co.Indicator(name="y", group="left", weight=2),
            co.Indicator(name="z", group="right", direction=-1),
        ),
        floor=0.6,
    )
    table = table_of(
        [(0.0, 0.0, 0.0), (10.0, 5.0, 10.0), (5.0, 10.0, 5.0), (5.0, None, 5.0), (5.0, None, None)]
    )
    made = scored(table, composite)
    left = made.filter(name="left")["score"].to_list()
    assert left == pytest.approx([0, 100 / 3 + 100 / 3, 50 / 3 + 200 / 3, 50, 50])
    assert made.filter(name="right")["score"].to_list() == [100, 0, 50, 50, None]
    top = made.filter(name="top")
    assert top["score"].to_list()[:4] == pytest.approx([25, 50, 75, 50])
    assert top["flag"].to_list() == [None, None, None, "partial", "too_few"]
    assert top["n_available"].to_list() == [3, 3, 3, 2, 1]
    assert dict(made.select("name", "level").unique().iter_rows()) == {"top": 3, "left": 2, "right": 2}


def test_a_table_of_nothing() -> None:
    composite = small()
    fitted = co.fit(table_of([(1.0, 2.0, 3.0), (2.0, 1.0, 5.0)]), composite)
    made = co.score(table_of([]), fitted)
    assert made.height == 0
    assert made.columns == ["who", "level", "name", "score", "rank", "n_available", "share", "flag"]
    with pytest.raises(UsageError, match="reference window"):
        co.fit(table_of([]), composite)


def test_bad_tables_are_refused() -> None:
    composite, table = small(), table_of([(1.0, 2.0, 3.0), (2.0, 1.0, 5.0)])
    with pytest.raises(SchemaError, match="no column z"):
        co.fit(table.drop("z"), composite)
    with pytest.raises(SchemaError, match="column x holds String"):
        co.fit(table.with_columns(pl.col("x").cast(pl.String)), composite)
    with pytest.raises(SchemaError, match="infinite"):
        co.fit(table.with_columns(x=pl.lit(float("inf"))), composite)
    with pytest.raises(SchemaError, match="beyond"):
        co.fit(table.with_columns(x=pl.lit(1e200)), composite)
    with pytest.raises(UsageError, match="two rows stand for one unit"):
        co.fit(pl.concat([table, table]), composite)
    with pytest.raises(SchemaError, match="whose are these"):
        co.fit(table.with_columns(who=pl.lit(None, pl.Int64)).head(1), composite)
    pairs = pl.DataFrame({"a": ["US", "JP"], "b": ["JP", "US"], "x": [1.0, 2.0]})
    with pytest.raises(UsageError, match=r"two rows stand for one pair, in either order: .*'JP'.*'US'"):
        co.fit(pairs, small("x", unit="pair", keys=()))
    with pytest.raises(InputError, match="the table: a Polars DataFrame or LazyFrame, not dict"):
        co.fit({"who": [1]}, composite)  # type: ignore[arg-type]
    grouped = small(impute=co.Impute(method="group_mean", by="side"))
    with pytest.raises(SchemaError, match="column side holds List"):
        co.fit(table.with_columns(side=pl.concat_list("x")), grouped)
    years = small(by=("year",), reference=co.Reference(column="year", first=1990, last=1999))
    with pytest.raises(UsageError, match=r"1990 to 1999 of year; the table has 2001 to 2001"):
        co.fit(table.with_columns(year=2001), years)
    with pytest.raises(SchemaError, match="column year holds String, not whole numbers"):
        co.fit(table.with_columns(year=pl.lit("1990")), years)


@pytest.mark.parametrize("treat", [co.Treat(), co.Treat(method="log"), co.Treat(method="skew_kurtosis")])
@pytest.mark.parametrize("normalise", NORMALISERS, ids=lambda step: step.method)
@pytest.mark.parametrize("direction", [1, -1])
def test_a_spread_too_small_to_divide_by_is_none(
    treat: co.Treat, normalise: co.Normalise, direction: Any
) -> None:
    one = (co.Indicator(name="x", group="c", direction=direction),)
    composite = small(indicators=one, treat=treat, normalise=normalise)
    table = table_of([(5e-324 * i,) for i in range(9)], "x")
    # a later value may be as large as any
    made = co.score(table_of([(1e100,), (0.0,)], "x"), co.fit(table, composite))
    assert made["score"].null_count() == 2
    assert made["flag"].to_list() == ["too_few", "too_few"]


@pytest.mark.parametrize("name", ["level", "name", "score", "rank", "n_available", "share", "flag"])
@pytest.mark.parametrize("of", ["unit", "cell"])
def test_a_key_of_the_name_of_a_column_of_scores_is_refused(name: str, of: str) -> None:
    table = table_of([(1.0, 2.0, 3.0), (2.0, 1.0, 5.0)]).with_columns(pl.col("who").alias(name))
    composite = small(keys=(name,)) if of == "unit" else small(by=(name,))
    fitted = co.fit(table, composite)
    with pytest.raises(UsageError, match=f"^{name}: a table of scores has .*rename it"):
        co.score(table, fitted)
    # steps have no such column, and keep the key
    assert co.steps(table, fitted)["aggregated"][name].to_list() == [0, 1]


def test_denominators_may_be_lazy() -> None:
    composite = small(indicators=(co.Indicator(name="x", group="c", denominator="d"),))
    table = table_of([(1.0,), (2.0,)], "x")
    denominators = table.select("who", d=2.0)
    assert co.fit(table, composite, denominators=denominators.lazy()) == co.fit(
        table, composite, denominators=denominators
    )


def test_denominators() -> None:
    composite = small(
        "xy",
        indicators=(
            co.Indicator(name="x", group="c", denominator="people"),
            co.Indicator(name="y", group="c"),
        ),
        floor=0.5,
    )
    table = table_of([(10.0, 1.0), (10.0, 2.0), (10.0, 3.0), (10.0, 4.0)], "xy")
    people = pl.DataFrame({"who": [0, 1, 2], "people": [5.0, 2.0, 0.0]})
    fitted = co.fit(table, composite, denominators=people)
    made = co.steps(table, fitted, denominators=people)
    assert made["denominated"]["x"].to_list() == [2, 5, None, None]
    assert made["raw"]["x"].to_list() == [10] * 4
    with pytest.raises(UsageError, match="give the table of denominators"):
        co.fit(table, composite)
    with pytest.raises(SchemaError, match="denominators need people"):
        co.fit(table, composite, denominators=people.drop("people"))
    with pytest.raises(UsageError, match="two rows for the same who"):
        co.fit(table, composite, denominators=pl.concat([people, people]))


def test_parameters_of_another_format_are_refused() -> None:
    fitted = co.fit(table_of([(1.0, 2.0, 3.0), (2.0, 1.0, 5.0)]), small())
    with pytest.raises(DeclarationError, match="of format 99"):
        co.Fitted.from_json(fitted.to_json().replace('"format":1', '"format":99', 1))
    for text in ("", "[]", "{}", '{"format": 1}', fitted.to_json()[:-5]):
        with pytest.raises(DeclarationError, match="no fitted parameters"):
            co.Fitted.from_json(text)


def test_groups_for_imputation() -> None:
    composite = small("x", impute=co.Impute(method="group_mean", by="side"), floor=0.0)
    table = table_of([(1.0,), (3.0,), (None,), (None,), (10.0,)], "x")
    sided = table.with_columns(side=pl.Series(["p", "p", "p", "r", "q"]))
    made = co.steps(sided, co.fit(sided, composite))
    assert made["imputed"]["x"].to_list() == [1, 3, 2, None, 10]
    with pytest.raises(SchemaError, match="no column side"):
        co.fit(table, composite)
