"""From raw files to a release, on the shipped sample: numbers against plain recounts, keys, conservation."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal
from support.workspaces import SAMPLE, contents, of_sample

import trendcore as tc
from trendcore import taxonomy

CELL = ["source", "role", "field", "year"]


@pytest.fixture(scope="module")
def ws(tmp_path_factory: pytest.TempPathFactory) -> tc.Workspace:
    workspace = of_sample(tmp_path_factory.mktemp("sample") / "ws")
    result = workspace.update()
    assert result.changed
    assert all(gate["ok"] for gate in result.gates)
    assert {gate["gate"] for gate in result.gates} == {
        "conservation", "coverage", "keys", "symmetry", "parts", "sums", "trade", "bounds",
        "intervals", "quarantine", "contradictions", "unknown_countries", "ceiling", "gaps", "jump",
        "unknown_rise", "years", "countries", "change", "totals",
    }  # fmt: skip
    return workspace


def test_pairs_of_papers_equal_a_plain_recount(ws: tc.Workspace) -> None:
    """Latest version of each work, tombstones out, eligible types, default policy: all in plain Python."""
    fields = taxonomy.fields()
    latest: dict[str, dict[str, object]] = {}
    for row in ws.papers().collect().iter_rows(named=True):
        before = latest.get(row["id"])
        if before is None or (row["updated"], row["source_line"]) > (
            before["updated"],
            before["source_line"],
        ):  # type: ignore[operator]
            latest[row["id"]] = row
    from trendcore.store import Store

    store = Store.open(ws.path)
    for grave in store.scan("tombstones", list(store.ledger().active())).collect().iter_rows(named=True):
        kept = latest.get(grave["id"])
        if kept is not None and grave["updated"] is not None and grave["updated"] >= kept["updated"]:  # type: ignore[operator]
            del latest[grave["id"]]
    frame = pl.DataFrame(list(latest.values()), schema=ws.papers().collect_schema(), orient="row")
    frame = fields.papers(frame.lazy().filter(fields.papers_eligible())).collect()
    labels = taxonomy.countries().labels()
    default = {labels[k]: labels[v] for k, v in taxonomy.policy().mapping.items() if v is not None}
    counts: dict[tuple[object, ...], int] = {}
    works: dict[tuple[object, ...], int] = {}
    for row in frame.iter_rows(named=True):
        source = "openalex-concepts" if row["topic_scheme"] == "openalex-concepts" else "openalex"
        names = sorted({default.get(name, name) for name in row["countries"]})
        for field in row["field"]:
            cell = (source, "author", field, row["year"])
            works[cell] = works.get(cell, 0) + 1
            for a, b in combinations(names, 2):
                counts[(*cell, a, b)] = counts.get((*cell, a, b), 0) + 1
    pairs = ws.table("pairs").filter(pl.col("role") == "author").collect()
    assert counts == {row[:6]: row[6] for row in pairs.select(*CELL, "a", "b", "joint").iter_rows()}
    cover = ws.table("coverage").filter(pl.col("role") == "author", pl.col("works") > 0).collect()
    assert works == {row[:4]: row[4] for row in cover.select(*CELL, "works").iter_rows()}


def test_trade_of_baci_equals_a_plain_sum(ws: tc.Workspace) -> None:
    fields = taxonomy.fields()
    stored = ws.trade().filter(pl.col("reporter_side") == "reconciled").collect()
    at_hand = stored.group_by("year").agg(pl.col("hs_revision").unique())
    edition = {
        year: fields.trade_revision("semiconductors", year, names) for year, names in at_hand.iter_rows()
    }
    total: dict[tuple[int, str, str], int] = {}
    for row in stored.iter_rows(named=True):
        year = row["year"]
        if row["hs_revision"] == edition[year] and row["hs6"] in fields.trade_codes(
            "semiconductors", edition[year]
        ):
            key = (year, row["exporter"], row["importer"])
            total[key] = total.get(key, 0) + row["value"]
    published = ws.indices(source="baci", field="semiconductors", index="value").collect()
    published = published.filter(pl.col("value") > 0)
    assert published.height == len({key for key in total if key[1] != key[2] and total[key]})
    for row in published.iter_rows(named=True):
        assert row["value"] == pytest.approx(total[row["year"], row["a"], row["b"]] / 1000, rel=1e-12)


def test_long_indices_equal_compute_on_the_published_tally(ws: tc.Workspace) -> None:
    where = (pl.col("source") == "openalex") & (pl.col("field") == "ai")
    parts = [ws.table(name).filter(where).collect() for name in ("pairs", "members", "coverage")]
    tally = tc.Tally.from_frames(*parts, by=CELL, credit="author", policy=taxonomy.policy().sha256)
    wanted = ["salton", "ncses", "ric", "joint", "harmonic"]
    computed = tc.indices.compute(tally, wanted, zeros=False)
    for name in wanted:
        ours = ws.indices(source="openalex", field="ai", index=name).collect()
        ours = ours.drop("product", "lo", "hi", "interval", "interval_flag")
        ours = ours.with_columns(
            pl.when(pl.col("value_flag") != "incomplete_year").then("value_flag").alias("value_flag")
        )
        theirs = computed.filter(pl.col("index") == name)
        key = [*CELL, "a", "b"]
        assert_frame_equal(ours.sort(key), theirs.sort(key), check_column_order=False)


def test_bloc_rows_are_no_sums_of_pairs(ws: tc.Workspace) -> None:
    quad = ws.indices(bloc="quad", source="openalex", field="ai", index="joint").collect()
    assert set(quad["b"]) == {"bloc:quad"}
    assert not {"US", "JP", "IN", "AU"} & set(quad["a"])
    assert set(quad["universe"]) == {"bloc:quad"}
    single = ws.indices(source="openalex", field="ai", index="joint").filter(pl.col("year") == 2022).collect()
    members = ["US", "JP", "IN", "AU"]
    outward = single.filter(pl.col("a").is_in(members) != pl.col("b").is_in(members))["value"].sum()
    of_bloc = quad.filter(pl.col("year") == 2022)["value"].sum()
    assert 0 < of_bloc < outward
    # each work counts once for each country outside, however many members of the bloc are on it
    patterns = ws.table("patterns").filter(source="openalex", role="author", field="ai", year=2022).collect()
    plain = sum(
        n * len(set(names) - set(members))
        for names, n in patterns.select("members", "n").iter_rows()
        if set(names) & set(members)
    )
    assert of_bloc == plain


def test_rows_read_are_all_accounted_for(ws: tc.Workspace) -> None:
    inputs = ws.table("inputs").collect()
    assert inputs.height == 5 + 5 + 8 + 2
    assert (inputs["read"] == inputs["accepted"] + inputs["quarantined"] + inputs["set_aside"]).all()
    stored = {"openalex": ws.papers(), "patentsview": ws.patents()}
    for feed, rows in stored.items():
        assert inputs.filter(feed=feed)["accepted"].sum() == rows.select(pl.len()).collect().item()
    assert ws.quarantine().select(pl.len()).collect().item() == inputs["quarantined"].sum()


def test_the_last_year_is_flagged_incomplete(ws: tc.Workspace) -> None:
    flags = (
        ws.indices(source="openalex", index="salton")
        .group_by("year")
        .agg(pl.col("value_flag").unique())
        .collect()
    )
    assert "incomplete_year" in flags.filter(year=2024)["value_flag"].item()
    assert "incomplete_year" not in flags.filter(year=2023)["value_flag"].item()


def test_every_row_says_its_conventions(ws: tc.Workspace) -> None:
    long = ws.indices(pair="US-JP").collect()
    assert long.height > 0
    for column in ("counting", "marginals", "universe", "policy"):
        assert long[column].null_count() == 0
    assert set(long["policy"]) == {taxonomy.policy().sha256}
    assert {tuple(sorted(pair)) for pair in long.select("a", "b").iter_rows()} == {("JP", "US")}


def test_the_key_of_the_long_form_is_unique(ws: tc.Workspace) -> None:
    key = [*CELL, "product", "a", "b", "index", "counting", "marginals", "universe"]
    long = ws.indices().select(key).collect()
    assert long.height > 30_000
    assert long.unique().height == long.height
    both = long.filter(pl.col("index") == "joint", pl.col("source") == "openalex")["counting"]
    assert set(both) == {"full", "newman"}


def test_reference_backend_publishes_the_same_bytes(
    ws: tc.Workspace, tmp_path_factory: pytest.TempPathFactory
) -> None:
    other = of_sample(tmp_path_factory.mktemp("reference") / "ws")
    other.update(backend="reference")
    assert contents(other) == contents(ws)


def test_nothing_to_do_twice(ws: tc.Workspace) -> None:
    before = contents(ws)
    again = ws.update()
    assert (again.changed, again.release) == (False, 1)
    assert contents(ws) == before
    assert ws.releases()["release"].to_list() == [1]
    assert ws.verify() == []


def test_goods_that_merely_stand_for_a_field_are_called_a_proxy(tmp_path: Path) -> None:
    from typer.testing import CliRunner

    from trendcore.cli.app import app

    workspace = tc.Workspace(tmp_path / "ws", proxies=True)
    workspace.ingest("baci", SAMPLE / "baci")
    workspace.update()
    cells = workspace.table("coverage").collect()
    assert set(cells.filter("proxy")["field"]) == {"ai", "qis"}
    assert set(cells.filter(~pl.col("proxy"))["field"]) == {"semiconductors", "5g", "space"}
    shown = CliRunner().invoke(app, ["show", "JP", "US", "-w", str(tmp_path / "ws")])
    assert " ai~ " in shown.stdout
    assert "~       a proxy" in shown.stdout
    top = ["top", "-w", str(tmp_path / "ws"), "--field", "ai", "--index", "value"]
    assert "proxy" in CliRunner().invoke(app, top).stdout
