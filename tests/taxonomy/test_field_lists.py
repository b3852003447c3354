"""The packaged lists against the schemes that they name."""

from __future__ import annotations

import csv
import tomllib
from importlib import resources

import pytest
from support.shared import shared_data

from trendcore import taxonomy
from trendcore.taxonomy.field_file import EDITIONS, read_field_file

FILE = read_field_file(None)
TEXT = resources.files("trendcore.taxonomy").joinpath("data", "fields.toml").read_text(encoding="utf-8")


def hs_codes(edition: str) -> set[str]:
    """All codes of HS22 (two to six digits) or HS92 (six digits) as published."""
    if edition == "HS22":
        with shared_data("reference", "harmonized-system.csv").open(encoding="utf-8", newline="") as file:
            return {row["hscode"] for row in csv.DictReader(file)}
    with shared_data("baci", "product_codes_HS92_V202301.csv").open(encoding="utf-8", newline="") as file:
        return {row["code"].zfill(6) for row in csv.DictReader(file)}


def test_every_list_says_where_it_is_from() -> None:
    for spec in FILE.fields:
        assert spec.title
        for found in (spec.topics, spec.concepts, spec.patents, spec.trade):
            if found is not None:
                assert all((found.info.source, found.info.scheme_edition, found.info.depth_needed))
    assert [spec.name for spec in FILE.fields] == ["semiconductors", "ai", "qis", "5g", "space"]


def test_every_topic_has_its_published_name() -> None:
    path = shared_data("reference", "openalex_topic_subfield_mapping.csv")
    with path.open(encoding="utf-8", newline="") as file:
        published = {int(row["topic_id"]): row["topic_name"] for row in csv.DictReader(file)}
    ours: dict[int, str] = {}
    for spec in FILE.fields:
        assert spec.topics is not None
        ours |= spec.topics.core | spec.topics.wide | spec.topics.out
    assert len(ours) > 120
    assert {number: published.get(number) for number in ours} == ours
    assert FILE.unclassified_topic in published


@pytest.mark.parametrize("edition", ["HS92", "HS22"])
def test_every_code_is_in_its_edition(edition: str) -> None:
    published = hs_codes(edition)
    headings = {code[:4] for code in published}
    for spec in FILE.fields:
        codes = spec.trade.editions.get(edition) if spec.trade is not None else None
        if codes is not None:
            for part in (codes.core, codes.wide, codes.proxies, codes.out):
                listed = {code for stage in part.values() for code in stage}
                assert listed <= published | headings, spec.name


@pytest.mark.parametrize("edition", ["HS92", "HS22"])
def test_headings_hold_all_their_codes(edition: str) -> None:
    published = hs_codes(edition)
    for heading, codes in FILE.headings[edition].items():
        assert set(codes) == {code for code in published if len(code) == 6 and code[:4] == heading}


@pytest.mark.parametrize("edition", EDITIONS)
def test_six_digit_codes_of_a_known_heading_are_its_children(edition: str) -> None:
    for spec in FILE.fields:
        codes = spec.trade.editions.get(edition) if spec.trade is not None else None
        for part in (codes.core, codes.wide, codes.proxies, codes.out) if codes is not None else ():
            for code in (code for stage in part.values() for code in stage if len(code) == 6):
                children = FILE.headings[edition].get(code[:4])
                assert children is None or code in children, (spec.name, code)


def test_semiconductors_do_not_jump_with_solar_cells() -> None:
    fields = taxonomy.fields()
    assert not fields.trade_codes("semiconductors", "HS17") & {"854140", "854160", "848630"}
    assert not fields.trade_codes("semiconductors", "HS22") & {
        "854141",
        "854142",
        "854143",
        "854149",
        "854160",
    }
    wide = taxonomy.fields(breadth="wide")
    assert wide.trade_codes("semiconductors", "HS22") - fields.trade_codes("semiconductors", "HS22") == {
        "854141",
        "854149",
    }
    assert fields.trade_codes("5g", "HS92") == frozenset()
    assert fields.trade_codes("ai", "HS22") == frozenset()


def test_sample_of_grants_cut_to_the_subclass() -> None:
    """The published sample has no groups: three fields can be told, ai and qis cannot."""
    import polars as pl

    path = shared_data("patentsview", "g_cpc_current.tsv")
    rows = pl.read_csv(path, separator="\t", infer_schema=False)
    grants = rows.group_by("patent_id").agg(cpc="cpc_subclass").with_columns(year=pl.lit(2020))
    judged = taxonomy.fields().patents(grants.lazy()).collect()
    yes = judged["field"].explode(empty_as_null=False).value_counts()
    counts = dict(yes.rows())
    either = rows.filter(pl.col("cpc_subclass").str.contains("^(H01L|H10[BDPW])$"))["patent_id"].n_unique()
    assert counts["semiconductors"] == either
    assert set(counts) == {"semiconductors", "5g", "space"}
    g06n = set(rows.filter(pl.col("cpc_subclass") == "G06N")["patent_id"])
    unknown = judged.filter(pl.col("patent_id").is_in(list(g06n)))["field_unknown"].to_list()
    assert g06n
    assert all({"ai", "qis"} <= set(names) for names in unknown)


def test_the_packaged_file_is_what_is_read() -> None:
    assert tomllib.loads(TEXT) == FILE.content
    assert len(taxonomy.fields().sha256) == 64
    assert taxonomy.fields().version == FILE.version
    assert taxonomy.fields().version in repr(taxonomy.fields())
