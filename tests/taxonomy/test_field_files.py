"""A user's own taxonomy file: read like the packaged one, and refused by file and key where it is wrong."""

from __future__ import annotations

import contextlib
from importlib import resources
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trendcore import taxonomy
from trendcore.errors import TaxonomyError

PACKAGED = resources.files("trendcore.taxonomy").joinpath("data", "fields.toml").read_text(encoding="utf-8")
YEARS = {"HS92": 1988, "HS96": 1996, "HS02": 2002, "HS07": 2007, "HS12": 2012, "HS17": 2017, "HS22": 2022}
FORCE = "\n".join(f"{name} = {year}" for name, year in YEARS.items())
TOP = f"""format = 1
version = "mine"
[papers]
types = ["article"]
min_score = 0.5
unclassified_topic = 14423
unclassified_below = 0.02
[trade]
revision_order = ["HS92", "HS22"]
[trade.in_force]
{FORCE}
[fields.x]
title = "X"
"""
INFO = 'source = "me"\nscheme_edition = "1"\ndepth_needed = "topic"\n'
TOPIC = f'[fields.x.topics]\n{INFO}[fields.x.topics.core]\n10020 = "Quantum"\n'
PATENT = f'[fields.x.patents]\n{INFO}core = ["G06N 10"]\n'
TRADE = f'[fields.x.trade]\n{INFO}[[fields.x.trade.lists]]\neditions = ["HS22"]\ncore.a = ["854231"]\n'


def read(tmp_path: Path, text: str) -> taxonomy.FieldTaxonomy:
    path = tmp_path / "mine.toml"
    path.write_text(text, encoding="utf-8")
    return taxonomy.fields(path)


def test_a_small_file_of_ones_own(tmp_path: Path) -> None:
    mine = read(tmp_path, TOP + TOPIC + PATENT + TRADE)
    assert mine.names == ("x",)
    assert mine.version == "mine"
    assert mine.topics("x") == {10020: "Quantum"}
    assert mine.trade_codes("x", "HS22") == {"854231"}
    assert mine.info("x", "concepts") is None
    assert mine.default_types == ("article",)


def test_a_copy_of_the_packaged_file_is_the_packaged_taxonomy(tmp_path: Path) -> None:
    assert read(tmp_path, PACKAGED).sha256 == taxonomy.fields().sha256


def test_hash_follows_the_content_only(tmp_path: Path) -> None:
    first = read(tmp_path, TOP + TOPIC).sha256
    assert read(tmp_path, "\ufeff# note\n" + TOP + "\n\n" + TOPIC).sha256 == first
    assert read(tmp_path, (TOP + TOPIC).replace("\n", "\r\n")).sha256 == first
    assert read(tmp_path, (TOP + TOPIC).replace("10020", "10021")).sha256 != first
    assert read(tmp_path, (TOP + TOPIC).replace("0.5", "0.6")).sha256 != first


def without(line: str) -> str:
    assert line + "\n" in TOP
    return TOP.replace(line + "\n", "", 1) + TOPIC


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "format: missing"),
        ("format = 2", "format.*format 1"),
        ("format = true", "format: must be a whole number"),
        ("format = 1\nversion = \n", r"not valid TOML.*line 2"),
        (without('version = "mine"'), "version: missing"),
        (without('types = ["article"]'), "papers.types: missing"),
        (without("min_score = 0.5"), "papers.min_score: missing"),
        (without("HS02 = 2002"), r"trade\.in_force\.HS02: missing"),
        (without('title = "X"'), r"fields\.x\.title: missing"),
        (TOP.replace("0.5", "1.5") + TOPIC, r"min_score.*0 to 1"),
        (TOP.replace("0.5", "nan") + TOPIC, r"min_score.*0 to 1"),
        (TOP.replace("0.5", '"high"') + TOPIC, "min_score.*'high'"),
        (TOP.replace("14423", "-1") + TOPIC, "unclassified_topic.*negative"),
        (TOP.replace("HS02 = 2002", "HS02 = 20") + TOPIC, "HS02: must be a year"),
        (TOP.replace('["HS92", "HS22"]', '["HS92", "H6"]') + TOPIC, r"trade\.revision_order.*H6"),
        (TOP.replace('["HS92", "HS22"]', "[]") + TOPIC, "the list is empty"),
        (TOP.replace('["article"]', '["article", "article"]') + TOPIC, "given twice: article"),
        (TOP.replace('["article"]', '"article"') + TOPIC, "must be a list"),
        ("colour = 1\n" + TOP + TOPIC, "colour: unknown key"),
        (TOP.replace("[papers]", "[papers]\nscore = 1") + TOPIC, r"papers\.score: unknown key"),
        (TOP, r"fields\.x: no list"),
        (TOP.split("[fields")[0], "no field"),
        (TOP.replace("fields.x", "fields.AI") + TOPIC.replace("fields.x", "fields.AI"), "a-z"),
        (TOP.replace("fields.x", "fields.all") + TOPIC.replace("fields.x", "fields.all"), "'all'"),
        (TOP.replace("fields.x", "fields.x_wide") + TOPIC.replace("fields.x", "fields.x_wide"), "_wide"),
        (TOP + "colour = 1\n" + TOPIC, r"fields\.x\.colour: unknown key"),
        (TOP + "topics = 3\n", r"fields\.x\.topics: must be a table"),
        (TOP + TOPIC.replace('source = "me"\n', ""), r"fields\.x\.topics\.source: missing"),
        (TOP + TOPIC.replace('"me"', '""'), "source: must not be blank"),
        (TOP + TOPIC.replace("10020", "T10020"), r"topics\.core\.T10020.*without its letter"),
        (TOP + TOPIC.replace("10020", "0"), r"topics\.core\.0"),
        (TOP + TOPIC.replace("10020", "9" * 30), "topics.core"),
        (TOP + TOPIC.replace('"Quantum"', "3"), r"10020: must be a text"),
        (TOP + TOPIC + '10020 = "Quantum"\n', "not valid TOML"),
        (TOP + TOPIC + '[fields.x.topics.wide]\n10020 = "Q"\n', r"wide\.10020: given twice, also in core"),
        (TOP + TOPIC + '[fields.x.topics.narrow]\n10020 = "Q"\n', r"topics\.narrow: unknown key"),
        (TOP + TOPIC.replace(INFO, INFO + "proxy = 1\n"), "proxy: must be true or false"),
        (TOP + TOPIC.replace(INFO, INFO + 'min_year = "2012"\n'), "min_year: must be a year"),
        (TOP + PATENT.replace("G06N 10", "G06N10"), r"patents\.core: 'G06N10' is no rule"),
        (TOP + PATENT.replace("G06N 10", "G06N 20-10"), "main groups run from 20 to 10"),
        (TOP + PATENT.replace('["G06N 10"]', '["G06N 10", "G06N 10"]'), "'G06N 10' is given twice"),
        (TOP + PATENT + 'wide = ["G06N 10"]\n', "given twice, also in core"),
        (TOP + PATENT.replace('["G06N 10"]', "[10]"), "a rule is a text"),
        (
            TOP + PATENT.replace('["G06N 10"]', "[{ exact = true }]"),
            "a rule is a text or a table with symbol",
        ),
        (
            TOP + PATENT.replace('"G06N 10"', '{ symbol = "G06N 10", exact = true }'),
            "core.exact: is for a single",
        ),
        (
            TOP + PATENT.replace('"G06N 10"', '{ symbol = "G06N 10", until = 2000 }'),
            r"core\.until: unknown key",
        ),
        (TOP + PATENT.replace('"G06N 10"', '{ symbol = "G06N 10", from = 2001, to = 2000 }'), "2001 to 2000"),
        (TOP + PATENT.replace('"G06N 10"', '{ symbol = "G06N 10", except = ["10/20"] }'), r"except: '10/20'"),
        (TOP + PATENT + 'cut_counts = ["G06N 10/20"]\n', "is no symbol that is cut"),
        (TOP + PATENT + 'cut_counts = ["?"]\n', "is no symbol that is cut"),
        (TOP + TRADE.replace("854231", "85423"), r"lists\[1\]\.core\.a: '85423' is no HS code"),
        (TOP + TRADE.replace('["854231"]', '["854231", "854231"]'), "given twice: 854231"),
        (TOP + TRADE + 'wide.b = ["854231"]\n', r"wide\.b: 854231 is given twice, also in core\.a"),
        (TOP + TRADE.replace('["854231"]', "[854231]"), "texts only"),
        (TOP + TRADE.replace('"HS22"', '"HS23"'), r"editions: no HS edition: HS23"),
        (TOP + TRADE.replace('"HS22"', '"HS17"'), "revision_order: lacks HS17"),
        (TOP + TRADE + TRADE.split(INFO)[1], r"lists\[2\]\.editions: HS22 is given twice"),
        (TOP + TRADE.split("[[")[0], r"fields\.x\.trade\.lists: no list of codes"),
        (TOP + TRADE.replace("core.a", "cores.a"), r"lists\[1\]\.cores: unknown key"),
        (TOP + TRADE.replace("[[", "[").replace("]]", "]"), "lists: must be a list"),
        (
            TOP + TOPIC + '[[trade.headings]]\neditions = ["HS22"]\n"8542" = ["854110"]\n',
            "begin with the heading",
        ),
        (TOP + TOPIC + '[[trade.headings]]\neditions = ["HS22"]\n"854" = ["854110"]\n', "four-digit heading"),
    ],
)
def test_bad_files_are_refused_by_file_and_key(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(TaxonomyError, match=message) as caught:
        read(tmp_path, text)
    assert "mine.toml" in str(caught.value)


def test_files_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(TaxonomyError, match=r"absent\.toml: cannot be read"):
        taxonomy.fields(tmp_path / "absent.toml")
    with pytest.raises(TaxonomyError, match="cannot be read"):
        taxonomy.fields(tmp_path)
    latin = tmp_path / "latin.toml"
    latin.write_bytes(b"format = 1 # \xe9\n")
    with pytest.raises(TaxonomyError, match=r"not UTF-8 \(byte 13\)"):
        taxonomy.fields(latin)
    large = tmp_path / "large.toml"
    large.write_bytes(b"#" * (4 * 2**20 + 1))
    with pytest.raises(TaxonomyError, match="no taxonomy"):
        taxonomy.fields(large)
    deep = tmp_path / "deep.toml"
    deep.write_text("format = " + "[" * 5000)
    with pytest.raises(TaxonomyError, match="not valid TOML"):
        taxonomy.fields(deep)


def test_too_many_fields(tmp_path: Path) -> None:
    parts = [
        f'[fields.f{number}]\ntitle = "F"\n' + TOPIC.replace("fields.x", f"fields.f{number}")
        for number in range(31)
    ]
    with pytest.raises(TaxonomyError, match="31 fields; at most 30"):
        read(tmp_path, TOP.split("[fields")[0] + "".join(parts))
    full = tmp_path / "full.toml"
    full.write_text(TOP.split("[fields")[0] + "".join(parts[:30]))
    assert len(taxonomy.fields(full, breadth="both").names) == 60


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_a_damaged_file_is_read_or_refused_and_never_breaks(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    text = TOP + TOPIC + PATENT + TRADE
    start = data.draw(st.integers(0, len(text) - 1))
    stop = data.draw(st.integers(start, min(len(text), start + 30)))
    damaged = (
        text[:start]
        + data.draw(st.sampled_from(["", "=", "[", "1", '"', "\n", "x = 1\n", "[[a]]\n"]))
        + text[stop:]
    )
    path = tmp_path_factory.mktemp("files") / "mine.toml"
    path.write_text(damaged, encoding="utf-8")
    with contextlib.suppress(TaxonomyError):  # any other exception fails the test
        taxonomy.fields(path)
