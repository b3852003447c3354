"""Real works: the countries that we count of each are as many as OpenAlex itself counts."""

from __future__ import annotations

import json

import polars as pl
import pytest
from support.openalex import read
from support.shared import shared_data
from support.tallies import ONE

import trendcore as tc
from trendcore import taxonomy


def test_distinct_countries_of_real_works() -> None:
    path = shared_data("openalex", "api", "search_works.jsonl")
    given = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        work = json.loads(line)
        given[work["id"].rsplit("/", 1)[-1]] = work["countries_distinct_count"]
    rows = read(path).rows
    assert len(given) == len(rows) == 200
    columns = {"id": pl.String, "countries": pl.List(pl.Int16), "units": pl.List(pl.Int16)}
    works = pl.DataFrame(
        [[str(row["id"]), row["countries"], row["units"]] for row in rows], schema=columns, orient="row"
    )
    for members in ("countries", "units"):  # the latter name a country once for each author
        counted = tc.tally(works, members=members, by=["id"], labels=taxonomy.countries().labels())
        assert dict(counted.totals.select("id", "sum_n").iter_rows()) == given
    assert {0, 1, 2} <= set(given.values())


def test_shares_of_real_works_add_up() -> None:
    rows = read(shared_data("openalex", "api", "search_works.jsonl")).rows
    works = pl.DataFrame(
        [[row["countries"], row["shares"]] for row in rows],
        schema={"countries": pl.List(pl.Int16), "shares": pl.List(pl.Float64)},
        orient="row",
    )
    counted = tc.tally(works, members="countries", shares="shares", by=[])
    assert counted.members["fractional"].sum() == counted.totals["works_known"].item() * ONE
    kept = tc.tally(works, members="countries", shares="shares", by=[], unknown="keep")
    assert kept.members["fractional"].sum() / ONE == pytest.approx(sum(sum(row["shares"]) for row in rows))
