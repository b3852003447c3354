"""Blocs: members by the rule of 1 July, fixed and dated kinds, and bad files."""

from __future__ import annotations

from pathlib import Path

import pytest

from trendcore import taxonomy
from trendcore.errors import TaxonomyError, UsageError

BLOCS = taxonomy.blocs()
LABELS = taxonomy.countries().labels()
HEAD = 'format = 1\nversion = "1"\n'
BLOC = '[blocs.pair]\nlabel = "Pair"\nsource = "me"\n'


def members(name: str, year: int | None = None) -> set[str]:
    return {LABELS[code] for code in BLOCS.members(name, year)}


def test_names_and_kinds() -> None:
    fixed = {"quad", "g7", "eu27_2020", "five_eyes", "aukus", "chip4"}
    dated = {"eu_members", "oecd_members", "asean_members"}
    assert set(BLOCS.names()) == fixed | dated
    assert {name for name in BLOCS.names() if BLOCS.fixed(name)} == fixed
    assert all(BLOCS.label(name) and BLOCS.get(name).source for name in BLOCS.names())


def test_fixed_blocs() -> None:
    assert members("quad") == members("quad", 1990) == {"US", "JP", "IN", "AU"}
    assert members("g7") == {"CA", "FR", "DE", "IT", "JP", "GB", "US"}
    assert members("aukus") == {"AU", "GB", "US"}
    assert members("FVEY") == members("five_eyes") == {"AU", "CA", "GB", "NZ", "US"}
    assert members("chip4") == {"US", "JP", "KR", "TW"}
    assert len(members("EU27_2020")) == 27
    assert "GB" not in members("eu27_2020", 2010)


@pytest.mark.parametrize(
    ("label", "first", "last"),
    [
        ("GB", 1973, 2019),
        ("HR", 2013, 2030),
        ("CY", 2004, 2030),
        ("BG", 2007, 2030),
        ("AT", 1995, 2030),
        ("GR", 1981, 2030),
        ("BE", 1958, 2030),
    ],
)
def test_eu_by_the_rule_of_1_july(label: str, first: int, last: int) -> None:
    years = [year for year in range(1950, 2031) if label in members("eu_members", year)]
    assert years == list(range(first, last + 1))


@pytest.mark.parametrize(
    ("year", "size"),
    [(1957, 0), (1958, 6), (1973, 9), (1990, 12), (1995, 15), (2004, 25), (2007, 27), (2013, 28), (2020, 27)],
)
def test_size_of_the_eu(year: int, size: int) -> None:
    assert len(members("eu_members", year)) == size


def test_eu27_is_the_eu_of_2020() -> None:
    assert members("eu_members", 2020) == members("eu27_2020")


def test_oecd_and_asean() -> None:
    assert len(members("oecd_members", 1961)) == 0  # in force on 30 September
    assert len(members("oecd_members", 1963)) == 20
    assert len(members("oecd_members", 2022)) == 38
    assert "JP" in members("oecd_members", 1964)
    assert "KR" not in members("oecd_members", 1996)
    assert "LV" in members("oecd_members", 2016)
    assert "LT" not in members("oecd_members", 2018)
    assert len(members("asean_members", 2000)) == len(members("asean_members", 2025)) == 10
    assert "TL" in members("asean_members", 2026)


def test_nodes_and_unknown_names() -> None:
    assert BLOCS.node("QUAD") == "bloc:quad"
    assert BLOCS.members("bloc:quad") == BLOCS.members("quad")
    with pytest.raises(UsageError, match=r"nato.*quad"):
        BLOCS.members("nato")
    with pytest.raises(UsageError, match="year"):
        BLOCS.members("eu_members")


def test_own_file_and_its_hash(tmp_path: Path) -> None:
    path = tmp_path / "blocs.toml"
    path.write_text(HEAD + BLOC + 'members = ["US", "JP"]\n')
    own = taxonomy.blocs(path)
    assert own.names() == ("pair",)
    assert own.members("pair") == {840, 392}
    path.write_text(HEAD + "# note\n" + BLOC + 'members = ["US", "JP"]\n')
    assert taxonomy.blocs(path).sha256 == own.sha256 != BLOCS.sha256
    path.write_text(HEAD + BLOC + 'members = ["US", "KR"]\n')
    assert taxonomy.blocs(path).sha256 != own.sha256


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (HEAD, "no bloc"),
        (HEAD + BLOC, "either members"),
        (HEAD + BLOC + 'members = ["US"]\n', "at least two"),
        (HEAD + BLOC + 'members = ["US", "UK"]\n', r"blocs\.pair\.members.*'UK'"),
        (HEAD + BLOC + 'members = ["US", "US"]\n', "given twice: US"),
        (HEAD + BLOC + 'members = ["US", 392]\n', "texts only"),
        (HEAD + BLOC + 'members = "US"\n', "must be a list"),
        (HEAD + BLOC + 'members = ["US", "JP"]\nmember = 1\n', r"blocs\.pair\.member: unknown key"),
        (HEAD + BLOC + 'members = ["US", "JP"]\n[blocs.pair.dated]\nUS = ["2000-01-01"]\n', "not both"),
        (HEAD + BLOC + '[blocs.pair.dated]\nUS = ["2000"]\nJP = ["2000-01-01"]\n', "'2000' is no day"),
        (HEAD + BLOC + '[blocs.pair.dated]\nUS = []\nJP = ["2000-01-01"]\n', "first day"),
        (HEAD + BLOC + '[blocs.pair.dated]\nUS = ["2001-01-01", "2000-01-01"]\n', "left before"),
        (HEAD + BLOC + "[blocs.pair.dated]\nUS = [2001-01-01]\n", "texts only"),
        (HEAD + BLOC.replace("pair", "Pair") + 'members = ["US", "JP"]\n', "a-z"),
        (HEAD + BLOC + 'members = ["US", "JP"]\naliases = ["pair"]\n', "aliases"),
        (HEAD + BLOC.replace('source = "me"', "") + 'members = ["US", "JP"]\n', "source: missing"),
        (HEAD + BLOC.replace('"Pair"', '" "') + 'members = ["US", "JP"]\n', "blank"),
        (HEAD + "blocs = 3\n", "blocs: must be a table"),
        (HEAD + "[blocs]\npair = 3\n", r"blocs\.pair: must be a table"),
    ],
)
def test_bad_files(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "blocs.toml"
    path.write_text(text)
    with pytest.raises(TaxonomyError, match=message):
        taxonomy.blocs(path)
