"""Gates of change and of plausibility, each just within its limit and just beyond it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl
import pytest

from trendcore import gates
from trendcore.errors import GateError
from trendcore.gates import change, plausibility

Tables = dict[str, pl.DataFrame]
OPENALEX = {"source": "openalex", "role": "author", "field": "ai"}
BACI = {"source": "baci", "role": "reconciled", "field": "ai"}
_COVERAGE = {
    "source": pl.String, "role": pl.String, "field": pl.String, "year": pl.Int16, "works": pl.Int64,
    "works_known": pl.Int64, "value": pl.Int64, "year_complete": pl.Boolean,
}  # fmt: skip
#: thousandths of a US dollar in a million dollars
MILLION = 1_000_000_000


def cover(
    *series: tuple[dict[str, str], Mapping[int, int]], known: float = 1, last: int = 2022
) -> pl.DataFrame:
    """Coverage of series: works, or millions of US dollars, by year; years after `last` are not complete."""
    rows: list[dict[str, Any]] = []
    for key, by_year in series:
        for year, size in by_year.items():
            row = {**key, "year": year, "year_complete": year <= last}
            if key is BACI:
                row |= {"value": size * MILLION}
            else:
                row |= {"works": size, "works_known": round(size * known)}
            rows.append(row)
    return pl.DataFrame(rows, schema=_COVERAGE)


def works(*sizes: int, first: int = 2020) -> tuple[dict[str, str], dict[int, int]]:
    return OPENALEX, {first + at: size for at, size in enumerate(sizes)}


def value(*millions: int, first: int = 2020) -> tuple[dict[str, str], dict[int, int]]:
    return BACI, {first + at: size for at, size in enumerate(millions)}


def look(
    gate: str,
    now: Tables,
    before: Tables | None = None,
    declared: dict[str, Any] | None = None,
    accepted: str = "",
) -> gates.GateResult:
    limits = gates.limits({gate: declared or {}})
    (result,) = (
        each
        for each in gates.check(now, before=before, limits=limits, accepted=accepted)
        if each.gate == gate
    )
    return result


def compared(gate: str, before: pl.DataFrame, now: pl.DataFrame, **declared: Any) -> gates.GateResult:
    return look(gate, {"coverage": now}, {"coverage": before}, declared)


def test_no_release_before_is_no_change() -> None:
    now = {"coverage": cover(works(100, 100, 100), value(100, 100, 100))}
    found = [each for each in gates.check(now) if each.gate in change.GATES]
    assert [(each.gate, each.ok, each.checked) for each in found] == [
        (gate, True, 0) for gate in ("unknown_rise", "years", "countries", "change", "totals")
    ]


@pytest.mark.parametrize(("now", "ok"), [(1250, True), (1251, False), (750, True), (749, False)])
def test_change_of_a_cell_at_its_limit(now: int, ok: bool) -> None:
    result = compared("change", cover(works(1000)), cover(works(now)))
    assert (result.ok, result.checked, result.limit) == (ok, 1, 0.25)
    assert result.figure == pytest.approx(abs(now - 1000) / 1000)
    traded = compared("change", cover(value(1000)), cover(value(now)))
    assert (traded.ok, traded.checked) == (ok, 1)
    if not ok:
        assert traded.cases == (gates.Case("baci reconciled ai 2020", 1_000_000_000, now * 1_000_000, "US$"),)


@pytest.mark.parametrize(("now", "ok"), [(79, True), (80, False)])
def test_a_change_of_a_few_works_is_none(now: int, ok: bool) -> None:
    """From 30 works: 49 more are below the 50 that are looked at, 50 more are not."""
    assert compared("change", cover(works(30)), cover(works(now))).ok is ok


def test_a_year_that_was_not_complete_may_grow() -> None:
    before, now = (cover(works(1000, size, first=2022)) for size in (100, 1000))
    for gate in ("change", "totals"):
        result = compared(gate, before, now)
        assert (result.ok, result.checked) == (True, 1)


@pytest.mark.parametrize(("now", "ok"), [((1100, 1100), True), ((1200, 1001), False), ((899, 900), False)])
def test_change_of_a_source_at_its_limit(now: tuple[int, int], ok: bool) -> None:
    result = compared("totals", cover(works(1000, 1000)), cover(works(*now)))
    assert (result.ok, result.checked, result.limit) == (ok, 1, 0.1)


def test_new_years_and_fields_are_no_change_of_a_source() -> None:
    before = cover(works(1000, 1000))
    now = cover(works(1000, 1000, 3000), ({**OPENALEX, "field": "qis"}, {2020: 5000}))
    assert all(compared(gate, before, now).ok for gate in change.GATES)


@pytest.mark.parametrize(("size", "ok"), [(19, True), (20, False)])
def test_a_year_that_is_gone(size: int, ok: bool) -> None:
    result = compared("years", cover(works(500, size)), cover(works(500)))
    assert (result.ok, result.checked) == (ok, 1 if ok else 2)
    zero = compared("years", cover(works(500, size)), cover(works(500, 0)))
    assert zero.ok is ok


def test_a_year_of_trade_that_is_gone() -> None:
    result = compared("years", cover(value(500, 1)), cover(value(500)))
    assert (result.ok, result.failed, result.detail) == (
        False, 1, "baci reconciled ai 2021: 1,000,000 US$, now 0 US$",
    )  # fmt: skip


@pytest.mark.parametrize(("sizes", "ok"), [((20, 0, 20), False), ((19, 0, 500), True), ((20, 1, 20), True)])
def test_a_gap_between_years_of_enough_works(sizes: tuple[int, ...], ok: bool) -> None:
    assert look("gaps", {"coverage": cover(works(*sizes))}).ok is ok
    without = cover((OPENALEX, {2020 + at: size for at, size in enumerate(sizes) if size}))
    assert look("gaps", {"coverage": without}).ok is ok


def test_a_gap_of_the_last_release_is_not_refused_again() -> None:
    old, now = cover(works(100, 0, 100)), cover(works(101, 0, 101))
    assert compared("gaps", old, now).ok
    fresh = compared("gaps", old, cover(works(101, 0, 101, 0, 90)))
    assert (fresh.ok, fresh.failed) == (False, 1)
    assert "between 2022 and 2024" in fresh.detail


@pytest.mark.parametrize(("last", "ok"), [(2000, True), (2001, False), (5, True), (4, False)])
def test_a_jump_at_its_limit(last: int, ok: bool) -> None:
    result = look("jump", {"coverage": cover(value(100, last))})
    assert (result.ok, result.measure, result.limit) == (ok, "times", 20)
    assert result.figure == pytest.approx(max(last / 100, 100 / last))


def test_growth_over_missing_years_adds_up_and_small_beginnings_are_no_jump() -> None:
    years = (BACI, {2010: 100, 2014: 20_000})
    assert look("jump", {"coverage": cover(years)}).ok
    assert look("jump", {"coverage": cover(works(1, 999))}).ok
    assert not look("jump", {"coverage": cover(works(1, 1000))}).ok


def test_a_jump_into_a_year_that_is_not_complete_is_none() -> None:
    assert look("jump", {"coverage": cover(value(10_000, 10, first=2022))}).ok


def test_a_jump_of_the_last_release_is_not_refused_again() -> None:
    old = cover(value(100, 5000, 5000))
    assert not look("jump", {"coverage": old}).ok
    assert compared("jump", old, cover(value(100, 5100, 5100))).ok
    assert not compared("jump", old, cover(value(100, 5000, 200_000))).ok


@pytest.mark.parametrize(("dollars", "ok"), [(10**14, True), (10**14 + 2, False)])
def test_more_than_the_world_trades(dollars: int, ok: bool) -> None:
    coverage = cover(value(1)).with_columns(value=pl.lit(dollars * 1000))
    result = look("ceiling", {"coverage": coverage})
    assert (result.ok, result.figure) == (ok, dollars)


@pytest.mark.parametrize(
    ("known", "works_of", "ok"), [(0.1, 1000, True), (0.099, 1000, False), (0, 99, True)]
)
def test_unknown_countries_at_their_limit(known: float, works_of: int, ok: bool) -> None:
    result = look("unknown_countries", {"coverage": cover(works(works_of), known=known)})
    assert (result.ok, result.checked, result.limit) == (ok, 1, 0.9)


@pytest.mark.parametrize(("known", "ok"), [(0.75, True), (0.749, False), (0.9, True)])
def test_a_rise_of_unknown_countries_at_its_limit(known: float, ok: bool) -> None:
    before, now = cover(works(1000), known=0.8), cover(works(1000), known=known)
    result = compared("unknown_rise", before, now, at_most=0.05 + 1e-12)
    assert (result.ok, result.measure) == (ok, "share")
    assert compared("unknown_rise", before[:0], now).checked == 0


def feeds(**quarantined: int) -> pl.DataFrame:
    rows = [
        {"feed": feed, "file": f"{feed}.csv", "read": 4000, "accepted": 4000 - n, "quarantined": n,
         "set_aside": 0, "contradicted": 0}
        for feed, n in quarantined.items()
    ]  # fmt: skip
    return pl.DataFrame(rows)


@pytest.mark.parametrize(("n", "ok"), [(200, True), (201, False)])
def test_quarantine_of_a_feed_at_its_limit(n: int, ok: bool) -> None:
    assert look("quarantine", {"inputs": feeds(baci=n, comtrade=0)}).ok is ok
    # many small files, each within what a file may have
    many = pl.concat([feeds(baci=0), feeds(baci=2 * n)])
    assert look("quarantine", {"inputs": many}).ok is ok
    tolerated = feeds(baci=100).with_columns(read=pl.lit(150), accepted=pl.lit(50))
    assert look("quarantine", {"inputs": tolerated}).ok


def test_contradictions_are_counted_by_file() -> None:
    inputs = feeds(baci=3, comtrade=0).with_columns(contradicted="quarantined")
    result = look("contradictions", {"inputs": inputs})
    assert (result.ok, result.failed, result.figure) == (False, 1, 3)
    assert "baci.csv" in result.detail
    assert look("contradictions", {"inputs": inputs}, declared={"at_most": 3}).ok
    assert not look("contradictions", {"inputs": inputs}, declared={"at_most": 2}).ok


def members(year: int = 2022, **counts: int) -> pl.DataFrame:
    rows = [{**OPENALEX, "year": year, "member": country, "works": n} for country, n in counts.items()]
    schema = {name: _COVERAGE[name] for name in ("source", "role", "field", "year")}
    return pl.DataFrame(rows, schema=schema | {"member": pl.String, "works": pl.Int64})


def of_countries(before: pl.DataFrame, now: pl.DataFrame, *years: int, **declared: Any) -> gates.GateResult:
    coverage = cover((OPENALEX, dict.fromkeys(years or (2022,), 900)))
    return look(
        "countries",
        {"coverage": coverage, "members": now},
        {"coverage": coverage, "members": before},
        declared,
    )


@pytest.mark.parametrize(
    ("was", "now", "ok"), [(40, 20, True), (40, 19, False), (20, 0, False), (19, 0, True), (40, 90, True)]
)
def test_a_country_that_falls_or_is_gone(was: int, now: int, ok: bool) -> None:
    result = of_countries(members(JP=was, US=500), members(**({"JP": now} if now else {}), US=500))
    assert result.ok is ok
    if not ok:
        assert {case.what for case in result.cases} == {
            "openalex author ai 2022 JP", "openalex author ai JP in the last complete years",
        }  # fmt: skip


def test_small_countries_are_judged_over_several_years() -> None:
    years = (2020, 2021, 2022)
    before = pl.concat([members(year, JP=8, US=500) for year in years])
    now = pl.concat([members(year, US=500) for year in years])
    result = of_countries(before, now, *years)
    assert (result.failed, result.detail) == (
        1, "openalex author ai JP in the last complete years: 24 works, now 0 works",
    )  # fmt: skip
    assert of_countries(before, now, *years, years=2).ok


def test_every_country_gone_from_a_cell_that_has_works() -> None:
    before = members(JP=100, US=500)
    assert of_countries(before, before[:0]).failed == 4


def flows(year: int, **by_exporter: int) -> pl.DataFrame:
    """Flows to the US, in millions of US dollars."""
    rows = [
        {**BACI, "year": year, "product": "854231", "exporter": one, "importer": "US", "value": n * MILLION}
        for one, n in by_exporter.items()
    ]
    schema = {name: _COVERAGE[name] for name in ("source", "role", "field", "year")}
    more = {"product": pl.String, "exporter": pl.String, "importer": pl.String, "value": pl.Int64}
    return pl.DataFrame(rows, schema=schema | more)


def test_a_trader_that_is_gone_and_cells_that_were_not_made_anew() -> None:
    coverage = cover(value(130, 130))
    both = pl.concat([flows(year, TW=30, CN=100) for year in (2020, 2021)])
    before = {"coverage": coverage, "trade_flows": both}
    # of the cell of 2020 nothing is said
    assert look("countries", {"coverage": coverage, "trade_flows": flows(2021, TW=16, CN=100)}, before).ok
    gone = look("countries", {"coverage": coverage, "trade_flows": flows(2021, CN=130)}, before)
    assert {case.what.split(" in ")[0] for case in gone.cases} == {
        "baci reconciled ai TW exports", "baci reconciled ai 2021 TW exports",
    }  # fmt: skip
    assert look("countries", {"coverage": coverage, "trade_flows": both[:0]}, before).ok


def test_a_reason_is_accepted_for_change_only() -> None:
    before = {"coverage": cover(works(1000, 1000))}
    now = {"coverage": cover(works(1000, 100), known=0).with_columns(source=pl.lit("openalex"))}
    for reason, refused in (("", False), ("  ", False), ("they were merged", True)):
        found = {each.gate: each for each in gates.check(now, before=before, accepted=reason)}
        assert found["change"].accepted is refused
        assert not found["change"].ok
        assert not found["years"].accepted  # nothing to accept: it passes
        assert not found["unknown_countries"].ok
        assert not found["unknown_countries"].accepted
        with pytest.raises(GateError) as caught:
            gates.refuse(list(found.values()))
        assert ("change" in {each.gate for each in caught.value.results}) is not refused
    declared = gates.limits({"unknown_countries": {"on": False}})
    gates.refuse(gates.check(now, before=before, limits=declared, accepted="they were merged"))


def test_acceptable_gates_are_gates_of_change() -> None:
    assert set(change.GATES) <= gates.ACCEPTABLE <= {*change.GATES, *plausibility.GATES}
    assert set(gates.DEFAULTS.gates) == {*change.GATES, *plausibility.GATES}


def test_the_message_names_what_to_do() -> None:
    before, now = ({"coverage": cover(works(size))} for size in (1000, 100))
    with pytest.raises(
        GateError, match=r"change \(1 of 1; openalex author ai 2020: 1,000 works, now 100 works\)"
    ) as e:
        gates.refuse(gates.check(now, before=before))
    assert "`trendcore update --accept-change REASON`" in str(e.value)
    assert "\n" not in str(e.value)
    with pytest.raises(GateError) as e:
        gates.refuse(gates.check({"coverage": cover(works(1000), known=0)}))
    assert "[gates] of trendcore.toml" in str(e.value)
    with pytest.raises(GateError) as e:
        gates.refuse(gates.check({"coverage": cover(works(1))[:0]}))
    assert str(e.value).endswith("check the inputs")


def test_a_result_can_be_written_as_json() -> None:
    import json

    before, now = ({"coverage": cover(works(size))} for size in (1000, 100))
    found = [each.as_dict() for each in gates.check(now, before=before)]
    again = json.loads(json.dumps(found, allow_nan=False))
    (of_change,) = (each for each in again if each["gate"] == "change")
    assert (of_change["limit"], of_change["figure"], of_change["accepted"]) == (0.25, 0.9, False)
    assert of_change["cases"] == [
        {"what": "openalex author ai 2020", "before": 1000, "now": 100, "unit": "works"}
    ]
