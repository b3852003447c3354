"""Tallying again from patterns gives what the works themselves give, to the bit."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal
from support.tallies import assert_same_tally, works, works_frame

import trendcore as tc
from trendcore import taxonomy
from trendcore.errors import UsageError
from trendcore.tallies.types import WEIGHTINGS

BY = ["field", "year"]
POLICY = taxonomy.policy("hk-mo-with-cn")


def tally(frame: pl.DataFrame, **changes: Any) -> tc.Tally:
    return tc.tally(frame, **{"members": "countries", "by": BY, **changes})


@settings(max_examples=30, deadline=None)
@given(works(max_size=15), st.lists(st.integers(1, 1000), max_size=15))
@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"patterns": True, "counting": ["bilateral", "pair"]},
        {"counting": list(WEIGHTINGS)},
        {"counting": "harmonic", "credit": "none"},
        {"groups": "quad"},
        {"groups": ["eu_members", "quad"]},
        {"groups": [("g7", "quad"), ("aukus", "eu_members")], "counting": "full", "credit": "none"},
        {"policy": POLICY, "groups": "quad"},
        {"policy": taxonomy.policy("default"), "patterns": True},
    ],
)
def test_regrouped_is_tallied(
    changes: dict[str, Any], drawn: list[tuple[str, int, list[str | None]]], times: list[int]
) -> None:
    """Works stand in the frame many times, so that each binary digit of n has its turn."""
    often = [work for work, n in zip(drawn, [*times, *[1] * len(drawn)], strict=False) for _ in range(n)]
    renamed = {"ZA": "HK", "KR": "CN", "DE": "PR"}
    frame = works_frame(
        [(field, year, [renamed.get(m or "", m) for m in listed]) for field, year, listed in often]
    )
    kept = tally(frame, patterns=True)
    asked = {"counting": "full", "credit": "country", **changes}
    assert_same_tally(kept.regroup(**changes), tally(frame, **asked))
    assert_same_tally(kept.regroup(**changes, backend="reference"), tally(frame, **asked))


def test_own_counting_is_kept() -> None:
    frame = works_frame([("ai", 2020, ["JP", "US", "KR"]), ("ai", 2020, [])])
    kept = tally(frame, counting=["newman", "share"], patterns=True)
    assert kept.regroup().meta == kept.meta
    assert_same_tally(kept.regroup(patterns=True), kept)


def test_stored_patterns_do() -> None:
    """Patterns come back from a table without Enums, in any order."""
    frame = works_frame([("ai", 2020, ["JP", "US", "KR"]), ("ai", 2020, []), ("qis", 2020, ["US"])])
    enum = frame.with_columns(pl.col("field").cast(pl.Enum(["ai", "qis"])))
    kept = tally(enum, patterns=True)
    assert kept.patterns is not None
    stored = kept.patterns.with_columns(pl.col("field").cast(pl.String)).sample(
        fraction=1, shuffle=True, seed=2
    )
    plain = tally(frame)
    again = tc.Tally.from_frames(plain.pairs, plain.members, plain.totals, by=BY, patterns=stored)
    assert_same_tally(again.regroup(), plain)
    assert kept.regroup().pairs.schema["field"] == pl.Enum(["ai", "qis"])


def test_codes_shown_as_digits() -> None:
    coded = pl.DataFrame({"c": [[344, 156, 840], [630]]})
    kept = tc.tally(coded, members="c", by=[], patterns=True)
    changes: dict[str, Any] = {"policy": POLICY, "groups": "quad"}
    assert_same_tally(kept.regroup(**changes), tc.tally(coded, members="c", by=[], **changes))
    assert kept.regroup(**changes).pairs["joint"].to_list() == [1]


def test_policy_on_policy() -> None:
    frame = works_frame([("ai", 2020, ["HK", "CN", "SU"])])
    kept = tally(frame, policy=POLICY, patterns=True)
    assert kept.regroup(policy=POLICY).meta.policy == POLICY.sha256
    merged = taxonomy.policy("historic-merged")
    again = kept.regroup(policy=merged)
    assert again.meta.policy == f"{POLICY.sha256}+{merged.sha256}"
    assert again.members["member"].to_list() == ["CN", "RU"]


def test_no_works() -> None:
    kept = tally(works_frame([]), patterns=True)
    assert kept.patterns is not None
    assert kept.patterns.schema == {
        "field": pl.String,
        "year": pl.Int16,
        "members": pl.List(pl.String),
        "n": pl.Int64,
    }
    assert_same_tally(kept.regroup(groups="quad"), tally(works_frame([]), groups="quad"))


def test_merged_patterns() -> None:
    parts = [
        tally(
            works_frame([("ai", 2020, ["JP", "US", "KR"]), ("ai", 2020, []), ("ai", 2021, [])]), patterns=True
        ),
        tally(works_frame([("ai", 2020, ["US", "JP", "KR", "JP"]), ("ai", 2020, ["JP"])]), patterns=True),
    ]
    merged = parts[0].merge(parts[1]).patterns
    assert merged is not None
    expected = [
        ("ai", 2020, [], 1),
        ("ai", 2020, ["JP"], 1),
        ("ai", 2020, ["JP", "KR", "US"], 2),
        ("ai", 2021, [], 1),
    ]
    assert merged.rows() == expected
    without = tally(works_frame([("ai", 2020, ["JP"])]))
    assert parts[0].merge(without).patterns is None


def test_what_patterns_do_not_hold() -> None:
    frame = works_frame([("ai", 2020, ["JP", "US"])]).with_columns(shares=pl.lit([0.5, 0.5]))
    plain = tally(frame)
    with pytest.raises(UsageError, match="the tally has no patterns: tally the works with patterns=True"):
        plain.regroup()
    shared = tally(frame, shares="shares", counting=["full", "nature"], patterns=True)
    with pytest.raises(UsageError, match="credit 'author' needs the works themselves"):
        shared.regroup()
    with pytest.raises(UsageError, match="nature went by shares of authors"):
        shared.regroup(credit="country")
    with pytest.raises(UsageError, match="credit 'complete' needs the works"):
        shared.regroup(credit="complete", counting="full")
    by_name = shared.regroup(credit="country", counting=["nature"])
    assert_frame_equal(by_name.pairs, tally(frame, counting="nature").pairs)
    closed = shared.closed(["JP", "US"])
    assert closed.patterns is None
    with pytest.raises(UsageError, match="no patterns"):
        closed.regroup(groups="quad")


@pytest.mark.parametrize("credit", ["country", "none"])
def test_shares_are_not_forgotten_in_silence(credit: str) -> None:
    frame = works_frame([("ai", 2020, ["JP", "US"])]).with_columns(shares=pl.lit([0.75, 0.25]))
    shared = tally(frame, shares="shares", counting="share", credit=credit, patterns=True)
    with pytest.raises(UsageError, match="share went by shares of authors"):
        shared.regroup()
    published = tc.Tally.from_frames(
        shared.pairs, shared.members, shared.totals, by=BY, patterns=shared.patterns, credit=credit
    )
    with pytest.raises(UsageError, match="share may have gone by shares of authors"):
        published.regroup()
    by_name = published.regroup(counting="share")
    assert (by_name.pairs["w_share"].item(), by_name.meta.shares) == (1 << 31, "equal")
    assert shared.regroup(counting="full").meta.shares == ""
    equal = tally(frame, counting="share", credit=credit, patterns=True)
    assert equal.regroup().pairs["w_share"].item() == 1 << 31
    with pytest.raises(UsageError, match="shares is 'authors' in one and 'equal' in another"):
        shared.merge(equal)
