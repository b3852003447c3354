from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trendcore.sources.openalex_members import MOST_WARNINGS, CountryCodes, Members, members
from trendcore.sources.openalex_records import Authorship, Institution
from trendcore.taxonomy import countries

JP, US, NA, CN = 392, 840, 516, 156


def author(
    own: list[str | None] | None, places: list[str | None] | None = None, position: str = "middle"
) -> Authorship:
    held = None if places is None else [Institution(code) for code in places]
    return Authorship(position, own, held)


def found(*authors: Authorship, year: int = 2020, **said: object) -> Members:
    return members(list(authors), year, CountryCodes(countries()), **said)  # type: ignore[arg-type]


def test_an_author_of_two_countries_is_split_and_is_two_units() -> None:
    got = found(author(["US", "JP"]), author(["JP"]), author(["JP"]))
    assert got.countries == [JP, US]
    assert got.shares == [float(Fraction(5, 6)), float(Fraction(1, 6))]
    assert sorted(got.units) == [JP, JP, JP, US]


def test_affiliations_weigh_where_each_has_a_country() -> None:
    assert found(author(["JP", "US"], ["US", "US", "JP"])).shares == [
        float(Fraction(1, 3)),
        float(Fraction(2, 3)),
    ]
    # one affiliation without a country, or another set than the author's own list: equal parts
    assert found(author(["JP", "US"], ["US", "US", "JP", None])).shares == [0.5, 0.5]
    assert found(author(["JP", "US"], ["US", "US"])).shares == [0.5, 0.5]
    assert found(author(["JP"], ["US", "JP"])).countries == [JP]


def test_the_old_schema_has_institutions_only() -> None:
    got = found(author(None, ["US", "JP", "US"]), author(None, [None]), author(None, []), author(None, None))
    assert got.countries == [JP, US]
    assert got.shares == [float(Fraction(1, 12)), float(Fraction(2, 12))]
    assert (got.n_authors, got.n_authors_unknown) == (4, 3)
    assert got.units == [JP, US]
    assert found(author(None, ["US", None])).shares == [1.0]
    # an empty list is an answer, not an old record
    assert found(author([], ["US"])).countries == []


def test_authors_without_a_country_are_the_unknown_rest() -> None:
    got = found(author(["JP"]), author([]), author([None]), author(["CN"]))
    assert got.shares == [0.25, 0.25]
    assert got.n_authors_unknown == 2
    assert found() == Members([], [], [], None, 0, 0, False)


def test_a_cut_list_leaves_the_others_unknown() -> None:
    got = found(*[author(["JP"])] * 100, listed=400)
    assert (got.n_authors, got.n_authors_unknown, got.truncated) == (400, 300, True)
    assert got.shares == [0.25]
    assert found(author(["JP"]), truncated=True).truncated
    assert not found(author(["JP"]), listed=1).truncated
    assert not found(author(["JP"]), listed=0).truncated


def test_codes_that_are_no_country_are_unknown_and_counted() -> None:
    codes = CountryCodes(countries())
    got = members([author(["ZZ"]), author(["ZZ", "JP"]), author(["NA"])], 2020, codes)
    assert got.countries == [JP, NA]
    assert got.shares == [float(Fraction(1, 6)), float(Fraction(1, 3))]
    assert got.n_authors_unknown == 1
    assert codes.warnings() == {"unknown_country:ZZ": 2}
    assert codes.warnings() == {}


def test_warnings_stay_few() -> None:
    codes = CountryCodes(countries())
    for number in range(1000):
        codes.code(f"?{number}" + "x" * 10_000, 2020)
    seen = codes.warnings()
    assert len(seen) == MOST_WARNINGS + 1
    assert sum(seen.values()) == 1000


def test_codes_of_former_states_go_by_year() -> None:
    former = found(author(["CS"]), year=1988).countries, found(author(["CS"]), year=2005).countries
    assert [len(codes) for codes in former] == [1, 1]
    assert former[0] != former[1]
    assert found(author(["jp"])).countries == [JP]


@pytest.mark.parametrize(
    ("authors", "first"),
    [
        ([author(["US"]), author(["JP"], position="first")], JP),
        ([author(["JP", "US"], ["US", "JP"], position="first")], US),
        ([author(["JP", "US"], ["CN"], position="first")], JP),
        ([author(None, [None, "US"], position="first")], US),
        ([author([], position="first"), author(["JP"])], None),
        ([author(["ZZ"], position="first"), author(["JP"])], None),
        ([author(["JP"], position="last")], None),
        ([Authorship(None, ["JP"]), Authorship(None, ["US"])], JP),
        ([], None),
    ],
)
def test_first_country(authors: list[Authorship], first: int | None) -> None:
    assert found(*authors).first_country == first


CODES = st.lists(st.sampled_from(["JP", "US", "NA", "CN", "ZZ", None]), max_size=4)
AUTHORS = st.lists(st.builds(author, st.one_of(st.none(), CODES), st.one_of(st.none(), CODES)), max_size=7)
KNOWN = {"JP": JP, "US": US, "NA": NA, "CN": CN}


def exact(authors: list[Authorship]) -> tuple[dict[int, Fraction], int]:
    """Shares again, in fractions and as the rule is written; and the authors without a country."""
    shares: dict[int, Fraction] = {}
    unknown = 0
    for one in authors:
        held = [place.country_code for place in one.institutions or []]
        own = {name for name in (held if one.countries is None else one.countries) if name}
        parts = held if held and all(held) and set(held) == own else sorted(own)
        for name in parts:
            if name in KNOWN:
                part = Fraction(1, len(authors) * len(parts))
                shares[KNOWN[name]] = shares.get(KNOWN[name], Fraction(0)) + part
        unknown += not own & KNOWN.keys()
    return shares, unknown


@given(AUTHORS, st.randoms())
def test_shares_are_the_nearest_floats_in_any_order(authors: list[Authorship], random: object) -> None:
    got = found(*authors)
    shares, unknown = exact(authors)
    assert got.countries == sorted(shares)
    assert got.shares == [float(shares[code]) for code in got.countries]
    assert got.n_authors_unknown == unknown
    assert set(got.units) == set(got.countries)
    assert len(got.units) >= got.n_authors - unknown
    shuffled = authors.copy()
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    again = found(*shuffled)
    assert (again.countries, again.shares, sorted(again.units)) == (
        got.countries,
        got.shares,
        sorted(got.units),
    )
