"""What moved between two releases is split into parts that add up, each work in the one that is true."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest
from support.bits import flip
from support.diffs import AI, ALGORITHMS, CHEMISTRY, LATER, QIS, SMALL, about, edited, moves, update
from support.openalex import author
from support.patentsview import patent, write
from support.workspaces import write_works

import trendcore as tc
from trendcore.errors import UnknownIndexError, UsageError, WorkspaceError
from trendcore.update.comparing import REASONS, summary


@pytest.fixture(scope="module")
def revised(tmp_path_factory: pytest.TempPathFactory) -> tc.Workspace:
    """Two releases; between them each thing happens to known works."""
    folder = tmp_path_factory.mktemp("revised")
    same = [about(number, "JP", "US") for number in range(1, 31)]
    same += [about(31, "JP", "FR"), about(32, "JP", "FR"), about(33, "US", "FR"), about(34, "US", "FR")]
    changed = [about(number, "JP", "US") for number in (301, 401, 501, 503, 601, 602, 701)]
    others = [about(502, "JP"), about(603, "JP", "US", topic=CHEMISTRY)]
    write_works(folder / "in" / "a.jsonl", *same, *changed, *others)
    gone = write_works(folder / "gone.jsonl", about(201, "JP", "US"), about(202, "JP", "US"))
    ws = tc.Workspace(folder / "ws", **SMALL)
    ws.ingest("openalex", folder / "in")
    ws.ingest("openalex", gone)
    update(ws)
    late = [about(number, "JP", "US", **LATER) for number in (101, 102, 103)]
    write_works(
        folder / "in" / "b.jsonl",
        *late,
        about(301, "JP", "US", is_retracted=True, **LATER),
        about(501, "JP", "KR", **LATER),
        about(503, "JP", "KR", **LATER),
        about(502, "JP", "US", **LATER),
        about(601, "JP", "US", topic=AI, **LATER),
        about(602, "JP", "US", topic=CHEMISTRY, **LATER),
        about(603, "JP", "US", **LATER),
        about(701, "JP", "US", publication_year=2019, publication_date="2019-03-01", **LATER),
    )
    merged = folder / "in" / "merged_ids" / "works" / "2025-01-02.csv"
    merged.parent.mkdir(parents=True)
    merged.write_text("merge_date,id,merge_into_id\n2025-01-02,W401,W1\n")
    ws.withdraw(gone)
    update(ws)
    return ws


def test_each_work_counts_by_its_own_reason(revised: tc.Workspace) -> None:
    found = moves(revised)
    assert found["openalex", "author", "qis", 2020, "JP", "US"] == {
        "moved": 3 - 4 - 1 - 1 - 1,
        "late": 3,  # 101 to 103
        "withdrawn": -4,  # 201, 202 with their file; 301 retracted; 401 merged away
        "country": 1 - 2,  # 502 came, 501 and 503 went
        "topic": 1 - 2,  # 603 came; 601 to another field, 602 to none
        "redated": -1,  # 701
    }
    assert found["openalex", "author", "qis", 2020, "JP", "KR"] == {"moved": 2, "country": 2}
    assert found["openalex", "author", "qis", 2019, "JP", "US"] == {"moved": 1, "redated": 1}
    assert found["openalex", "author", "ai", 2020, "JP", "US"] == {"moved": 1, "topic": 1}
    of_japan = {"moved": 3 - 4 - 1 - 1, "late": 3, "withdrawn": -4, "topic": -1, "redated": -1}
    assert found["openalex", "author", "qis", 2020, "JP", None] == of_japan
    assert len(found) == 4 + 2 * 3 + 1  # each pair but one has two countries of its own; KR is in one


def test_the_other_way_round_signs_are_others(revised: tc.Workspace) -> None:
    found = moves(revised, 2, 1)["openalex", "author", "qis", 2020, "JP", "US"]
    assert found == {"moved": 4, "late": 4, "withdrawn": -3, "country": 1, "topic": 1, "redated": 1}


def test_largest_first_with_the_index_and_its_interval(revised: tc.Workspace) -> None:
    rows = revised.diff(1, 2)
    joint = rows.filter(pl.col("measure") == "joint")
    assert rows.head(joint.height).equals(joint)
    assert joint["moved"].abs().is_sorted(descending=True)
    first = rows.row(0, named=True)
    old, new = (
        revised.indices("JP-US", field="qis", index="salton", release=number)
        .filter(pl.col("year") == 2020)
        .collect()
        .row(0, named=True)
        for number in (1, 2)
    )
    assert (first["value_before"], first["value_after"]) == (old["value"], new["value"])
    assert (first["lo"], first["hi"]) == (old["lo"], old["hi"])
    assert first["beyond"] is (not old["lo"] <= new["value"] <= old["hi"])
    assert revised.diff(1, 2, index="joint").row(0, named=True)["value_after"] == first["after"] == 35


def test_only_what_is_asked_for(revised: tc.Workspace) -> None:
    assert {row[4:] for row in moves(revised, pair="US-JP")} == {("JP", "US")}
    assert {row[2] for row in moves(revised, field="ai")} == {"ai"}
    assert moves(revised, source="openalex") == moves(revised)
    assert moves(revised, 1, 1) == {}
    with pytest.raises(UsageError, match="neither release has the field 'qsi'; there are ai, qis"):
        revised.diff(1, 2, field="qsi")
    with pytest.raises(UnknownIndexError):
        revised.diff(1, 2, index="saltan")
    with pytest.raises(WorkspaceError, match="there is no release 7"):
        revised.diff(1, 7)


def test_a_summary_adds_up(revised: tc.Workspace) -> None:
    told = summary(revised.diff(1, 2))
    assert (told["cells"], told["pairs"]) == (3, 4)
    before = 30 + 7 + 2
    assert told["relative_change"] == {"pairs": 1, "median": 4 / before, "largest": 4 / before}
    joint = told["reasons"]["joint"]
    assert joint.pop("moved") == sum(joint.values()) == 0
    assert (joint["late"], joint["withdrawn"], joint["country"]) == (3, -4, 1)
    assert told["unexplained"] == {}
    assert summary(revised.diff(1, 1))["relative_change"] == {"pairs": 0, "median": None, "largest": None}


@pytest.mark.parametrize("keep", ["fields", "all"])
def test_another_taxonomy_is_the_method(tmp_path: Path, keep: Any) -> None:
    taxonomy = edited(tmp_path / "fields.toml")
    ws = tc.Workspace(tmp_path / "ws", taxonomy=taxonomy, **SMALL)
    first = [about(number, "JP", "US", topic=ALGORITHMS if number > 5 else QIS) for number in range(1, 9)]
    write_works(tmp_path / "in" / "a.jsonl", *first)
    ws.ingest("openalex", tmp_path / "in", keep=keep)
    update(ws)
    edited(taxonomy, ALGORITHMS)
    write_works(tmp_path / "in" / "b.jsonl", about(10, "JP", "US"), about(11, "JP", "US", topic=ALGORITHMS))
    ws.ingest("openalex", tmp_path / "in", keep=keep)
    update(ws)
    found = moves(ws)["openalex", "author", "qis", 2020, "JP", "US"]
    assert found == {"moved": -2, "late": 1, "method": -3}
    # and back: what the narrower taxonomy did not store is no late work
    edited(taxonomy)
    ws.ingest("openalex", tmp_path / "in", keep=keep)
    update(ws)
    assert moves(ws, 2, 3)["openalex", "author", "qis", 2020, "JP", "US"] == {"moved": 4, "method": 4}


def test_another_policy_is_the_method(tmp_path: Path) -> None:
    write_works(tmp_path / "in" / "a.jsonl", *[about(number, "HK", "JP") for number in range(3)])
    ws = tc.Workspace(tmp_path / "ws", **SMALL)
    ws.ingest("openalex", tmp_path / "in")
    update(ws)
    write_works(tmp_path / "in" / "b.jsonl", about(10, "CN", "JP"), about(11, "HK", "CN"))
    other = tc.Workspace(tmp_path / "ws", policy="hk-mo-with-cn", **SMALL)
    update(other)
    found = {key[4:]: parts for key, parts in moves(other).items()}
    assert found == {
        ("HK", "JP"): {"moved": -3, "method": -3},
        ("CN", "JP"): {"moved": 4, "late": 1, "method": 3},
        ("HK", None): {"moved": -3, "method": -3},
        ("CN", None): {"moved": 5, "late": 2, "method": 3},
        ("JP", None): {"moved": 1, "late": 1},
    }


def test_what_cannot_be_known_is_not_guessed(tmp_path: Path) -> None:
    """The file changed together with the taxonomy: nobody knows what the new one makes of the old file."""
    taxonomy = edited(tmp_path / "fields.toml")
    ws = tc.Workspace(tmp_path / "ws", taxonomy=taxonomy, **SMALL)
    path = write_works(tmp_path / "a.jsonl", about(1, "JP", "US"), about(2, "JP", "US", topic=ALGORITHMS))
    ws.ingest("openalex", path)
    update(ws)
    edited(taxonomy, ALGORITHMS)
    write_works(path, about(1, "JP", "US"), about(3, "JP", "KR"))
    ws.ingest("openalex", path)
    update(ws)
    rows = ws.diff(1, 2)
    assert dict(rows.filter(pl.col("measure") == "joint").select("b", "moved").iter_rows()) == {
        "US": -1,
        "KR": 1,
    }
    assert rows.select(pl.col(REASONS).null_count()).row(0) == (rows.height,) * len(REASONS)
    (why,) = set(rows["unexplained"])
    assert "read with another taxonomy" in why
    assert summary(rows)["unexplained"] == {"openalex": why}


def test_a_program_that_counts_in_another_way_cannot_say_why(
    revised: tc.Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("trendcore.update.comparing.TABLES", 999)
    (why,) = set(revised.diff(1, 2)["unexplained"])
    assert why == "release 2 was made by a trendcore that counts in another way"


def test_damaged_rows_give_no_parts(tmp_path: Path) -> None:
    ws = tc.Workspace(tmp_path / "ws", **SMALL)
    write_works(tmp_path / "in" / "a.jsonl", about(1, "JP", "US"))
    ws.ingest("openalex", tmp_path / "in")
    update(ws)
    write_works(tmp_path / "in" / "b.jsonl", about(2, "JP", "US"))
    update(ws)
    for path in (tmp_path / "ws" / "tables" / "papers").rglob("*.parquet"):
        flip(path)
    (why,) = set(ws.diff(1, 2)["unexplained"])
    assert "the bytes are not those that were written" in why


def test_many_works_are_compared_in_portions(revised: tc.Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = moves(revised)
    monkeypatch.setattr("trendcore.update.reasons._AT_ONCE", 3)
    assert moves(revised) == whole


def test_patents_by_inventors_owners_and_from_one_to_the_other(tmp_path: Path) -> None:
    def tables(*inventors: tuple[str, str], us: tuple[str, ...]) -> None:
        numbers = sorted({number for number, _ in inventors})
        write(
            tmp_path / "pv",
            patent=[patent(number) for number in numbers],
            inventor=[(number, str(i), f"i{i}", place) for i, (number, place) in enumerate(inventors)],
            assignee=[(number, "0", "a", "l_us" if number in us else "l_jp") for number in numbers],
            cpc=[(number, "G06N", "G06N10/40") for number in numbers],
        )

    (tmp_path / "pv").mkdir()
    tables(("1", "l_us"), ("1", "l_jp"), ("2", "l_us"), ("3", "l_jp"), us=("1", "2", "3"))
    ws = tc.Workspace(tmp_path / "ws", **SMALL)
    ws.ingest("patentsview", tmp_path / "pv")
    update(ws)
    tables(("1", "l_us"), ("2", "l_us"), ("2", "l_jp"), ("4", "l_us"), ("4", "l_jp"), us=("1", "4"))
    update(ws)
    found = {key[1:2] + key[4:]: parts for key, parts in moves(ws, field="qis").items()}
    assert found["inventor", "JP", "US"] == {"moved": 1, "late": 1}  # 1 went, 2 came, 4 is late
    assert found["inventor-applicant", "JP", "US"] == {"moved": -1, "late": 1, "withdrawn": -1, "country": -1}
    assert found["inventor-applicant", "US", "JP"] == {"moved": 1, "country": 1}
    assert found["applicant", "US", None] == {"moved": -1, "late": 1, "withdrawn": -1, "country": -1}


def test_a_patent_without_an_owner_is_of_no_country_of_ownership(tmp_path: Path) -> None:
    def tables(*numbers: str) -> None:
        write(
            tmp_path / "pv",
            patent=[patent(number) for number in numbers],
            inventor=[(number, "0", f"i{number}", "l_us") for number in numbers],
            assignee=[(number, "0", "a", "l_jp") for number in numbers if number != "9"],
            cpc=[(number, "G06N", "G06N10/40") for number in numbers],
        )

    (tmp_path / "pv").mkdir()
    tables("1", "2")
    ws = tc.Workspace(tmp_path / "ws", **SMALL)
    ws.ingest("patentsview", tmp_path / "pv")
    update(ws)
    tables("1", "2", "3", "9")
    update(ws)
    found = {key[1:2] + key[4:]: parts for key, parts in moves(ws, field="qis").items()}
    assert found["inventor", "US", None] == {"moved": 2, "late": 2}
    assert found["inventor-applicant", "US", "JP"] == {"moved": 1, "late": 1}
    assert found["inventor-applicant", "US", None] == {"moved": 1, "late": 1}


def test_trade_by_flows_that_came_went_or_were_revised(tmp_path: Path) -> None:
    def write_flows(edition: str, *rows: str, year: int = 2018) -> None:
        path = tmp_path / "in" / f"BACI_{edition}_Y{year}_V202501.csv"
        path.parent.mkdir(exist_ok=True)
        path.write_text("t,i,j,k,v,q\n" + "".join(f"{year},{row},1\n" for row in rows))

    write_flows("HS07", "392,842,854231,10", "392,842,854232,5", "392,410,854231,7")
    write_flows("HS07", "392,842,854231,4", year=2019)
    ws = tc.Workspace(tmp_path / "ws", **SMALL)
    ws.ingest("baci", tmp_path / "in")
    update(ws)
    write_flows("HS07", "392,842,854231,12", "392,842,854233,1", "410,842,854231,3")
    update(ws)
    found = {key[3:]: parts for key, parts in moves(ws, field="semiconductors").items()}
    dollars = 1_000_000  # values are thousands of dollars, counts thousandths
    assert found == {
        (2018, "JP", "US"): {
            "moved": -2 * dollars, "late": dollars, "withdrawn": -5 * dollars, "revised": 2 * dollars,
        },
        (2018, "JP", "KR"): {"moved": -7 * dollars, "withdrawn": -7 * dollars},
        (2018, "KR", "US"): {"moved": 3 * dollars, "late": 3 * dollars},
        (2018, "JP", None): {
            "moved": -9 * dollars, "late": dollars, "withdrawn": -12 * dollars, "revised": 2 * dollars,
        },
        (2018, "KR", None): {"moved": 3 * dollars, "late": 3 * dollars},
    }  # fmt: skip
    # goods in another edition are no flows that came and went
    (tmp_path / "in" / "BACI_HS07_Y2019_V202501.csv").unlink()
    ws.withdraw(tmp_path / "in" / "BACI_HS07_Y2019_V202501.csv")
    write_flows("HS17", "392,842,854231,6", "392,842,854239,1", year=2019)
    update(ws)
    assert moves(ws, 2, 3, field="semiconductors", pair="JP-US") == {
        ("baci", "reconciled", "semiconductors", 2019, "JP", "US"): {
            "moved": 3 * dollars,
            "method": 3 * dollars,
        }
    }


def test_a_feed_that_came_and_one_that_went(tmp_path: Path) -> None:
    path = tmp_path / "BACI_HS07_Y2018_V202501.csv"
    path.write_text("t,i,j,k,v,q\n2018,392,842,854231,10,1\n")
    ws = tc.Workspace(tmp_path / "ws", **SMALL)
    ws.ingest("baci", path)
    update(ws)
    ws.withdraw(path)
    ws.ingest("openalex", write_works(tmp_path / "a.jsonl", about(1, "JP", "US")))
    update(ws)
    found = {key[0:1] + key[4:]: parts for key, parts in moves(ws).items()}
    assert found["openalex", "JP", "US"] == {"moved": 1, "late": 1}
    assert found["baci", "JP", "US"] == {"moved": -10_000_000, "withdrawn": -10_000_000}
    assert summary(ws.diff(1, 2))["reasons"]["value"]["moved"] == -10_000_000


def test_works_by_several_authors_of_a_country_count_once(tmp_path: Path) -> None:
    ws = tc.Workspace(tmp_path / "ws", **SMALL)
    write_works(tmp_path / "in" / "a.jsonl", about(1, "JP", "US"))
    ws.ingest("openalex", tmp_path / "in")
    update(ws)
    twice = [author("JP"), author("US"), author("JP", "US"), author(None, places=[])]
    write_works(tmp_path / "in" / "b.jsonl", about(2) | {"authorships": twice})
    update(ws)
    found = {key[4:]: parts for key, parts in moves(ws).items()}
    assert found == {
        ("JP", "US"): {"moved": 1, "late": 1},
        ("JP", None): {"moved": 1, "late": 1},
        ("US", None): {"moved": 1, "late": 1},
    }
