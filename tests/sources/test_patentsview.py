from __future__ import annotations

from collections import Counter, defaultdict
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.openalex import read
from support.patentsview import TABLES, Row, aside, patent, patents, write

from trendcore.errors import InputError, SchemaError
from trendcore.sources import feed
from trendcore.taxonomy import countries


def test_a_patent_is_joined_from_its_tables(tmp_path: Path) -> None:
    got = patents(
        tmp_path,
        patent=[patent("10000001")],
        inventor=[("10000001", "0", "a", "l_jp"), ("10000001", "1", "b", "l_us"),
                  ("10000001", "2", "c", "l_jp"), ("10000001", "3", "d", "")],
        assignee=[("10000001", "0", "x", "l_na")],
        cpc=[("10000001", "H01L", "H01L21/768"), ("10000001", "G06N", ""),
             ("10000001", "H01L", "H01L  21/768")],
    )  # fmt: skip
    (row,) = got.rows
    assert row == {
        "id": "10000001",
        "family_id": None,
        "year": 2020,
        "year_kind": "grant",
        "date": date(2020, 1, 7),
        "office": "US",
        "inventor_countries": [392, 840],
        "inventor_shares": [0.5, 0.25],
        "inventor_units": [392, 392, 840],
        "n_inventors": 4,
        "n_inventors_unknown": 1,
        "applicant_countries": [516],
        "applicant_shares": [1.0],
        "applicant_units": [516],
        "n_applicants": 1,
        "n_applicants_unknown": 0,
        "cpc": ["G06N", "H01L21/768"],
        "type": "utility",
        "source_file": f"{tmp_path.name}/g_patent.tsv",
        "source_line": 2,
    }
    assert aside(got, "inventor") == {"lookup": 4}
    assert aside(got, "cpc") == {"lookup": 2, "repeat": 1}
    assert aside(got, "location") == {"lookup": 5}


def test_a_person_counts_once_a_patent_with_the_first_known_place(tmp_path: Path) -> None:
    got = patents(
        tmp_path,
        patent=[patent("1"), patent("2")],
        inventor=[("1", "0", "a", ""), ("1", "1", "a", "l_jp"), ("1", "2", "a", "l_us"),
                  ("2", "0", "a", "l_us"), ("2", "1", "", "l_us"), ("2", "2", "", "l_us")],
    )  # fmt: skip
    first, second = got.rows
    assert (first["inventor_countries"], first["n_inventors"], first["n_inventors_unknown"]) == ([392], 1, 0)
    assert (second["inventor_units"], second["n_inventors"]) == ([840, 840, 840], 3)
    assert aside(got, "inventor") == {"lookup": 4, "repeat": 2}


def test_a_place_that_is_not_in_the_table_is_reported_and_the_person_unknown(tmp_path: Path) -> None:
    got = patents(
        tmp_path, patent=[patent("1")], inventor=[("1", "0", "a", "l_us"), ("1", "1", "b", "nowhere")]
    )
    (row,) = got.rows
    assert (row["inventor_shares"], row["n_inventors"], row["n_inventors_unknown"]) == ([0.5], 2, 1)
    (refused,) = got.quarantine
    assert refused == {
        "file": f"{tmp_path.name}/g_inventor_disambiguated.tsv",
        "line": 3,
        "reason": "location nowhere is not in g_location_disambiguated",
        "raw": "1\t1\tb\tnowhere",
    }
    assert aside(got, "inventor") == {"lookup": 1, "quarantined": 1}


def test_a_code_that_is_no_country_is_a_warning(tmp_path: Path) -> None:
    rows = [
        ("1", "0", "a", "l_zz"),
        ("1", "1", "b", "l_no"),
        ("1", "2", "c", "l_zz"),
        ("1", "3", "d", "l_na"),
    ]
    got = patents(tmp_path, patent=[patent("1")], inventor=rows)
    assert got.rows[0]["inventor_units"] == [516]
    assert got.rows[0]["n_inventors_unknown"] == 3
    assert got.warnings["unknown_country:ZZ"] == 2
    assert got.warnings["location_without_country"] == 1


@pytest.mark.parametrize(
    ("code", "year", "label"),
    [("CS", "1985", "CSHH"), ("CS", "2004", "CSXX"), ("DT", "1977", "DE"), ("JA", "1977", "JP"),
     ("SU", "1990", "SU"), ("ca", "2020", "CA"), ("NA", "2020", "NA")],
)  # fmt: skip
def test_codes_are_read_by_the_year_of_the_patent(tmp_path: Path, code: str, year: str, label: str) -> None:
    got = patents(
        tmp_path,
        patent=[patent("1", f"{year}-06-01")],
        inventor=[("1", "0", "a", "x")],
        location=[("x", "", code)],
    )
    assert [countries().label(one) for one in got.rows[0]["inventor_countries"]] == [label]


def test_rows_of_patents_that_are_not_there_are_quarantined(tmp_path: Path) -> None:
    got = patents(
        tmp_path,
        patent=[patent("1"), patent("bad!"), patent("3", "1999-02-30"), patent("4", "0000-01-01")],
        inventor=[("2", "0", "a", "l_us"), ("3", "0", "a", "l_us"), ("1", "0", "a", "l_us")],
        assignee=[("9", "0", "x", "l_us")],
        cpc=[("9", "H01L", "H01L21/02"), ("1", "", ""), ("1", "H01L", "H01L//2")],
    )
    assert [row["id"] for row in got.rows] == ["1"]
    found = [(one["file"].split("/")[1], one["line"], one["reason"]) for one in got.quarantine]
    assert sorted(found) == [
        ("g_assignee_disambiguated.tsv", 2, "its patent 9 is not in g_patent, or was refused there"),
        ("g_cpc_current.tsv", 2, "its patent 9 is not in g_patent, or was refused there"),
        ("g_cpc_current.tsv", 3, "not a CPC symbol: "),
        ("g_cpc_current.tsv", 4, "not a CPC symbol: H01L//2"),
        ("g_inventor_disambiguated.tsv", 2, "its patent 2 is not in g_patent, or was refused there"),
        ("g_inventor_disambiguated.tsv", 3, "its patent 3 is not in g_patent, or was refused there"),
        ("g_patent.tsv", 3, "patent_id is not a patent number"),
        ("g_patent.tsv", 4, "patent_date is not a date"),
        ("g_patent.tsv", 5, "patent_date is not a date"),
    ]


def test_withdrawn_patents_and_their_rows_are_set_aside(tmp_path: Path) -> None:
    got = patents(
        tmp_path,
        patent=[patent("1", gone="1"), patent("D2", kind="design"), patent("PP3", kind="plant")],
        inventor=[("1", "0", "a", "l_us"), ("D2", "0", "a", "l_us")],
        cpc=[("1", "H01L", "H01L21/02")],
        application=[("1", "x", "2019-01-01")],
    )
    assert [(row["id"], row["type"], row["n_inventors"]) for row in got.rows] == [
        ("D2", "design", 1),
        ("PP3", "plant", 0),
    ]
    for role in ("patent", "inventor", "cpc", "application"):
        assert aside(got, role)["withdrawn"] == 1
    assert [(one["id"], one["reason"]) for one in got.tombstones] == [("1", "withdrawn")]


def test_a_patent_that_comes_again(tmp_path: Path) -> None:
    rows = [patent("D0001"), patent("2"), patent("D1"), patent("2", "2021-01-05")]
    got = patents(tmp_path, patent=rows, inventor=[("D1", "0", "a", "l_us")])
    assert [(row["id"], row["year"], row["n_inventors"]) for row in got.rows] == [
        ("D0001", 2020, 1),
        ("2", 2020, 0),
    ]
    assert aside(got, "patent") == {"repeat": 1, "quarantined": 1}
    assert [one["line"] for one in got.quarantine] == [5]


def test_a_patent_that_comes_again_without_its_type(tmp_path: Path) -> None:
    got = patents(tmp_path, patent=[patent("1"), patent("1", kind="")])
    assert [row["type"] for row in got.rows] == ["utility"]
    assert [(one["line"], one["raw"]) for one in got.quarantine] == [(3, "1\t\t2020-01-07")]


def test_the_year_is_the_earliest_that_the_tables_tell(tmp_path: Path) -> None:
    given_tables: dict[str, list[Row]] = {
        "patent": [patent("1"), patent("2"), patent("3"), patent("4")],
        "application": [
            ("1", "x", "2018-03-01"),
            ("2", "y", "2017-05-01"),
            ("3", "z", "2106-01-01"),
            ("4", "", ""),
        ],
    }
    (tmp_path / "filing").mkdir()
    filed = patents(tmp_path / "filing", **given_tables)
    assert [(row["year"], row["year_kind"]) for row in filed.rows] == [
        (2018, "filing"),
        (2017, "filing"),
        (2020, "grant"),
        (2020, "grant"),
    ]
    assert [(one["line"], one["reason"]) for one in filed.quarantine] == [
        (4, "filing_date is not a date"),
        (5, "filing_date is not a date"),
    ]
    claims = [
        ("1", "2017-03-02", "JP"),
        ("1", "2016-12-30", "KR"),
        ("4", "2021-01-01", "JP"),
        ("3", "1890-01-01", "FR"),
    ]
    (tmp_path / "priority").mkdir()
    prior = patents(tmp_path / "priority", priority=claims, **given_tables)
    assert [(row["year"], row["year_kind"], row["date"]) for row in prior.rows] == [
        (2016, "priority", date(2016, 12, 30)),
        (2017, "priority", date(2017, 5, 1)),
        (2020, "grant", date(2020, 1, 7)),
        (2020, "grant", date(2020, 1, 7)),
    ]
    assert {one["reason"] for one in prior.quarantine} == {
        "filing_date is not a date",
        "the priority comes after the grant",
        "the priority comes 80 years before the grant",
    }


def test_patents_outside_every_field_become_tombstones(tmp_path: Path) -> None:
    tables: dict[str, list[Row]] = {
        "patent": [patent("1"), patent("2"), patent("3"), patent("4")],
        "cpc": [("1", "H01L", "H01L21/768"), ("2", "A61K", "A61K31/519"), ("3", "G06N", "")],
    }
    got = patents(tmp_path, keep="fields", **tables)
    # 3 is cut above the depth of the rules and 4 has no symbol: nobody can tell
    assert [row["id"] for row in got.rows] == ["1", "3", "4"]
    assert aside(got, "patent") == {"out_of_field": 1}
    assert [(one["id"], one["reason"], one["source_line"]) for one in got.tombstones] == [
        ("2", "out_of_field", 3)
    ]
    assert len(patents(tmp_path, keep="all", **tables).rows) == 4


def test_tables_that_may_lack_are_named_in_a_warning(tmp_path: Path) -> None:
    got = patents(tmp_path, patent=[patent("1")])
    missing = {kind: n for kind, n in got.warnings.items() if kind.startswith("no_table")}
    assert missing == {"no_table:g_assignee_disambiguated": 1, "no_table:g_cpc_current": 1}


@pytest.mark.parametrize("ending", ["", ".zip", ".gz"])
def test_packed_tables_read_the_same(tmp_path: Path, ending: str) -> None:
    write(tmp_path, ending, patent=[patent("1")], inventor=[("1", "0", "a", "l_jp")])
    for where in (tmp_path, tmp_path / "*.tsv*"):
        got = read(where, name="patentsview")
        assert [row["inventor_countries"] for row in got.rows] == [[392]]


def test_a_table_that_breaks_off_keeps_its_good_rows(tmp_path: Path) -> None:
    rows = [("1", str(at), f"p{at * at}", "l_us") for at in range(20000)]
    write(tmp_path, ".gz", patent=[patent("1")], inventor=rows)
    path = tmp_path / "g_inventor_disambiguated.tsv.gz"
    path.write_bytes(path.read_bytes()[:-9000])
    got = read(tmp_path, name="patentsview")
    assert got.warnings["file_breaks_off"] == 1
    (refused,) = got.quarantine
    assert refused["line"] == got.rows[0]["n_inventors"] + 2
    assert 0 < got.rows[0]["n_inventors"] < 20000


def test_a_bomb_is_refused(tmp_path: Path) -> None:
    write(tmp_path, ".zip", patent=[("1", "", "", "x" * (1 << 22), "")])
    with pytest.raises(InputError, match="bomb"):
        read(tmp_path, name="patentsview", max_ratio=20, ratio_from=1 << 16)


def test_quotes_line_ends_and_broken_rows_inside_tables(tmp_path: Path) -> None:
    write(tmp_path, inventor=[("1", "0", "a", "l_us")])
    (tmp_path / "g_patent.tsv").write_text(
        '"patent_id"\t"patent_date"\t"patent_title"\t"withdrawn"\r\n'
        '"1"\t"2020-01-07"\t"A ""quoted"" title"\t0\r\n'
        '"2"\t"2020-01-07"\t"A title\r\nin two lines"\t0\r\n'
        '3\t2020-01-07\t"Never closed\t0\r\n'
        "4\t2020-01-07\r\n"
        '5\t2020-01-07\t5" pipe\t0\r\n',
        newline="",
    )
    got = read(tmp_path, name="patentsview")
    assert [(row["id"], row["source_line"]) for row in got.rows] == [("1", 2), ("2", 3), ("3", 5), ("5", 7)]
    assert [(one["line"], one["reason"]) for one in got.quarantine] == [
        (6, "has 2 fields where the header has 4")
    ]


def test_text_that_is_not_utf_8_does_not_cost_the_row(tmp_path: Path) -> None:
    write(tmp_path, inventor=[("1", "0", "a", "l_us")])
    (tmp_path / "g_patent.tsv").write_bytes(
        b"patent_id\tpatent_date\tpatent_title\n1\t2020-01-07\tProc\xe9d\xe9\n"
    )
    assert [row["id"] for row in read(tmp_path, name="patentsview").rows] == ["1"]


@pytest.mark.parametrize("role", ["patent", "inventor", "location", "cpc"])
def test_a_column_or_content_that_is_missing_is_named(tmp_path: Path, role: str) -> None:
    write(tmp_path, cpc=[])
    path = tmp_path / f"{TABLES[role][0]}.tsv"
    path.write_text("a\tb\n1\t2\n")
    with pytest.raises(SchemaError, match=rf"{path.name}: line 1 lacks the columns? .*found: a, b"):
        read(tmp_path, name="patentsview")
    path.write_text("")
    with pytest.raises(SchemaError, match=f"{path.name}: is empty"):
        read(tmp_path, name="patentsview")


def test_a_folder_must_hold_each_table_once(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="nothing found"):
        feed("patentsview").discover([tmp_path])
    (tmp_path / "notes.tsv").write_text("a\n")
    with pytest.raises(InputError, match="not a table that is read here"):
        feed("patentsview").discover([tmp_path / "notes.tsv"])
    write(tmp_path)
    (unit,) = feed("patentsview").discover([tmp_path])
    assert [file.role for file in unit.files] == ["patent", "inventor", "location"]
    (tmp_path / "g_patent.tsv.gz").write_bytes(b"")
    with pytest.raises(InputError, match="the same table"):
        feed("patentsview").discover([tmp_path])
    (tmp_path / "g_patent.tsv.gz").unlink()
    (tmp_path / "g_location_disambiguated.tsv").unlink()
    with pytest.raises(InputError, match=r"lacks g_location_disambiguated\.tsv; found g_inventor"):
        feed("patentsview").discover([tmp_path])


def test_tables_may_lie_in_a_folder_each(tmp_path: Path) -> None:
    for role in ("patent", "inventor", "location"):
        part = tmp_path / role
        part.mkdir()
        name, header = TABLES[role]
        (part / f"{name}.tsv").write_text("\t".join(header.split()) + "\n")
    (unit,) = feed("patentsview").discover([tmp_path])
    assert (len(unit.files), unit.name.endswith(tmp_path.name)) == (3, True)


NUMBERS = st.integers(1, 5).map(str)
PEOPLE = st.tuples(
    NUMBERS, st.just("0"), st.sampled_from("abc"), st.sampled_from(["l_us", "l_jp", "", "gone"])
)


@settings(deadline=None, max_examples=30)
@given(st.lists(NUMBERS, unique=True, max_size=4), st.lists(PEOPLE, max_size=14), st.integers(1, 5))
def test_any_tables_give_what_a_plain_join_gives(
    tmp_path_factory: pytest.TempPathFactory, numbers: list[str], people: list[Row], batch_rows: int
) -> None:
    folder = write(tmp_path_factory.mktemp("pv"), patent=[patent(one) for one in numbers], inventor=people)
    got = read(folder, name="patentsview", batch_rows=batch_rows)
    codes = {"l_us": 840, "l_jp": 392}
    found: dict[str, dict[str, int | None]] = defaultdict(dict)
    for number, _, who, place in people:
        known = found[number].get(who)
        found[number][who] = codes.get(place) if known is None else known
    assert [row["id"] for row in got.rows] == numbers
    for row in got.rows:
        members = Counter(code for code in found[row["id"]].values() if code is not None)
        n = len(found[row["id"]])
        assert (row["n_inventors"], row["n_inventors_unknown"]) == (n, n - members.total())
        assert row["inventor_countries"] == sorted(members)
        assert row["inventor_shares"] == [members[code] / n for code in sorted(members)]
        assert row["inventor_units"] == sorted(members.elements())
    lost = sum(place == "gone" or number not in numbers for number, _, _, place in people)
    assert len(got.quarantine) == lost
    (counts,) = (one for name, one in got.counts.items() if "inventor" in name)
    assert counts.read == len(people)


def test_parts_of_any_size_give_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    numbers = [str(at) for at in range(1, 8)]
    tables: dict[str, list[Row]] = {
        "patent": [patent(one) for one in numbers],
        "inventor": [(one, "0", who, "l_jp") for who in "ab" for one in reversed(numbers)],
        "assignee": [(one, "0", "x", "l_us") for one in numbers[2:4]],
        "cpc": [(one, "H01L", f"H01L{at}/02") for at in (21, 23, 21) for one in numbers],
    }
    whole = patents(tmp_path, **tables)
    monkeypatch.setattr("trendcore.sources.patentsview.PART", 3)
    monkeypatch.setattr("trendcore.sources.patentsview_tables.PART", 3)
    parts = patents(tmp_path, **tables)
    assert parts.rows == whole.rows
    assert parts.counts == whole.counts
    assert len(parts.batches) > len(whole.batches)
