"""The real tables of PatentsView, where they lie beside the checkout."""

from __future__ import annotations

import csv
from collections import Counter, defaultdict
from typing import Any

from support.openalex import read
from support.patentsview import TABLES, aside
from support.shared import shared_data

from trendcore.taxonomy import countries


def rows_of(name: str) -> list[dict[str, Any]]:
    with shared_data("patentsview", f"{name}.tsv").open(encoding="utf-8", newline="") as opened:
        return list(csv.DictReader(opened, delimiter="\t"))


def test_real_tables_are_accounted_for_to_the_row() -> None:
    got = read(shared_data("patentsview"), name="patentsview")
    assert got.quarantine == []
    sizes = [len(row["inventor_countries"]) for row in got.rows]
    assert len(sizes) == 4704
    assert (sum(n > 0 for n in sizes), sum(n > 1 for n in sizes), sizes.count(0)) == (4697, 438, 7)
    assert aside(got, "inventor") == {"lookup": 12742 - 729, "repeat": 729}
    assert got.counts["patentsview/g_patent.tsv"].accepted == 4704
    for role, n in {"inventor": 12742, "assignee": 12067, "location": 198, "cpc": 8819}.items():
        assert sum(aside(got, role).values()) == n
    # of the 23 rows without a place one repeats a person who has none either
    blank = {
        (row["patent_id"], row["inventor_id"])
        for row in rows_of(TABLES["inventor"][0])
        if not row["location_id"]
    }
    assert sum(row["n_inventors_unknown"] for row in got.rows) == len(blank) == 22
    # all places of owners are blank
    assert all(row["n_applicants"] == row["n_applicants_unknown"] for row in got.rows)
    assert not any(row["applicant_countries"] for row in got.rows)
    assert sum(row["n_applicants"] for row in got.rows) == 4370
    assert {row["year_kind"] for row in got.rows} == {"grant"}


def test_real_tables_give_what_a_plain_join_gives() -> None:
    got = read(shared_data("patentsview"), name="patentsview")
    place = {row["location_id"]: row["disambig_country"] for row in rows_of(TABLES["location"][0])}
    people: dict[str, dict[str, str]] = defaultdict(dict)
    for row in rows_of(TABLES["inventor"][0]):
        people[row["patent_id"]].setdefault(row["inventor_id"], place.get(row["location_id"], ""))
    labels = countries().labels()
    for row in got.rows:
        want = Counter(code for code in people[row["id"]].values() if code)
        assert [labels[code] for code in row["inventor_units"]] == sorted(
            want.elements(), key=lambda c: countries().resolve("iso2", c) or 0
        )
    symbols: dict[str, set[str]] = defaultdict(set)
    for row in rows_of(TABLES["cpc"][0]):
        symbols[row["patent_id"]].add(row["cpc_subclass"])
    assert all(row["cpc"] == sorted(symbols[row["id"]]) for row in got.rows)
