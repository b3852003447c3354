"""Blocs as nodes, fixed and dated, alone and in pairs, against loops over the works."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from support.tallies import FRAMES, ONE, assert_same_tally, naive, rows, works, works_frame

import trendcore as tc
from trendcore import taxonomy
from trendcore.errors import SchemaError, UsageError

BY = ["field", "year"]
Drawn = list[tuple[str, int, list[str | None]]]


def inside(name: str, year: int) -> set[str]:
    """Displayed members of a bloc in a year."""
    return {taxonomy.countries().label(code) for code in taxonomy.blocs().members(name, year)}


def tally(drawn: Drawn, groups: Any, **changes: Any) -> tc.Tally:
    return tc.tally(works_frame(drawn), members="countries", by=BY, groups=groups, **changes)


@settings(max_examples=60, deadline=None)
@given(works())
@pytest.mark.parametrize("bloc", ["quad", "g7", "eu_members"])
def test_bloc_is_one_node(bloc: str, drawn: Drawn) -> None:
    """GB is in the European Union of 2003 to 2019, and no more in 2020."""
    node = f"bloc:{bloc}"
    nodes = [
        ((field, year), [node if member in inside(bloc, year) else member for member in listed])
        for field, year, listed in drawn
    ]
    expected = naive(nodes)
    counted = tally(drawn, bloc)
    flat = {
        name: {(*key[0], *key[1:]): row for key, row in table.items()} for name, table in expected.items()
    }
    assert rows(counted.totals, 2) == flat["totals"]
    assert rows(counted.members.drop("fractional"), 3) == flat["members"]
    assert rows(counted.pairs, 4) == {key: row for key, row in flat["pairs"].items() if node in key[2:]}
    assert counted.pairs.rows() == sorted(counted.pairs.rows())
    assert counted.meta.universe == node


@settings(max_examples=80, deadline=None)
@given(works())
@pytest.mark.parametrize("pair", [("quad", "g7"), ("eu_members", "g7"), ("aukus", "eu_members")])
def test_pair_of_blocs_counts_works_with_two_different_members(pair: tuple[str, str], drawn: Drawn) -> None:
    first, second = sorted(pair)
    expected: Counter[tuple[str, int]] = Counter()
    of_node: Counter[tuple[str, int, str]] = Counter()
    for field, year, listed in drawn:
        known = {member for member in listed if member}
        ones, others = known & inside(first, year), known & inside(second, year)
        expected[field, year] += any(a != b for a in ones for b in others)
        of_node[field, year, f"bloc:{first}"] += bool(ones)
        of_node[field, year, f"bloc:{second}"] += bool(others)
    counted = tally(drawn, [pair])
    assert rows(counted.pairs, 5) == {
        (*cell, f"{first}+{second}", f"bloc:{first}", f"bloc:{second}"): (n,)
        for cell, n in expected.items()
        if n
    }
    nodes = counted.members.filter(pl.col("member").str.starts_with("bloc:"))
    counts = {row[:2] + row[3:4]: row[4] for row in nodes.iter_rows()}
    assert counts == {key: n for key, n in of_node.items() if n}


@settings(max_examples=40, deadline=None)
@given(works())
def test_pair_of_blocs_fits_together(drawn: Drawn) -> None:
    """Joint works are never more than the international works of either, nor these than works."""
    counted = tally(drawn, [("quad", "g7")])
    again = tc.Tally.from_frames(*(getattr(counted, name) for name in FRAMES), by=counted.meta.by)
    for name in FRAMES:
        assert getattr(again, name).equals(getattr(counted, name))


def test_pair_of_blocs_without_members_in_common_is_as_two_nodes() -> None:
    drawn: Drawn = [
        ("ai", 2020, ["AU", "DE", "KR"]),
        ("ai", 2020, ["AU", "US"]),
        ("ai", 2020, ["DE", "FR", "US", "AU"]),
        ("ai", 2020, ["KR", "DE"]),
    ]
    counted = tally(drawn, [("aukus", "eu27_2020")])
    nodes = {"AU": "bloc:aukus", "US": "bloc:aukus", "DE": "bloc:eu27_2020", "FR": "bloc:eu27_2020"}
    mapped = naive(((field, year), [nodes.get(m or "", m) for m in listed]) for field, year, listed in drawn)
    cell, bloc = ("ai", 2020), "aukus+eu27_2020"
    assert counted.pairs.rows() == [(*cell, bloc, "bloc:aukus", "bloc:eu27_2020", 2)]
    assert rows(counted.members, 4) == {(*cell, bloc, key[1]): row for key, row in mapped["members"].items()}
    assert rows(counted.totals, 3) == {(*cell, bloc): mapped["totals"][cell,]}


def test_country_in_both_blocs_needs_another_member_of_either() -> None:
    """US and JP are in both quad and g7, AU in quad only, KR in neither."""
    drawn: Drawn = [
        ("ai", 2020, ["US", "US", None]),
        ("ai", 2020, ["US", "KR"]),
        ("ai", 2020, ["US", "JP"]),
        ("ai", 2020, ["US", "AU"]),
        ("ai", 2020, ["AU", "IN"]),
    ]
    counted = tally(drawn, [("quad", "g7")])
    assert counted.pairs["joint"].to_list() == [2]
    assert counted.totals.row(0)[3:6] == (5, 5, 3)
    works_intl = {row[3]: row[4:] for row in counted.members.iter_rows()}
    assert works_intl == {"KR": (1, 1), "bloc:g7": (4, 3), "bloc:quad": (5, 3)}


@settings(max_examples=30, deadline=None)
@given(works())
def test_list_of_groups_stacks_them(drawn: Drawn) -> None:
    stacked = tally(drawn, ["quad", "eu_members"], counting="newman")
    assert stacked.meta.by == ("field", "year", "bloc")
    assert stacked.meta.universe == "bloc:quad,eu_members"
    for bloc in ("quad", "eu_members"):
        alone = tally(drawn, bloc, counting="newman")
        for name in FRAMES:
            part = getattr(stacked, name).filter(pl.col("bloc") == bloc).drop("bloc")
            assert part.equals(getattr(alone, name)), name
    for name in FRAMES:
        frame = getattr(stacked, name)
        assert frame.rows() == sorted(frame.rows())


def test_shares_of_the_members_of_a_bloc_add_up() -> None:
    frame = pl.DataFrame({"c": [["JP", "KR", "US"]], "s": [[0.5, 0.25, 0.25]]})
    counted = tc.tally(frame, members="c", shares="s", by=[], counting=["nature", "share"], groups="quad")
    assert counted.members.rows() == [("KR", 1, 1, ONE // 4), ("bloc:quad", 1, 1, ONE * 3 // 4)]
    assert counted.pairs.rows() == [("KR", "bloc:quad", 1, ONE * 3 // 8, ONE)]


def test_units_and_first_author_of_a_bloc() -> None:
    frame = pl.DataFrame({"c": [["JP", "KR", "US"]], "u": [["JP", "JP", "KR", "US"]], "f": ["US"]})
    columns: dict[str, Any] = {"members": "c", "units": "u", "first": "f", "by": [], "groups": "quad"}
    assert tc.tally(frame, **columns, credit="complete").members["fractional"].to_list() == [ONE, 3 * ONE]
    assert tc.tally(frame, **columns, credit="straight").members["fractional"].to_list() == [0, ONE]


def test_bloc_of_partners() -> None:
    """Invented in the bloc, owned by another, and the other way; not within the bloc."""
    frame = pl.DataFrame(
        {
            "inventors": [["JP", "KR"], ["JP"], ["KR"], ["DE"], ["US", "AU"]],
            "owners": [["US"], ["KR"], ["US", "DE"], ["KR"], ["IN"]],
        }
    )
    counted = tc.tally(frame, members="inventors", partners="owners", by=[], groups="quad")
    assert counted.pairs.rows() == [("KR", "bloc:quad", 2), ("bloc:quad", "KR", 1)]
    assert rows(counted.members, 1)["bloc:quad",] == (3, 3, 1, 2)
    assert counted.meta.kind == "directed"


def test_codes_with_and_without_labels() -> None:
    codes = {"JP": 392, "KR": 410, "US": 840, "DE": 276}
    frame = pl.DataFrame({"c": [["JP", "US", "KR"], ["US", "DE"], ["US"]]})
    coded = pl.DataFrame({"c": [[codes[member] for member in listed] for listed in frame["c"]]})
    plain = tc.tally(frame, members="c", by=[], groups="quad")
    assert plain.pairs.rows() == [("DE", "bloc:quad", 1), ("KR", "bloc:quad", 1)]
    assert_same_tally(
        plain, tc.tally(coded, members="c", by=[], groups="quad", labels=taxonomy.countries().labels())
    )
    digits = tc.tally(coded, members="c", by=[], groups="quad")
    assert digits.pairs.rows() == [("276", "bloc:quad", 1), ("410", "bloc:quad", 1)]
    words = tc.tally(
        coded, members="c", by=[], groups="quad", labels={code: name * 2 for name, code in codes.items()}
    )
    assert words.pairs.rows() == [("DEDE", "bloc:quad", 1), ("KRKR", "bloc:quad", 1)]


def test_blocs_of_ones_own(tmp_path: Path) -> None:
    file = tmp_path / "blocs.toml"
    file.write_text(
        'format = 1\nversion = "1"\n[blocs.axis]\nlabel = "x"\nsource = "x"\nmembers = ["KR", "DE"]\n'
    )
    frame = pl.DataFrame({"c": [["KR", "DE", "US"]]})
    counted = tc.tally(frame, members="c", by=[], groups="axis", blocs=taxonomy.blocs(file))
    assert counted.pairs.rows() == [("US", "bloc:axis", 1)]


def test_no_work_of_the_bloc() -> None:
    counted = tc.tally(
        pl.DataFrame({"c": [["KR", "DE"], []]}), members="c", by=[], groups=["quad", ("g7", "aukus")]
    )
    assert counted.pairs.is_empty()
    assert counted.members["member"].to_list() == ["KR", "bloc:g7", "DE", "KR"]
    assert counted.totals["works"].to_list() == [2, 2]


@pytest.mark.parametrize(
    ("groups", "by", "match"),
    [
        ("atlantis", BY, "unknown bloc 'atlantis'; one of quad, g7"),
        (
            "eu_members",
            ["field"],
            "the members of eu_members depend on the year: by must have a column 'year'",
        ),
        ([("quad", "quad")], BY, "the name of a bloc, or a pair of names of two"),
        ([("quad", "g7", "aukus")], BY, "a pair of names of two"),
        ([], BY, "groups is empty"),
    ],
)
def test_wrong_groups(groups: Any, by: list[str], match: str) -> None:
    with pytest.raises(UsageError, match=match):
        tc.tally(works_frame([]), members="countries", by=by, groups=groups)


def test_what_does_not_go_together() -> None:
    frame = works_frame([("ai", 2020, ["US", "JP"])])
    both = {"members": "countries", "by": BY}
    with pytest.raises(UsageError, match="a pair of blocs has whole counts only"):
        tc.tally(frame, **both, groups=[("quad", "g7")], counting="newman")
    with pytest.raises(UsageError, match="patterns are of the members of works"):
        tc.tally(frame, **both, groups="quad", patterns=True)
    with pytest.raises(UsageError, match="a tally of partners has pairs with one bloc"):
        tc.tally(frame, **both, partners="countries", groups=[("quad", "g7")])
    with pytest.raises(UsageError, match="adds a by column 'bloc', which by has already"):
        tc.tally(frame.rename({"field": "bloc"}), members="countries", by=["bloc"], groups=["quad"])
    with pytest.raises(SchemaError, match="dated blocs need years as whole numbers"):
        tc.tally(frame.cast({"year": pl.String}), **both, groups="eu_members")


def test_members_that_are_no_countries_are_in_no_bloc() -> None:
    frame = pl.DataFrame({"c": [["united_states", "japan"]]})
    with pytest.raises(UsageError, match=r"no member is a country of the country table.*'japan'"):
        tc.tally(frame, members="c", by=[], groups="quad")


def test_blocks_of_works_do_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    frame = works_frame(
        [("ai", 2003 + at % 20, names) for at in range(40) for names in (["GB", "US"], ["DE", "JP", "US"])]
    )
    frame = frame.with_columns(
        owners=pl.col("countries").reverse(), s=pl.col("countries").list.eval(pl.lit(0.25))
    )
    asked: list[dict[str, Any]] = [
        {"groups": ["eu_members", "quad"], "counting": "newman"},
        {"groups": "eu_members", "shares": "s", "units": "owners"},
        {"groups": [("eu_members", "quad")]},
        {"groups": "eu_members", "partners": "owners"},
    ]
    whole = [tc.tally(frame, members="countries", by=BY, **changes) for changes in asked]
    monkeypatch.setattr("trendcore.tallies.works.BLOCK_WORKS", 7)
    for changes, expected in zip(asked, whole, strict=True):
        assert_same_tally(tc.tally(frame, members="countries", by=BY, **changes), expected)


def test_indices_of_blocs() -> None:
    """Of the six works g7 and quad have five each; in four of them two different members meet."""
    drawn: Drawn = [("ai", 2020, list(names)) for names in (["US", "JP", "KR"], ["US", "KR"], ["AU", "DE"])]
    drawn += [("ai", 2020, list(names)) for names in (["KR"], ["DE", "US"], ["JP", "US"])]
    table = tc.indices.compute(tally(drawn, ["quad", ("quad", "g7")]), ["joint", "salton", "share"])
    values = {row[2:6]: row[6] for row in table.iter_rows()}
    assert values["g7+quad", "bloc:g7", "bloc:quad", "joint"] == 4
    assert values["g7+quad", "bloc:g7", "bloc:quad", "salton"] == 4 / 5
    assert values["quad", "KR", "bloc:quad", "share"] == 2 / 2
    assert values["quad", "bloc:quad", "KR", "share"] == 2 / 4
    assert set(table["universe"]) == {"bloc:quad", "bloc:g7+quad"}
