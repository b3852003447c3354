"""Any lines of any feed, drawn: each row is accepted, quarantined or set aside, and none counts twice."""

from __future__ import annotations

import json
import string
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.fuzz_readers import Ends, feed_of

from trendcore.errors import InputError

# neither quotes nor line ends, which may make one row of several lines
MARKS = "éß٣\u200b\u2028\0\x85\ud7ff'\\;|" + string.ascii_letters + string.digits + " .-+e_:/#"
NASTY = st.text(st.sampled_from(MARKS), max_size=8) | st.integers().map(str) | st.floats().map(str)


def rows(separator: str, *fields: st.SearchStrategy[str]) -> st.SearchStrategy[list[str]]:
    """Lines of mostly valid fields, some with too few or too many."""
    good = st.tuples(*(field | NASTY for field in fields)).map(list)
    bad = st.lists(NASTY | st.sampled_from(["2022", "842"]), max_size=len(fields) + 3)
    clean = (good | bad).map(lambda row: [field.replace(separator, ".") for field in row])
    return st.lists(clean.map(separator.join), max_size=12)


def of(*values: str) -> st.SearchStrategy[str]:
    return st.sampled_from(values)


COUNTRY = of("842", "392", "156", "490", "0", "97", "1", "699", "NA")
NUMBER = of("1", "0", "0.5", "34.156", "-1", "1e3", "", "NA", "99999999999999999")
BACI = rows(",", of("2022", "2021"), COUNTRY, COUNTRY, of("10121", "854231", "0", "1"), NUMBER, NUMBER)
COMTRADE = rows(
    ",", of("2014", "201401"), of("M", "X", "RX", "DX", "?"), COUNTRY, COUNTRY, of("H4", "H5", "S4"),
    of("8542", "854231", "85", "TOTAL", "8542", "9999AA"), NUMBER,
)  # fmt: skip
GRANT = of("10000001", "10000002", "D980001", "RE1", "")
PATENT = rows("\t", GRANT, of("utility", "design", ""), of("2020-01-07", "2020-02-30", ""), of("0", "1", ""))
INVENTOR = rows("\t", GRANT, of("a", "b", ""), of("x", "y", "z", ""))
MERGED = rows(",", of("2024-01-01", "2024-02-30"), of("W1", "W2", "w3"), of("W2", "https://openalex.org/W9"))
AUTHOR = st.fixed_dictionaries(
    {}, optional={"countries": st.lists(of("JP", "US", "ZZ", "us") | st.none(), max_size=3)}
)
TOPIC = st.fixed_dictionaries({"id": of("T10472", "x"), "score": st.floats() | st.none()})
WORK = st.fixed_dictionaries(
    {
        "id": of("W1", "https://openalex.org/W2", "I3") | NASTY,
        "publication_year": st.integers(1390, 2110) | NASTY,
    },
    optional={
        "publication_date": of("2020-01-02", "2020-13-01") | NASTY,
        "authorships": st.lists(AUTHOR | st.none(), max_size=3),
        "topics": st.lists(TOPIC, max_size=2),
        "type": of("article", "book") | st.none() | st.integers(),
    },
).map(json.dumps)


def read(folder: Path, feed: str, name: str, text: str, **others: str) -> Ends:
    folder.mkdir(exist_ok=True)
    for file, content in {name: text, **others}.items():
        (folder / file).write_bytes(content.encode("utf-8", "surrogatepass"))
    return feed_of(feed)(folder)


def n_rows(lines: list[str]) -> int:
    """Blank lines are no rows: those of what a line of ASCII has for blanks."""
    return sum(bool(line.encode("utf-8", "surrogatepass").strip()) for line in lines)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("lines")


def check(ends: Ends, lines: list[str]) -> None:
    n_read, *parts = ends
    assert n_read == sum(parts) == n_rows(lines)


@settings(max_examples=60)
@given(BACI)
def test_baci(folder: Path, lines: list[str]) -> None:
    text = "\n".join(["t,i,j,k,v,q", *lines])
    check(read(folder / "baci", "baci", "BACI_HS22_Y2022_V202501.csv", text), lines)


@settings(max_examples=40)
@given(COMTRADE)
def test_comtrade(folder: Path, lines: list[str]) -> None:
    header = "refYear,flowCode,reporterCode,partnerCode,classificationCode,cmdCode,primaryValue"
    check(read(folder / "comtrade", "comtrade", "a.csv", "\n".join([header, *lines])), lines)


@settings(max_examples=30)
@given(PATENT, INVENTOR)
def test_patentsview(folder: Path, patents: list[str], inventors: list[str]) -> None:
    tables = {
        "g_inventor_disambiguated.tsv": "\n".join(["patent_id\tinventor_id\tlocation_id", *inventors]),
        "g_location_disambiguated.tsv": "location_id\tdisambig_country\nx\tJP\ny\tNA\n",
    }
    text = "\n".join(["patent_id\tpatent_type\tpatent_date\twithdrawn", *patents])
    ends = read(folder / "patentsview", "patentsview", "g_patent.tsv", text, **tables)
    check(ends, [*patents, *inventors, "x", "y"])


@settings(max_examples=40)
@given(MERGED)
def test_merged_ids(folder: Path, lines: list[str]) -> None:
    text = "\n".join(["merge_date,id,merge_into_id", *lines])
    check(read(folder / "merged_ids", "openalex", "a.csv", text), lines)


@settings(max_examples=60)
@given(st.lists(WORK | NASTY.map(lambda text: text.replace("[", "(").replace("{", "(")), max_size=12))
def test_openalex(folder: Path, lines: list[str]) -> None:
    try:
        ends = read(folder / "openalex", "openalex", "a.jsonl", "\n".join(lines))
    except InputError as error:
        pytest.fail(f"lines are lines: {error}")
    check(ends, lines)
