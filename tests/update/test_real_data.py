"""The whole path on real extracts, where they lie beside the checkout."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest
from support.shared import shared_data

import trendcore as tc


@pytest.fixture(scope="module")
def patents(tmp_path_factory: pytest.TempPathFactory) -> tc.Workspace:
    folder = tmp_path_factory.mktemp("patents") / "ws"
    # every location of an assignee is blank
    ws = tc.Workspace(folder, gates={"unknown_countries": {"at_most": 1}})
    ws.ingest("patentsview", shared_data("patentsview"), keep="all")
    ws.update()
    return ws


def test_each_grant_of_patentsview_is_accounted_for(patents: tc.Workspace) -> None:
    of_all = patents.table("coverage").filter(pl.col("field") == "all", pl.col("role") == "inventor")
    counts = of_all.select(pl.col("works", "works_known", "works_intl").sum()).collect().row(0)
    assert counts == (4704, 4697, 438)
    inputs = patents.table("inputs").collect()
    assert (inputs["read"] == inputs["accepted"] + inputs["quarantined"] + inputs["set_aside"]).all()
    assert inputs.filter(pl.col("file").str.contains("g_patent"))["accepted"].to_list() == [4704]


def test_what_cut_codes_cannot_tell_is_unknown(patents: tc.Workspace) -> None:
    """The extract's CPC is cut to the subclass: quantum computing cannot be told at all."""
    qis = patents.table("coverage").filter(pl.col("field") == "qis").collect()
    assert qis["works"].sum() == 0
    assert qis["field_unknown"].sum() > 0
    owners = patents.table("coverage").filter(pl.col("role") == "applicant").collect()
    assert owners["works_known"].sum() == 0  # every location of an assignee is blank
    assert patents.indices(role="inventor-applicant").collect().is_empty()


def test_show_says_what_it_cannot(patents: tc.Workspace) -> None:
    from typer.testing import CliRunner

    from trendcore.cli.app import app

    out = CliRunner().invoke(app, ["show", "JP", "US", "-w", str(patents.path)])
    assert out.exit_code == 0, out.stderr
    assert "Not shown: qis in Patents (PatentsView, countries of inventors): cannot be told" in out.stdout
    assert (
        "Not shown: semiconductors in Patents (PatentsView, countries of owners): no country is known"
        in out.stdout
    )


@pytest.fixture(scope="module")
def thai_chips(tmp_path_factory: pytest.TempPathFactory) -> tc.Workspace:
    ws = tc.Workspace(tmp_path_factory.mktemp("comtrade") / "ws")
    ws.ingest("comtrade", shared_data("comtrade", "TradeData.csv"))
    ws.update()
    return ws


def test_thai_import_shares_of_taiwan(thai_chips: tc.Workspace) -> None:
    ours = thai_chips.indices(
        pair="TH-TW", source="comtrade", field="semiconductors", index="import_share"
    ).collect()
    published = pl.read_csv(shared_data("comtrade", "taiwan_dependency_index.csv"))
    both = (
        published.with_columns(pl.col("year").cast(pl.Int16))
        .join(ours.filter(a="TH"), on="year")
        .sort("year")
    )
    assert both.height == 11
    assert (100 * both["value"] - both["taiwan_proxy_dependency_pct"]).abs().max() < 1e-7  # type: ignore[operator]
    assert [round(100 * value, 3) for value in both["value"].gather([0, -1])] == [22.805, 43.613]


def test_areas_that_are_no_country_are_published_as_flows_only(thai_chips: tc.Workspace) -> None:
    """Eight years of "Areas, nes": in totals, in no index, and nothing to ask for."""
    from typer.testing import CliRunner

    from trendcore.cli.app import app

    flows = thai_chips.table("trade_flows").collect()
    assert flows.filter(exporter="nes", importer="TH")["year"].n_unique() == 8
    coverage = thai_chips.table("coverage").collect()
    assert flows["value"].sum() == coverage["value"].sum() == thai_chips.trade().collect()["value"].sum()
    assert thai_chips.trade().filter(exporter="nes").collect().height == 8
    for name in ("trade_indices", "countries"):
        table = thai_chips.table(name).collect()
        assert not any(
            (table[column] == "nes").any() for column in table.columns if table[column].dtype == pl.String
        )
    run = CliRunner()
    out = run.invoke(app, ["show", "nes", "TH", "-w", str(thai_chips.path)])
    assert out.exit_code == 2
    ranked = ["top", "--field", "semiconductors", "--index", "import_share", "--json", "--limit", "999"]
    out = run.invoke(app, [*ranked, "-w", str(thai_chips.path), "--year", "2023"])
    assert out.exit_code == 0, out.stderr
    pairs = json.loads(out.stdout)["pairs"]
    assert len(pairs) > 50
    assert "nes" not in {pair[end] for pair in pairs for end in ("a", "b")}


def test_country_sets_of_the_works_of_openalex(tmp_path: Path) -> None:
    path = shared_data("openalex", "api", "search_works.jsonl")
    ws = tc.Workspace(tmp_path / "ws")
    ws.ingest("openalex", path, keep="all")
    records = [json.loads(line) for line in path.read_text().splitlines()]
    expected = {record["id"].rsplit("/", 1)[1]: record["countries_distinct_count"] for record in records}
    stored = ws.papers().select("id", pl.col("countries").list.len()).collect()
    assert dict(stored.iter_rows()) == expected
    assert len(expected) == 200


def test_a_snapshot_whose_works_have_no_authors_counts_them_as_unknown(tmp_path: Path) -> None:
    ws = tc.Workspace(tmp_path / "ws")
    ws.ingest("openalex", shared_data("openalex", "snapshot"), keep="all")
    ws.update()
    cells = ws.table("coverage").filter(pl.col("field") == "all").collect()
    counted = int(cells["works"].sum())
    aside = ws.table("set_aside").collect()["rows"].sum()
    accepted = ws.table("inputs").collect()["accepted"].sum()
    # 27 works, packed and unpacked, and one object of the API beside them
    assert counted + aside == accepted == 55
    assert cells["works_known"].sum() == 1  # that object
