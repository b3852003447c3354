"""Fields of handmade papers, patents and goods, and that nobody's answer depends on how rows are batched."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trendcore import taxonomy
from trendcore.errors import SchemaError, UsageError

FIELDS = taxonomy.fields()
BOTH = taxonomy.fields(breadth="both")
ALL = sorted(FIELDS.names)
TOPICS = pl.List(pl.Struct({"id": pl.Int64, "score": pl.Float64}))
Topics = Sequence[tuple[int, float | None]]


def papers(
    rows: Sequence[tuple[Topics | None, str | None, int | None]], using: taxonomy.FieldTaxonomy = FIELDS
) -> list[tuple[list[str], list[str]]]:
    frame = pl.DataFrame(
        {
            "topics": [
                None if topics is None else [{"id": number, "score": score} for number, score in topics]
                for topics, _, _ in rows
            ],
            "topic_scheme": [scheme for _, scheme, _ in rows],
            "year": [year for _, _, year in rows],
        },
        schema={"topics": TOPICS, "topic_scheme": pl.String, "year": pl.Int16},
    )
    return using.papers(frame.lazy()).select("field", "field_unknown").collect().rows()


def paper(*topics: tuple[int, float | None], year: int = 2020) -> tuple[list[str], list[str]]:
    return papers([(topics, "openalex-topics", year)])[0]


def patent(*symbols: str | None, year: int = 2020, using: Any = FIELDS) -> tuple[list[str], list[str]]:
    frame = pl.DataFrame(
        {"cpc": [list(symbols)], "year": [year]}, schema={"cpc": pl.List(pl.String), "year": pl.Int16}
    )
    return using.patents(frame.lazy()).select("field", "field_unknown").collect().row(0)


def good(code: str | None, edition: str | None = "HS22", using: Any = FIELDS) -> tuple[list[str], list[str]]:
    frame = pl.DataFrame(
        {"hs6": [code], "hs_revision": [edition]}, schema={"hs6": pl.String, "hs_revision": pl.String}
    )
    return using.trade(frame.lazy()).select("field", "field_unknown").collect().row(0)


def test_papers_by_primary_topic_or_by_score() -> None:
    assert paper((10020, 0.2)) == (["qis"], [])
    assert paper((10001, 0.9), (10020, 0.5)) == (["qis"], [])
    assert paper((10001, 0.9), (10020, 0.49)) == ([], [])
    assert paper((10036, 0.9), (10472, 0.8), (10020, 0.7)) == (["ai", "qis", "semiconductors"], [])
    assert paper((10001, 0.99)) == ([], [])
    assert paper((10020, None)) == (["qis"], [])


def test_unclassified_papers_are_unknown_in_every_field() -> None:
    assert paper((14423, 0.018), (13154, 0.01), (14235, 0.01)) == ([], ALL)
    assert paper((14423, 0.018), (10020, 0.9)) == ([], ALL)
    assert paper((14423, 0.5)) == ([], [])  # a topic like any other, when it has a score
    assert paper((10001, 0.9), (14423, 0.01)) == ([], [])
    assert papers([((), None, 2020), (None, None, 2020)]) == [([], ALL)] * 2


def test_5g_starts_in_2012() -> None:
    assert paper((10714, 0.9), year=2012) == (["5g"], [])
    assert paper((10714, 0.9), year=2011) == ([], [])
    assert papers([((), None, 2011)]) == [([], [name for name in ALL if name != "5g"])]
    assert patent("H04W72/04", year=2012) == (["5g"], [])
    assert patent("H04W72/04", year=2011) == ([], [])


def test_concept_records_are_judged_by_concepts_only() -> None:
    no_concepts = ["5g", "semiconductors", "space"]
    concepts = "openalex-concepts"
    rows: list[tuple[Topics, str, int]] = [
        (((41008148, 0.9), (154945302, 0.6)), concepts, 2015),
        (((41008148, 0.9), (154945302, 0.3)), concepts, 2015),
        (((58053490, 0.3),), concepts, 2015),
        (((10020, 0.9),), concepts, 2015),
        (((154945302, 0.9),), "openalex-topics", 2015),
        ((), concepts, 2015),
    ]
    assert papers(rows) == [
        (["ai"], no_concepts),
        ([], no_concepts),
        (["qis"], no_concepts),
        ([], no_concepts),
        ([], []),
        ([], ALL),
    ]


def test_breadth() -> None:
    wide = taxonomy.fields(breadth="wide")
    row: list[tuple[Topics, str, int]] = [(((10203, 0.9),), "openalex-topics", 2020)]
    assert papers(row) == [([], [])]
    assert papers(row, wide) == [(["ai"], [])]
    assert papers(row, BOTH) == [(["ai_wide"], [])]
    core: list[tuple[Topics, str, int]] = [(((10036, 0.9),), "openalex-topics", 2020)]
    assert papers(core, BOTH) == [(["ai", "ai_wide"], [])]
    assert len({FIELDS.sha256, wide.sha256, BOTH.sha256, taxonomy.fields(proxies=True).sha256}) == 4
    assert set(FIELDS.topics("ai")) < set(BOTH.topics("ai_wide")) == set(wide.topics("ai"))
    assert BOTH.title("ai_wide").endswith("wide")


@pytest.mark.parametrize(
    ("symbols", "year", "fields", "unknown"),
    [
        (["H04L5/0048"], 2020, ["5g"], []),
        (["H04L51/02"], 2020, [], []),  # no relative of H04L 5
        (["H04L67/10"], 2020, [], []),
        (["G06N3/08"], 2020, ["ai"], []),
        (["G06N   3/08"], 2020, ["ai"], []),
        (["G06N0003080000"], 2020, ["ai"], []),
        (["G06N10/40"], 2020, ["qis"], []),  # and not ai
        (["G06N"], 2020, [], ["ai", "qis"]),
        (["G06N", "G06N3/08"], 2020, ["ai"], ["qis"]),
        (["G06N", "G06N3/08", "G06N10/20"], 2020, ["ai", "qis"], []),
        (["G06N10"], 2020, ["qis"], []),
        (["H01L"], 2020, ["semiconductors"], []),
        (["H01L21/3065"], 2020, ["semiconductors"], []),
        (["H01L2224/16"], 2020, ["semiconductors"], []),
        (["H01L31/0445"], 2020, [], []),
        (["H01L33/00"], 2020, [], []),
        (["H01"], 2020, [], ["semiconductors"]),
        (["H10B", "H10D"], 2025, ["semiconductors"], []),
        (["H10F10/00"], 2025, [], []),
        (["G03F"], 2020, [], ["semiconductors"]),
        (["G03F7/70033"], 2020, ["semiconductors"], []),
        (["H04W"], 2020, ["5g"], []),
        (["H04W4/80"], 2020, [], []),
        (["B64G"], 1990, ["space"], []),
        (["B64C", "A61K"], 2020, [], []),
        (["H04L9/0852"], 2020, ["qis"], []),
        (["H04L9/08"], 2020, [], []),
        (["H04L"], 2020, [], ["5g", "qis"]),
        (["H04L"], 2005, [], ["qis"]),
        (["G06K9/62"], 2021, ["ai"], []),
        (["G06K9/62"], 2022, [], []),
        (["G06F15/18"], 2018, ["ai"], []),
        (["G06F15/18"], 2019, [], []),
        (["G06F17/27"], 2019, ["ai"], []),
        (["G06F17/30"], 2019, [], []),
        (["G06N99/005"], 2018, ["ai"], []),
        (["G06N99/002"], 2018, ["qis"], []),
        (["G06N99/00"], 2018, ["ai"], []),
        (["G06N99/00"], 2020, [], []),
        (["G10L25/27"], 2020, ["ai"], []),
        (["G10L25/48"], 2020, [], []),
        ([], 2020, [], ALL),
        (["?", ""], 2020, [], ALL),
        ([None], 2020, [], ALL),
        (["?", "G06N3/02"], 2020, ["ai"], []),
        ([], 2000, [], [name for name in ALL if name != "5g"]),
    ],
)
def test_patents(symbols: list[str | None], year: int, fields: list[str], unknown: list[str]) -> None:
    assert patent(*symbols, year=year) == (fields, unknown)


def test_wide_patents() -> None:
    assert patent("H04W4/80", using=BOTH) == (["5g_wide"], [])
    assert patent("H10F", using=BOTH) == ([], ["semiconductors_wide"])  # part of it is solar cells
    assert patent("H10F39/12", using=BOTH) == (["semiconductors_wide"], [])
    assert patent("H10F10/00", using=BOTH) == ([], [])
    assert patent("H01L33/06", using=BOTH) == (["semiconductors_wide"], [])
    assert patent("G06N10/40", using=BOTH) == (["qis", "qis_wide"], [])
    assert patent("G06V20/10", using=BOTH) == (["ai_wide"], [])


def test_normaliser() -> None:
    assert FIELDS.patents_symbol("G06N   3/02") == FIELDS.patents_symbol("G06N0003020000") == "G06N3/02"
    assert FIELDS.patents_symbol("H01L") == "H01L"
    assert FIELDS.patents_symbol("") is FIELDS.patents_symbol(None) is FIELDS.patents_symbol("x") is None


@pytest.mark.parametrize(
    ("code", "edition", "fields", "unknown"),
    [
        ("854231", "HS22", ["semiconductors"], []),
        ("8542", "HS22", ["semiconductors"], []),
        ("8542", "HS92", ["semiconductors"], []),
        ("8542", "HS02", ["semiconductors"], []),
        ("85423", "HS17", ["semiconductors"], []),
        ("8541", "HS22", [], ["semiconductors"]),
        ("8541", "HS17", [], ["semiconductors"]),
        ("85412", "HS17", ["semiconductors"], []),
        ("85414", "HS17", [], []),  # opto-electronics are wide
        ("854140", "HS17", [], []),
        ("854142", "HS22", [], []),
        ("854160", "HS22", [], []),
        ("85", "HS22", [], ["5g", "semiconductors"]),
        ("8486", "HS12", [], ["semiconductors"]),
        ("848620", "HS12", ["semiconductors"], []),
        ("848620", "HS92", [], []),
        ("8524", "HS22", [], []),
        ("3818", "HS07", ["semiconductors"], []),
        ("880250", "HS92", ["space"], []),
        ("880260", "HS92", [], []),
        ("880260", "HS22", ["space"], []),
        ("851761", "HS07", ["5g"], []),
        ("852520", "HS02", [], []),
        ("847150", "HS22", [], []),  # a proxy of ai, off by default
        ("010121", "HS22", [], []),
        ("85423110", "HS22", ["semiconductors"], []),
        ("TOTAL", "HS22", [], ["5g", "semiconductors", "space"]),
        (None, "HS22", [], ["5g", "semiconductors", "space"]),
        ("854231", None, [], []),
        ("854231", "HS99", [], []),
    ],
)
def test_goods(code: str | None, edition: str | None, fields: list[str], unknown: list[str]) -> None:
    assert good(code, edition) == (fields, unknown)


def test_proxies_are_off_until_asked_for() -> None:
    assert good("847150", using=taxonomy.fields(proxies=True)) == (["ai"], [])
    assert good("854231", using=taxonomy.fields(proxies=True)) == (["ai", "semiconductors"], [])
    for field in ("ai", "qis"):
        assert FIELDS.proxy(field, "baci") is FIELDS.proxy(field, "comtrade") is True
        assert "proxies" in FIELDS.note(field, "trade")
        assert FIELDS.trade_revision(field, 2020, ["HS17", "HS92"]) is None
    assert FIELDS.proxy("semiconductors", "baci") is False
    assert FIELDS.proxy("semiconductors", "openalex-concepts") is None
    assert FIELDS.note("5g", "openalex").startswith("wireless (5G era)")
    assert FIELDS.note("5g", "patentsview").startswith("wireless (5G era)")


def test_one_edition_a_field_and_year() -> None:
    every = taxonomy.field_file.EDITIONS
    assert FIELDS.trade_revision("semiconductors", 2022, every) == "HS07"
    assert FIELDS.trade_revision("semiconductors", 2006, every) == "HS02"
    assert FIELDS.trade_revision("semiconductors", 2022, ["HS22"]) == "HS22"
    assert FIELDS.trade_revision("semiconductors", 2021, ["HS22"]) is None
    assert FIELDS.trade_revision("5g", 2006, every) is None
    assert FIELDS.trade_revision("space", 2020, every) == "HS96"
    assert FIELDS.trade_revision("space", 1995, every) == "HS92"
    assert FIELDS.trade_revision("all", 2020, ["HS92", "HS17"]) == "HS17"
    assert FIELDS.trade_revision("semiconductors", 2020, []) is None


def test_unknown_names_are_told() -> None:
    with pytest.raises(UsageError, match=r"'chips'.*semiconductors"):
        FIELDS.trade_codes("chips", "HS22")
    with pytest.raises(UsageError, match=r"'H6'.*HS22"):
        FIELDS.trade_codes("ai", "H6")
    with pytest.raises(UsageError, match="'scopus'"):
        FIELDS.note("ai", "scopus")
    with pytest.raises(UsageError, match="'narrow'"):
        taxonomy.fields(breadth="narrow")  # type: ignore[arg-type]
    with pytest.raises(SchemaError, match=r"lacks topics, topic_scheme; it has year"):
        FIELDS.papers(pl.LazyFrame({"year": [2000]}))


def test_eligible_papers() -> None:
    frame = pl.DataFrame(
        {
            "type": ["article", "journal-article", "letter", None, "article", "article", "article", "review"],
            "is_retracted": [False, False, False, False, True, False, False, None],
            "is_paratext": [False, False, False, False, False, True, False, False],
            "is_xpac": [False, False, False, False, False, False, True, False],
        }
    )
    found = frame.select(FIELDS.papers_eligible()).to_series()
    assert found.to_list() == [True, True, False, False, False, False, False, True]
    assert frame.select(FIELDS.papers_eligible(["letter"])).to_series().sum() == 1
    assert "dataset" not in FIELDS.default_types


def test_empty_and_untyped_frames() -> None:
    nothing = pl.LazyFrame(schema={"topics": TOPICS, "topic_scheme": pl.String, "year": pl.Int16})
    assert FIELDS.papers(nothing).collect().height == 0
    bare = pl.LazyFrame({"topics": [[], []], "topic_scheme": [None, None], "year": [2020, 2020]})
    assert FIELDS.papers(bare).collect()["field_unknown"].to_list() == [ALL, ALL]
    empty = pl.LazyFrame(schema={"cpc": pl.List(pl.String), "year": pl.Int16})
    assert FIELDS.patents(empty).collect().height == 0
    goods = pl.LazyFrame(schema={"hs6": pl.String, "hs_revision": pl.String})
    assert FIELDS.trade(goods).collect().columns == ["hs6", "hs_revision", "field", "field_unknown"]


def test_other_columns_stay_and_fields_are_renewed() -> None:
    frame = pl.DataFrame({"id": ["a"], "cpc": [["B64G1/00"]], "year": [2020]})
    once = FIELDS.patents(frame.lazy()).collect()
    assert once.columns == ["id", "cpc", "year", "field", "field_unknown"]
    assert once.schema["field"] == once.schema["field_unknown"] == pl.List(pl.String)
    assert FIELDS.patents(once.lazy()).collect().equals(once)


def test_travels_to_a_worker_process() -> None:
    import pickle

    there = pickle.loads(pickle.dumps(BOTH))
    assert there.sha256 == BOTH.sha256
    assert patent("G06V20/10", using=there) == (["ai_wide"], [])
    assert pickle.loads(pickle.dumps(taxonomy.countries())).resolve("baci", 490) == 158
    assert pickle.loads(pickle.dumps(taxonomy.policy())) == taxonomy.policy()


topic = st.tuples(
    st.sampled_from([10020, 10036, 10472, 10714, 11082, 14423, 10001, 10203]),
    st.sampled_from([0.01, 0.3, 0.5, 0.9]),
)
row = st.tuples(
    st.lists(topic, max_size=3),
    st.sampled_from(["openalex-topics", "openalex-concepts", None]),
    st.integers(1990, 2030),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(row, max_size=12))
def test_a_row_is_judged_alone(rows: list[tuple[Topics, str | None, int]]) -> None:
    together = papers(rows, BOTH)
    assert together == [papers([single], BOTH)[0] for single in rows]
    for yes, unknown in together:
        assert yes == sorted(set(yes))
        assert unknown == sorted(set(unknown))
        assert not set(yes) & set(unknown)


def test_streaming_gives_the_same() -> None:
    frame = pl.DataFrame({"cpc": [["G06N3/02"], ["H04L"], []] * 50_000, "year": [2015, 2016, 2017] * 50_000})
    lazy = FIELDS.patents(frame.with_row_index("row").lazy())
    assert lazy.collect(engine="streaming").sort("row").equals(lazy.collect(engine="in-memory"))


@pytest.mark.slow
def test_a_million_papers_take_about_a_second() -> None:
    import time

    import numpy as np

    draw = np.random.default_rng(1)
    entries = pl.DataFrame(
        {
            "work": np.repeat(np.arange(1_000_000), 3),
            "id": draw.integers(10_001, 14_517, 3_000_000),
            "score": draw.random(3_000_000),
        }
    )
    works = (
        entries.group_by("work", maintain_order=True)
        .agg(topics=pl.struct("id", "score"))
        .with_columns(topic_scheme=pl.lit("openalex-topics"), year=pl.lit(2020))
    )
    start = time.perf_counter()
    judged = FIELDS.papers(works.lazy()).collect()
    assert time.perf_counter() - start < 3
    assert judged["field"].list.len().sum() > 10_000
