"""Ordered pairs of two columns of members, against a loop over the works."""

from __future__ import annotations

from collections import Counter
from typing import Any
from unittest.mock import patch

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.tallies import assert_same_tally, members, rows

import trendcore as tc
from trendcore import taxonomy
from trendcore.errors import SchemaError, UsageError

SIDES = st.lists(
    st.tuples(st.sampled_from([2020, 2021]), members(most=4), members(["AU", "JP", "KR", "US"], most=3)),
    max_size=30,
)


def frame(drawn: list[tuple[int, list[str | None], list[str | None]]]) -> pl.DataFrame:
    schema = {"year": pl.Int16, "inventors": pl.List(pl.String), "owners": pl.List(pl.String)}
    return pl.DataFrame(drawn, schema=schema, orient="row")


def tally(works: Any, **changes: Any) -> tc.Tally:
    return tc.tally(works, **{"members": "inventors", "partners": "owners", "by": ["year"], **changes})


@settings(max_examples=80, deadline=None)
@given(SIDES)
def test_directed_counts_are_those_of_a_loop(
    drawn: list[tuple[int, list[str | None], list[str | None]]],
) -> None:
    pairs: Counter[Any] = Counter()
    counts: dict[tuple[int, str], list[int]] = {}
    totals: dict[tuple[int], list[int]] = {}
    for year, inventors, owners in drawn:
        own, partners = {m for m in inventors if m}, {m for m in owners if m}
        known = bool(own and partners)
        total = totals.setdefault((year,), [0, 0])
        total[0] += 1
        total[1] += known
        if not known:
            continue
        for side, members_of_side, others in ((0, own, partners), (1, partners, own)):
            for member in members_of_side:
                row = counts.setdefault((year, member), [0, 0, 0, 0])
                row[side] += 1
                row[side + 2] += bool(others - {member})
        pairs.update((year, a, b) for a in own for b in partners if a != b)
    counted = tally(frame(drawn))
    assert rows(counted.pairs, 3) == {key: (n,) for key, n in pairs.items()}
    assert rows(counted.members, 2) == {key: tuple(row) for key, row in counts.items()}
    assert rows(counted.totals, 1) == {key: tuple(total) for key, total in totals.items()}
    assert counted.pairs.rows() == sorted(counted.pairs.rows())
    assert_same_tally(counted, tally(frame(drawn), backend="reference"))
    with patch("trendcore.tallies.counting.DENSE_MEMBERS", 0):
        assert_same_tally(counted, tally(frame(drawn)))
    half = len(drawn) // 2
    assert_same_tally(counted, tally(frame(drawn[:half])).merge(tally(frame(drawn[half:]))))
    assert_same_tally(counted, tally([frame(drawn[half:]), frame(drawn[:half])]))
    again = tc.Tally.from_frames(counted.pairs, counted.members, counted.totals, by=["year"], kind="directed")
    assert again.pairs.equals(counted.pairs)


def test_meta_and_columns() -> None:
    counted = tally(frame([(2020, ["US"], ["JP", "US"])]))
    assert (counted.meta.kind, counted.meta.credit, counted.meta.counting) == ("directed", "none", ("full",))
    assert counted.members.rows() == [(2020, "JP", 0, 1, 0, 1), (2020, "US", 1, 1, 1, 0)]
    assert counted.pairs.rows() == [(2020, "US", "JP", 1)]
    assert counted.patterns is None


def test_both_sides_follow_policy_and_labels() -> None:
    works = pl.DataFrame({"year": 2020, "inventors": [[344, 392]], "owners": [[156, 630]]})
    counted = tally(works, policy=taxonomy.policy("hk-mo-with-cn"), labels=taxonomy.countries().labels())
    assert counted.pairs.rows() == [(2020, "CN", "US", 1), (2020, "JP", "CN", 1), (2020, "JP", "US", 1)]


def test_one_owner_a_patent() -> None:
    works = pl.DataFrame({"year": 2020, "inventors": [["US", "JP"], ["KR"]], "owners": ["US", None]})
    assert tally(works).pairs.rows() == [(2020, "JP", "US", 1)]
    assert tally(works).totals.rows() == [(2020, 2, 1)]


@pytest.mark.parametrize(
    "changes", [{"counting": ["full", "newman"]}, {"credit": "country"}, {"credit": "author", "shares": "s"}]
)
def test_whole_counts_only(changes: dict[str, Any]) -> None:
    works = frame([(2020, ["US"], ["JP"])]).with_columns(s=pl.lit([1.0]))
    with pytest.raises(UsageError, match="a tally of partners has whole counts only"):
        tally(works, **changes)


def test_sides_of_different_kinds_are_refused() -> None:
    works = pl.DataFrame({"year": 2020, "inventors": [["US"]], "owners": [[392]]})
    with pytest.raises(SchemaError, match="'inventors' and 'owners' name the same members, one by strings"):
        tally(works)


def test_patterns_are_of_both_sides() -> None:
    rows = [(2020, ["US", "JP", "US"], ["JP"]), (2020, ["JP", "US"], ["JP"]), (2020, ["US"], [])]
    rows += [(2021, [], ["US"]), (2021, ["US"], ["US"])]
    found = tally(frame(rows), patterns=True)
    assert found.patterns is not None
    assert found.patterns.rows() == [(2020, ["JP", "US"], ["JP"], 2), (2021, ["US"], ["US"], 1)]
    assert found.merge(found).patterns.rows() == [(2020, ["JP", "US"], ["JP"], 4), (2021, ["US"], ["US"], 2)]
    again = tc.Tally.from_frames(
        found.pairs, found.members, found.totals, by=found.meta.by, kind="directed", patterns=found.patterns
    )
    assert again.patterns is not None
    assert again.patterns.equals(found.patterns)
    with pytest.raises(UsageError, match="ask for them without groups"):
        tally(frame(rows), patterns=True, groups="quad")
    with pytest.raises(UsageError, match="goes by shares of authors"):
        tally(frame(rows), patterns="credits")
