"""Headings and the codes below them: what is told twice counts once."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.comtrade import aside, comtrade, row

from trendcore.sources.comtrade_rows import mark_levels


def test_a_heading_goes_where_its_children_are_whole(tmp_path: Path) -> None:
    got = comtrade(
        tmp_path,
        row(cmdCode="8542", aggrLevel="4", primaryValue="100"),
        row(cmdCode="854231", primaryValue="60"),
        row(cmdCode="854239", primaryValue="40"),
        row(cmdCode="85", aggrLevel="2", primaryValue="100"),
        row(cmdCode="8542", aggrLevel="4", primaryValue="5", partnerCode="156"),
        row(cmdCode="8541", aggrLevel="4", primaryValue="7", partnerCode="410"),
    )
    assert aside(got) == {"parent_level": 2}
    assert [(one["exporter"], one["hs6"]) for one in got.rows] == [
        (392, "854231"),
        (392, "854239"),
        (156, "8542"),
        (410, "8541"),
    ]


def test_children_go_where_they_are_a_selection(tmp_path: Path) -> None:
    got = comtrade(
        tmp_path,
        row(cmdCode="8542", aggrLevel="4", primaryValue="100"),
        row(cmdCode="854231", primaryValue="60"),
        row(cmdCode="854231", primaryValue="60", flowCode="X"),
    )
    assert aside(got) == {"child_level": 1}
    assert [(one["flow"], one["hs6"]) for one in got.rows] == [("import", "8542"), ("export", "854231")]


@pytest.mark.parametrize(
    ("heading", "codes", "mark"),
    [
        ({"392": "10"}, {"392": "4", "899": "6"}, "parent_level"),
        ({"392": "4", "899": "6"}, {"392": "10"}, "parent_level"),
        ({"392": "10", "899": "3"}, {"392": "10"}, "child_level"),
        ({"392": "10"}, {"392": "4", "899": "2"}, "child_level"),
    ],
)
def test_what_moves_to_areas_not_specified_counts_once(
    tmp_path: Path, heading: dict[str, str], codes: dict[str, str], mark: str
) -> None:
    rows = [row(cmdCode="8542", aggrLevel="4", partnerCode=one, primaryValue=v) for one, v in heading.items()]
    rows += [row(partnerCode=one, primaryValue=value) for one, value in codes.items()]
    got = comtrade(tmp_path, *rows)
    left = codes if mark == "parent_level" else heading
    assert aside(got) == {mark: len(rows) - len(left)}
    assert sum(one["value"] for one in got.rows) == 1000 * sum(int(value) for value in left.values())


def test_old_and_new_numbers_of_a_country_are_one_partner(tmp_path: Path) -> None:
    got = comtrade(
        tmp_path,
        row(cmdCode="8542", aggrLevel="4", partnerCode="842", primaryValue="10"),
        row(partnerCode="841", primaryValue="10", refYear="2020"),
    )
    assert aside(got) == {"parent_level": 1}


CODES = st.sampled_from(["85", "8541", "8542", "854110", "854231", "854239"])
CELLS = st.lists(
    st.tuples(CODES, st.integers(1, 2), st.integers(0, 20)), max_size=12, unique_by=lambda cell: cell[:2]
)


@settings(deadline=None, max_examples=40)
@given(CELLS)
def test_after_the_levels_no_code_holds_another(cells: list[tuple[str, int, int]]) -> None:
    rows = pl.DataFrame(
        {
            "year": 2020,
            "reporter": 764,
            "flow": "import",
            "hs_revision": "HS17",
            "hs6": [code for code, _, _ in cells],
            "partner": [partner for _, partner, _ in cells],
            "value": [value for _, _, value in cells],
            "aside": None,
        },
        schema_overrides={"hs6": pl.String, "partner": pl.Int32, "value": pl.Int64},
    )
    left = mark_levels(rows).filter(pl.col("aside").is_null()).select("partner", "hs6").rows()
    for partner, code in left:
        assert not [one for other, one in left if other == partner and one != code and one.startswith(code)]
    assert {partner for partner, _ in left} == {partner for _, partner, _ in cells}
