"""The country table against ISO, BACI and Comtrade lists, and the codes that feeds bend."""

from __future__ import annotations

import csv
import json

import polars as pl
import pytest
from support.shared import shared_data

from trendcore import taxonomy
from trendcore.errors import UsageError
from trendcore.tallies.types import NES
from trendcore.taxonomy.country_table import SYSTEMS

COUNTRIES = taxonomy.countries()


def test_na_is_namibia_and_never_null() -> None:
    assert COUNTRIES.resolve("iso2", "NA") == 516
    assert COUNTRIES.resolve("patentsview", "NA") == 516
    assert COUNTRIES.labels()[516] == "NA"
    row = COUNTRIES.table.filter(pl.col("code") == 516)
    assert row["alpha2"].to_list() == ["NA"]


@pytest.mark.parametrize(
    ("system", "value", "year", "label"),
    [
        ("iso2", "XK", None, "XK"),
        ("iso2", " us ", None, "US"),
        ("iso3", "XKX", None, "XK"),
        ("iso3", "twn", None, "TW"),
        ("baci", 490, 2015, "TW"),
        ("comtrade", "490", 2015, "TW"),
        ("baci", 842, 2015, "US"),
        ("comtrade", 842, None, "US"),
        ("baci", 757, None, "CH"),
        ("baci", 251, None, "FR"),
        ("comtrade", 381, None, "IT"),
        ("baci", 579, None, "NO"),
        ("baci", 699, None, "IN"),
        ("comtrade", 711, None, "ZA"),
        ("baci", 58, 1998, "BELU"),
        ("baci", 58, None, "BELU"),
        ("baci", 58, 1999, None),
        ("baci", 56, 1999, "BE"),
        ("baci", 891, 2005, "CSXX"),
        ("baci", 891, 2006, None),
        ("baci", 736, 2011, "SDSS"),
        ("baci", 736, 2012, None),
        ("baci", 729, 2012, "SD"),
        ("comtrade", 891, 2007, "CSXX"),
        ("m49", "810", None, "SU"),
        ("m49", 890, None, "YU"),
        ("m49", 200, None, "CSHH"),
        ("m49", 4, None, "AF"),
        ("m49", "004", None, "AF"),
        ("m49", 492, None, "MC"),
        ("baci", 278, None, "DD"),
        ("baci", 530, None, "AN"),
        ("iso2", "SU", 1985, "SU"),
        ("iso2", "CS", 1985, "CSHH"),
        ("st3", "CS", 2005, "CSXX"),
        ("iso2", "CS", None, None),
        ("iso2", "YU", 1985, "YU"),
        ("iso2", "YU", 1999, "CSXX"),
        ("iso2", "DD", 1985, "DD"),
        ("iso2", "SD", 2005, "SD"),
        ("patentsview", "JA", 1976, "JP"),
        ("patentsview", "DT", 1976, "DE"),
        ("patentsview", "JPX", 1990, "JP"),
        ("patentsview", "LUX", 1990, "LU"),
        ("patentsview", "MEX", 1990, None),
        ("patentsview", "UK", None, "GB"),
        ("patentsview", "CA", None, "CA"),
        ("st3", "EP", None, None),
        ("st3", "WO", None, None),
        ("name", "Rep. of Korea", None, "KR"),
        ("name", "Côte d’Ivoire", None, "CI"),
        ("name", "TÜRKIYE", None, "TR"),
        ("name", "Other Asia, nes", None, "TW"),
        ("name", "World", None, None),
        ("iso2", "", None, None),
        ("iso2", "N/A", None, None),
        ("baci", "N/A", None, None),
        ("baci", "", None, None),
        ("baci", -4, None, None),
        ("baci", "4.0", None, None),
        ("baci", 0, None, None),
    ],
)
def test_resolves_by_feed_and_year(
    system: str, value: str | int, year: int | None, label: str | None
) -> None:
    code = COUNTRIES.resolve(system, value, year)
    assert (None if code is None else COUNTRIES.label(code)) == label


REMAINDERS = {
    129, 221, 290, 471, 472, 473, 492, 527, 568, 577, 636, 637, 697, 837, 838, 839, 849, 879, 899
}  # fmt: skip


@pytest.mark.parametrize("system", ["baci", "comtrade"])
def test_remainders_have_pseudo_codes_and_are_no_countries(system: str) -> None:
    pseudo = {number: COUNTRIES.resolve(system, number) for number in REMAINDERS}
    assert pseudo == {number: 2000 + number for number in REMAINDERS}
    assert COUNTRIES.remainders().keys() == set(pseudo.values())
    assert all(0 < code < 2**15 for code in COUNTRIES.remainders())
    assert not COUNTRIES.remainders().keys() & COUNTRIES.labels().keys()
    assert not COUNTRIES.remainders().keys() & set(COUNTRIES.table["code"])
    assert COUNTRIES.remainders()[2568] == "Other Europe, nes"
    # the world and the union are listed beside their members: they are no parts
    assert COUNTRIES.aggregates(system) == {0, 97}
    assert COUNTRIES.resolve("m49", 492) == 492  # Monaco, where trade says Europe EU, nes


def test_what_remainders_are_displayed_as_is_no_country() -> None:
    assert NES not in COUNTRIES.labels().values()
    assert NES.upper() not in COUNTRIES.labels().values()
    with pytest.raises(UsageError, match="2899"):
        COUNTRIES.label(2899)


def test_papers_and_patents_know_no_remainders() -> None:
    for system in ("iso2", "iso3", "m49", "st3", "patentsview", "name"):
        assert not set(COUNTRIES.mapping(system, 2020).values()) & COUNTRIES.remainders().keys()
    for system in ("st3", "patentsview"):
        assert {"EP", "WO", "XX"} <= COUNTRIES.aggregates(system)


def test_proxy_and_wider_codes_say_so() -> None:
    assert COUNTRIES.caveat("baci", 490) == COUNTRIES.caveat("comtrade", "490") == "proxy"
    assert COUNTRIES.caveat("baci", 842) == "wider"
    assert COUNTRIES.caveat("baci", 392) == COUNTRIES.caveat("baci", 999999) == ""


def test_labels_are_unique_and_codes_fit_int16() -> None:
    labels = COUNTRIES.labels()
    assert len(set(labels.values())) == len(labels) == COUNTRIES.table.height
    assert all(0 < code < 2**15 for code in labels)
    assert all(label.isascii() and label.isalnum() for label in labels.values())
    assert COUNTRIES.table.schema["code"] == pl.Int16
    assert COUNTRIES.table["code"].is_sorted()
    own = [code for code in labels if code >= 1000]
    assert labels[1000] == "XK"
    assert own == sorted(own)


def test_parents_and_years_are_sound() -> None:
    table = COUNTRIES.table
    assert set(table["parent"].drop_nulls()) <= set(table["code"])
    both = table.drop_nulls(["valid_from", "valid_to"])
    assert (both["valid_from"] <= both["valid_to"]).all()
    by_code = dict(zip(table["code"], table["parent"], strict=True))
    assert by_code[COUNTRIES.resolve("iso2", "PR")] == 840
    grandparents = {by_code[parent] for parent in table["parent"].drop_nulls()}
    assert grandparents == {None, 528}  # the Netherlands Antilles, then Curaçao, then the Netherlands


@pytest.mark.parametrize("system", SYSTEMS)
def test_mapping_agrees_with_resolve(system: str) -> None:
    labels = COUNTRIES.labels()
    for year in (None, 1985, 1998, 2005, 2023):
        mapping = COUNTRIES.mapping(system, year)
        assert set(mapping.values()) <= labels.keys() | COUNTRIES.remainders().keys()
        assert not set(mapping) & COUNTRIES.aggregates(system)
        for value, code in mapping.items():
            assert COUNTRIES.resolve(system, value, year) == code


def test_every_current_country_resolves_in_each_system() -> None:
    for code, alpha2, alpha3, name in COUNTRIES.table.select("code", "alpha2", "alpha3", "name").rows():
        if code < 1000:
            found = {
                COUNTRIES.resolve("iso2", alpha2),
                COUNTRIES.resolve("st3", alpha2),
                COUNTRIES.resolve("patentsview", alpha2),
                COUNTRIES.resolve("iso3", alpha3),
                COUNTRIES.resolve("m49", code),
                COUNTRIES.resolve("name", name),
            }
            assert found == {code}, name


def test_mappings_are_copies() -> None:
    COUNTRIES.labels().clear()
    COUNTRIES.mapping("iso2").clear()
    assert COUNTRIES.resolve("iso2", "JP") == 392
    assert COUNTRIES.labels()


def test_unknown_system_and_code_are_told_clearly() -> None:
    with pytest.raises(UsageError, match=r"fips.*iso2"):
        COUNTRIES.resolve("fips", "JA")
    with pytest.raises(UsageError, match="fips"):
        COUNTRIES.aggregates("fips")
    with pytest.raises(UsageError, match="999"):
        COUNTRIES.name(999)
    with pytest.raises(UsageError, match="None"):
        COUNTRIES.label(None)


def test_agrees_with_the_iso_list() -> None:
    with shared_data("reference", "country-codes.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    iso = {
        int(row["ISO3166-1-numeric"]): (row["ISO3166-1-Alpha-2"], row["ISO3166-1-Alpha-3"]) for row in rows
    }
    ours = COUNTRIES.table.filter(pl.col("code") < 1000)
    assert {row[0]: row[1:] for row in ours.select("code", "alpha2", "alpha3").rows()} == iso


def test_every_baci_code_resolves_or_is_an_aggregate() -> None:
    path = shared_data("baci", "country_codes_V202301.csv")
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) > 200
    alike = 0
    for row in rows:
        number, alpha3 = int(row["country_code"]), row["iso_3digit_alpha"]
        code = COUNTRIES.resolve("baci", number)
        assert (code is None) == (number in COUNTRIES.aggregates("baci")), row
        merged = {58, 490, 736}  # Belgium-Luxembourg, Other Asia, Sudan: BACI has no alpha-3 of their own
        if code in COUNTRIES.remainders():
            assert alpha3 == "N/A", row
        elif code is not None and number not in merged:
            assert COUNTRIES.resolve("iso3", alpha3) == code, row
            alike += 1
    assert alike > 220


@pytest.mark.parametrize("name", ["partners.json", "reporters.json"])
def test_every_comtrade_code_resolves_or_is_an_aggregate(name: str) -> None:
    rows = json.loads(shared_data("reference", name).read_text(encoding="utf-8"))["results"]
    numbers = [int(row["id"]) for row in rows if row["id"] != "all"]
    assert len(numbers) > 200
    for number in numbers:
        resolved = COUNTRIES.resolve("comtrade", number) is not None
        assert resolved != (number in COUNTRIES.aggregates("comtrade")), number


def test_every_patentsview_country_of_the_sample_resolves() -> None:
    path = shared_data("patentsview", "g_location_disambiguated.tsv")
    with path.open(encoding="utf-8", newline="") as file:
        found = {row["disambig_country"] for row in csv.DictReader(file, delimiter="\t")}
    assert "NA" in found
    assert all(COUNTRIES.resolve("patentsview", value, 2000) is not None for value in found)
