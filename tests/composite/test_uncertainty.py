"""Intervals of ranks: seeds, replicates, alternatives, and factors that cannot matter."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
import polars as pl
import pytest
from support.composites import small

import trendcore as tc
from trendcore import composite as co
from trendcore.composite.choices import factors_of
from trendcore.composite.ranges import order_statistic, shifts_of
from trendcore.errors import DeclarationError, SchemaError, UsageError

TABLE = pl.DataFrame(
    {
        "who": list("pqrstuvw"),
        "x": [1.0, 2.0, 5.0, 7.0, 4.0, 9.0, 3.0, 6.0],
        "y": [9.0, 4.0, 5.0, 1.0, 2.0, 7.0, 8.0, 3.0],
        "z": [3.0, 8.0, 1.0, 2.0, 9.0, 4.0, 5.0, 7.0],
        "xx": [9.0, 2.0, 5.0, 1.0, 4.0, 7.0, 3.0, 6.0],
    }
)


def varying(**vary: Any) -> co.Composite:
    return small(vary=co.Vary(**vary), impute=co.Impute(), treat=co.Treat())


def replicates(count: int = 20, sd: float = 2.0, names: str = "xy", seed: int = 3) -> pl.DataFrame:
    r = np.random.default_rng(seed)
    parts = [
        TABLE.select("who", value=pl.col(name) + pl.Series(r.normal(0, sd, TABLE.height))).with_columns(
            index=pl.lit(name), replicate=number
        )
        for name in names
        for number in range(count)
    ]
    return pl.concat(parts).sample(fraction=1.0, shuffle=True, seed=1)


def test_a_seed_gives_the_same_bytes_and_another_one_others() -> None:
    composite = varying(weight_noise=0.8, exclude=("x",), aggregate=("copeland",))
    first, again = (co.uncertainty(TABLE, composite, draws=50, seed=4) for _ in range(2))
    assert first.ranks.equals(again.ranks)
    assert first._drawn.tobytes() == again._drawn.tobytes()
    assert co.uncertainty(TABLE, composite, draws=50, seed=5)._drawn.tobytes() != first._drawn.tobytes()
    shuffled = co.uncertainty(TABLE.sample(fraction=1.0, shuffle=True, seed=2), composite, draws=50, seed=4)
    assert shuffled._drawn.tobytes() == first._drawn.tobytes()
    # more draws are the same ones and some more
    more = co.uncertainty(TABLE, composite, draws=80, seed=4)
    np.testing.assert_array_equal(more._drawn[:50], first._drawn)


def test_summaries_are_those_of_the_draws() -> None:
    found = co.uncertainty(TABLE, varying(weight_noise=0.9, exclude=("x", "y", "z")), draws=101, seed=1)
    drawn, ranks = found._drawn, found.ranks
    declared = co.score(TABLE, co.fit(TABLE, small()))
    assert ranks["rank"].to_list() == declared.sort("who")["rank"].to_list()
    ordered = np.sort(drawn, axis=0)
    assert ranks["rank_median"].to_list() == np.median(drawn, axis=0).tolist()
    assert ranks["rank_lo"].to_list() == ordered[5].tolist()
    assert ranks["rank_hi"].to_list() == ordered[95].tolist()
    own = ranks["rank"].to_numpy()
    np.testing.assert_allclose(ranks["mean_shift"], np.abs(drawn - own).mean(axis=0))
    np.testing.assert_allclose(found.shift["mean_shift"].item(), np.abs(drawn - own).mean())
    assert (ranks["null_share"] == 0).all()


def test_share_of_draws_above() -> None:
    found = co.uncertainty(TABLE, varying(weight_noise=0.9, exclude=("x",)), draws=40, seed=1)
    pairs = found.above(pl.DataFrame({"who": ["p", "u"]}))
    assert pairs.select("who", "who_other").rows() == [("p", "u"), ("u", "p")]
    p, u = found._drawn[:, 0], found._drawn[:, 5]
    assert pairs["above"].to_list() == [np.mean(p < u), np.mean(u < p)]
    assert pairs["n"].to_list() == [40, 40]
    assert (pairs["above"].sum() + pairs["tied"][0]) == pytest.approx(1)
    assert found.above().height == 8 * 7
    with pytest.raises(UsageError, match="none of its columns"):
        found.above(pl.DataFrame({"country": ["p"]}))


def test_one_draw_is_the_composite_with_that_choice() -> None:
    """With one factor every draw is one of its alternatives, scored as if it had been declared."""
    normalise = co.Normalise(method="rank")
    found = co.uncertainty(TABLE, varying(normalise=(normalise,)), draws=30, seed=2)
    wanted = set()
    for step in (co.Normalise(), normalise):
        composite = small(normalise=step)
        wanted.add(tuple(co.score(TABLE, co.fit(TABLE, composite)).sort("who")["rank"]))
    assert {tuple(row) for row in found._drawn.tolist()} == wanted
    assert len(wanted) == 2


def test_each_choice_is_that_of_the_declaration_so_changed() -> None:
    changes: dict[str, Any] = {
        "aggregate": ("copeland",),
        "weights": ("equal_effective",),
        "treat": (co.Treat(method="log"),),
        "exclude": ("y",),
    }
    by_hand = {
        "aggregate": small(aggregate="copeland"),
        "weights": small(weights="equal_effective"),
        "treat": small(treat=co.Treat(method="log")),
        "exclude": small("xz"),
    }
    declared = tuple(co.score(TABLE, co.fit(TABLE, small())).sort("who")["rank"])
    for name, alternatives in changes.items():
        found = co.uncertainty(TABLE, varying(**{name: alternatives}), draws=30, seed=2)
        changed = tuple(co.score(TABLE, co.fit(TABLE, by_hand[name])).sort("who")["rank"])
        assert {tuple(row) for row in found._drawn.tolist()} == {declared, changed}, name


def test_measures_and_tables_take_each_other_s_place() -> None:
    found = co.uncertainty(TABLE, varying(measure={"x": ("xx",)}), draws=30, seed=2)
    swapped = TABLE.with_columns(x="xx")
    by_table = co.uncertainty(TABLE, small(), draws=30, seed=2, tables={"other": swapped})
    wanted = {tuple(co.score(each, co.fit(each, small())).sort("who")["rank"]) for each in (TABLE, swapped)}
    assert {tuple(row) for row in found._drawn.tolist()} == wanted
    assert {tuple(row) for row in by_table._drawn.tolist()} == wanted
    with pytest.raises(UsageError, match="no column 'yy'"):
        co.uncertainty(TABLE, varying(measure={"x": ("yy",)}), draws=5)


def test_replicates_are_drawn_whole() -> None:
    drawn = replicates(count=5)
    found = co.uncertainty(TABLE, small(), draws=60, seed=1, replicates=drawn)
    wanted = set()
    for number in range(5):
        table = TABLE
        for name in "xy":
            one = drawn.filter(index=name, replicate=number).select("who", pl.col("value").alias(name))
            table = table.drop(name).join(one, on="who")
        wanted.add(tuple(co.score(table, co.fit(table, small())).sort("who")["rank"]))
    assert {tuple(row) for row in found._drawn.tolist()} == wanted
    assert found.factors == ("replicate",)
    # what is declared is scored from the table, not from a replicate
    assert (
        found.ranks["rank"].to_list() == co.score(TABLE, co.fit(TABLE, small())).sort("who")["rank"].to_list()
    )


def test_wider_replicates_give_wider_intervals() -> None:
    widths = []
    for sd in (0.2, 4.0):
        ranks = co.uncertainty(TABLE, small(), draws=200, replicates=replicates(100, sd)).ranks
        widths.append((ranks["rank_hi"] - ranks["rank_lo"]).mean())
    assert widths[0] < widths[1]


def test_a_missing_replicate_is_no_value_in_that_draw() -> None:
    drawn = replicates(count=4).filter(~((pl.col("who") == "p") & (pl.col("replicate") == 1)))
    composite = small(floor=0.9)
    found = co.uncertainty(TABLE, composite, draws=200, replicates=drawn, seed=1).ranks
    p = found.filter(who="p")
    assert 0.1 < p["null_share"].item() < 0.4
    assert p["flag"].item() == "null_draws"
    assert p["rank_lo"].item() is None
    assert found.filter(who="q")["flag"].item() is None


def test_bad_replicates_are_refused() -> None:
    good = replicates(count=3)
    cases: dict[str, tuple[pl.DataFrame, type[Exception], str]] = {
        "column": (good.drop("replicate"), SchemaError, "column replicate"),
        "one": (good.filter(replicate=0), UsageError, "one replicate"),
        "gap": (good.filter(pl.col("replicate") != 1), SchemaError, "numbered 0, 1, 2"),
        "unit": (good.filter(pl.col("who") != "p"), UsageError, "lack 1 of the units"),
        "twice": (pl.concat([good, good]), UsageError, "two rows"),
        "others": (good.with_columns(index=pl.lit("q")), UsageError, "of no indicator"),
        "value": (good.drop("value"), SchemaError, "no column value"),
    }
    for name, (table, error, message) in cases.items():
        with pytest.raises(error, match=message):
            co.uncertainty(TABLE, small(), draws=5, replicates=table)
        assert name
    with pytest.raises(UsageError, match="replicates are of one table"):
        co.uncertainty(TABLE, small(), draws=5, replicates=good, tables={"t": TABLE})


def test_replicates_of_pairs_join_both_directions_and_keep_zeros() -> None:
    def rows(values: dict[tuple[str, str], float], **columns: Any) -> pl.DataFrame:
        frame = pl.DataFrame([(*k, v) for k, v in values.items()], schema=["a", "b", "value"], orient="row")
        return frame.with_columns(pl.lit(value).alias(name) for name, value in columns.items())

    share = {("JP", "US"): 0.2, ("US", "JP"): 0.4, ("JP", "KR"): 0.3, ("KR", "JP"): 0.1}
    salton = {("JP", "US"): 0.5, ("JP", "KR"): 0.4, ("KR", "US"): 0.1}
    table = pl.concat([rows(share, index="share", year=1), rows(salton, index="salton", year=1)])
    changed = [share, share | {("US", "JP"): 0.8}, share | {("JP", "KR"): 0.9, ("JP", "US"): 0.0}]
    drawn = pl.concat([rows(values, index="share", year=1, replicate=n) for n, values in enumerate(changed)])
    composite = co.Composite(
        name="c", version="1", by=("year",), groups=(co.Group(name="c"),),
        indicators=(
            co.Indicator(name="part", group="c", index="share", absent="zero_of_subject", ways="any"),
            co.Indicator(name="close", group="c", index="salton"),
        ),
        vary=co.Vary(weight_noise=0.5),
    )  # fmt: skip
    from trendcore.composite.panel import panel_of
    from trendcore.composite.replicates import replicates_of

    made = replicates_of(drawn, panel_of(table, composite), composite, 0, 3)
    # JP-KR, JP-US, KR-US: the last one is a zero of KR's total in the table, and stays one
    np.testing.assert_allclose(made, [[0.2, 0.3, 0], [0.2, 0.5, 0], [0.5, 0.2, 0]])
    assert replicates_of(drawn, panel_of(table, composite), composite, 1, 3) is None
    lazy = drawn.with_columns(pl.col("year").cast(pl.Int8)).lazy()
    found = co.uncertainty(table, composite, draws=20, replicates=lazy)
    assert found.factors == ("weight_noise", "replicate")
    other = msgspec.structs.replace(composite, vary=co.Vary(measure={"part": ("coinvention",)}))
    more = pl.concat([table, rows(share, index="coinvention", year=1)])
    with pytest.raises(UsageError, match="coinvention has no replicates"):
        co.uncertainty(more, other, draws=20, replicates=drawn)
    wrong = msgspec.structs.replace(composite, vary=co.Vary(measure={"part": ("inclusion",)}))
    with pytest.raises(DeclarationError, match=r"vary\.measure\.part: .* inclusion has no subject"):
        co.uncertainty(table, wrong, draws=20)


def test_replicates_of_the_bootstrap_are_taken_as_they_are() -> None:
    """Works -> tally -> indices and their replicates -> intervals of ranks, by no step in between."""
    r = np.random.default_rng(8)
    places = np.array(["CN", "DE", "FR", "JP", "KR", "US"])
    works = pl.DataFrame(
        {
            "year": r.integers(2020, 2022, 400),
            "countries": [sorted(r.choice(places, r.integers(1, 4), replace=False)) for _ in range(400)],
        }
    )
    tally = tc.tally(works, members="countries", by=["year"], patterns=True)
    wanted = ["salton", "share"]
    table = tc.indices.compute(tally, [*wanted, "joint"])
    drawn = tc.uncertainty.replicates(tally, wanted, replicates=40, seed=5, zeros=True)
    composite = co.Composite(
        name="c", version="1", by=("year",), groups=(co.Group(name="c"),),
        indicators=tuple(co.Indicator(name=each, group="c", index=each) for each in (*wanted, "joint")),
        reference=co.Reference(column="year", first=2020, last=2020),
        vary=co.Vary(measure={"salton": ("jaccard",)}),
    )  # fmt: skip
    with pytest.raises(UsageError, match="no value of jaccard"):
        co.uncertainty(table, composite, draws=20, replicates=drawn)
    plain = msgspec.structs.replace(composite, vary=co.Vary())
    found = co.uncertainty(table, plain, draws=120, replicates=drawn, cells={"year": 2021})
    assert found.ranks.height == 15
    assert found.ranks["flag"].null_count() == 15
    inside = found.ranks.filter(pl.col("rank").is_between("rank_lo", "rank_hi"))
    assert inside.height >= 12
    assert (found.ranks["rank_hi"] - found.ranks["rank_lo"]).mean() > 2
    # one replicate scored by hand is among the draws
    both = pl.concat(
        [
            table.filter(index="joint").select("year", "a", "b", "index", "value"),
            drawn.filter(replicate=7).select("year", "a", "b", "index", "value"),
        ],
        how="vertical_relaxed",
    )
    by_hand = co.score(both, co.fit(both, plain)).filter(year=2021).sort("a", "b")["rank"].to_list()
    assert by_hand in found._drawn.tolist()


REFUSED: dict[str, tuple[co.Composite, str]] = {
    "nothing": (small(), "nothing is varied"),
    "treat": (small(vary=co.Vary(treat=(co.Treat(method="log"),))), r"the declaration has no \[treat\]"),
    "impute": (small(vary=co.Vary(impute=(co.Impute(method="mean"),))), r"has no \[impute\]"),
    "reference": (
        small(vary=co.Vary(reference=(co.Reference(column="year", first=1, last=2),))),
        r"has no \[reference\]",
    ),
    "the same step": (varying(normalise=(co.Normalise(),)), "its only alternative is the declared"),
    "the same aggregation": (varying(aggregate=("arithmetic",)), "its only alternative is the declared"),
    "the same weights": (varying(weights=("given",)), "is the declared scheme"),
    "the same measure": (varying(measure={"x": ("x",)}), "its only alternative is the declared"),
    "no noise": (varying(weight_noise=0.0), "weight_noise"),
    "too much noise": (varying(weight_noise=1.0), "weight_noise"),
    "unknown indicator": (varying(exclude=("q",)), "no indicator is named 'q'"),
    "unknown measure": (varying(measure={"q": ("x",)}), "no indicator is named 'q'"),
    "unknown group": (varying(aggregate=("copeland",), aggregate_of=("q",)), "no group is named 'q'"),
    "groups of nothing": (varying(aggregate_of=("c",)), "vary.aggregate no alternative"),
    "the only indicator": (small("x", vary=co.Vary(exclude=("x",))), "without its only indicator"),
    "a pair that cannot be": (varying(aggregate=("geometric",)), "do not go together"),
    "no effect of imputing": (varying(impute=(co.Impute(method="mean"),)), "varying impute changes no score"),
    "no effect of treating": (
        varying(treat=(co.Treat(method="skew_kurtosis"),)),
        "varying treat changes no score",
    ),
    "no effect of equal": (varying(weights=("equal",)), "varying weights changes no score"),
}


@pytest.mark.parametrize("case", REFUSED)
@pytest.mark.parametrize("analysis", [co.uncertainty, co.sensitivity])
def test_a_factor_that_cannot_matter_is_refused(analysis: Any, case: str) -> None:
    composite, message = REFUSED[case]
    with pytest.raises(UsageError, match=message):
        analysis(TABLE, composite)


def test_a_factor_of_a_step_that_matters_elsewhere_only_is_no_error() -> None:
    """Winsorising changes no rank-normalised score, but the min-max alternative's."""
    table = TABLE.with_columns(x=pl.Series([1.0, 2, 5, 7, 4, 900, 3, 6]))
    composite = small(
        normalise=co.Normalise(method="rank"),
        treat=co.Treat(method="skew_kurtosis"),
        vary=co.Vary(normalise=(co.Normalise(),), treat=(co.Treat(),)),
    )
    assert co.uncertainty(table, composite, draws=20).factors == ("treat", "normalise")


def test_bad_arguments_are_refused() -> None:
    composite = varying(weight_noise=0.5)
    with pytest.raises(UsageError, match="draws"):
        co.uncertainty(TABLE, composite, draws=1)
    with pytest.raises(UsageError, match="seed"):
        co.uncertainty(TABLE, composite, draws=5, seed=-1)
    with pytest.raises(UsageError, match="no group is named 'd'"):
        co.uncertainty(TABLE, composite, draws=5, group="d")
    with pytest.raises(UsageError, match="no column of a cell"):
        co.uncertainty(TABLE, composite, draws=5, cells={"who": "p"})


def test_cells_and_groups_are_chosen_and_fits_stay_on_the_window() -> None:
    table = pl.concat(
        [TABLE.with_columns(year=1), TABLE.with_columns(pl.col("x", "y") * 2, pl.col("z").reverse(), year=2)]
    )
    composite = small(
        by=("year",),
        reference=co.Reference(column="year", first=1, last=1),
        groups=(co.Group(name="c"), co.Group(name="d", parent="c"), co.Group(name="e", parent="c")),
        indicators=(
            co.Indicator(name="x", group="d"),
            co.Indicator(name="y", group="d"),
            co.Indicator(name="z", group="e"),
        ),
        vary=co.Vary(
            weight_noise=0.9, reference=(co.Reference(column="year", first=1, last=2),), exclude=("z",)
        ),
    )
    found = co.uncertainty(table, composite, draws=30, cells={"year": 2})
    assert found.ranks["year"].unique().to_list() == [2]
    assert found.shift["year"].to_list() == [2]
    whole = co.score(table, co.fit(table, composite)).filter(year=2)
    assert found.ranks["rank"].to_list() == whole.filter(name="c").sort("who")["rank"].to_list()
    two = msgspec.structs.replace(composite, vary=co.Vary(weight_noise=0.9))
    part = co.uncertainty(table, two, draws=30, cells={"year": [1, 2]}, group="d")
    both = co.score(table, co.fit(table, composite)).filter(name="d").sort("year", "who")
    assert part.ranks["rank"].to_list() == both["rank"].to_list()
    assert part.shift.height == 2
    with pytest.raises(UsageError, match="no unit in"):
        co.uncertainty(table, two, draws=5, cells={"year": 3})


def test_leaving_one_out_unseats_no_unit_that_is_just_at_the_floor() -> None:
    table = TABLE.with_columns(z=pl.when(pl.col("who").is_in(["p", "q"])).then(None).otherwise("z"))
    table = table.with_columns(y=pl.when(pl.col("who") == "q").then(None).otherwise("y"))
    found = co.uncertainty(table, small(floor=2 / 3, vary=co.Vary(exclude=("x", "y"))), draws=60).ranks
    assert found.filter(who="p")["null_share"].item() == 0
    # q is below the floor, and leaving out what it lacks does not bring it in
    assert found.filter(who="q")["null_share"].item() == 1
    assert found.filter(who="q")["flag"].item() == "unranked"


def test_nothing_to_rank_is_no_error() -> None:
    table = TABLE.with_columns(pl.col("x", "y", "z") * 0)
    found = co.uncertainty(table, varying(weight_noise=0.5), draws=10).ranks
    assert found["flag"].to_list() == ["unranked"] * 8
    assert found["rank_lo"].null_count() == 8


def test_alternatives_have_the_same_chance() -> None:
    composite = varying(aggregate=("copeland",), exclude=("x", "y", "z"))
    aggregate, exclude = factors_of(composite)
    grid = (np.arange(400) + 0.5) / 400
    assert np.bincount([aggregate.pick(u) for u in grid]).tolist() == [200, 200]
    assert np.bincount([exclude.pick(u) for u in grid]).tolist() == [100, 100, 100, 100]
    assert exclude.pick(1 - 2**-53) == 3


def test_noise_stays_within_its_bounds() -> None:
    from trendcore.composite.trials import Trials

    trials = Trials(TABLE, varying(weight_noise=0.25), seed=1)
    drawn = [trials._noise((label,)) for label in range(300)]
    values = np.array([list(each.values()) for each in drawn if each is not None])
    assert values.shape == (300, 3)
    assert values.min() >= 0.75
    assert values.max() <= 1.25
    assert abs(values.mean() - 1) < 0.02
    assert abs(np.corrcoef(values.T)[0, 1]) < 0.2


def test_order_statistics_and_shifts_by_hand() -> None:
    nan = float("nan")
    ordered = np.array([[1.0, 2.0, 3.0, 4.0], [1.0, 5.0, nan, nan], [nan] * 4])
    np.testing.assert_array_equal(order_statistic(ordered, 0.05), [1, 1, nan])
    np.testing.assert_array_equal(order_statistic(ordered, 0.95), [4, 5, nan])
    declared = np.array([1, 2, 1, 0], dtype=np.int32)
    drawn = np.array([[2, 1, 0, 1]], dtype=np.int32)
    np.testing.assert_array_equal(shifts_of(declared, drawn, np.array([0, 2, 4])), [[1, nan]])


def test_declaration_errors_name_the_key() -> None:
    with pytest.raises(DeclarationError, match=r"vary\.exclude"):
        co.uncertainty(TABLE, varying(exclude=("q",)))
