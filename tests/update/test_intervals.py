"""Intervals of a release: which method, which seed, that they are those of the functions, and trade's gap."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal
from support.workspaces import contents, of_sample, qis, write_works

import trendcore as tc
from trendcore.errors import UnknownIndexError, UsageError
from trendcore.store import Manifest, Store
from trendcore.tallies.types import BY_SHARES
from trendcore.update.tables import wanted

CELL = ["source", "role", "field", "year"]
KEY = [*CELL, "a", "b", "index", "counting", "marginals"]
HEADER = "refYear,flowCode,reporterCode,partnerCode,classificationCode,cmdCode,primaryValue\n"


@pytest.fixture(scope="module")
def ws(tmp_path_factory: pytest.TempPathFactory) -> tc.Workspace:
    workspace = of_sample(tmp_path_factory.mktemp("intervals") / "ws", ["patentsview"])
    workspace.update()
    return workspace


def small(folder: Path, **settings: Any) -> tc.Workspace:
    """A workspace with pairs of 12, of 3 and of 1 joint works, of 2018, and one of the incomplete 2019."""
    works = [("JP", "US")] * 12 + [("DE", "US")] * 3 + [("FR",)] * 2 + [("DE", "JP", "KR")]
    records = [qis(at, *names, publication_year=2018) for at, names in enumerate(works, start=1)]
    records.append(qis(99, "JP", "US", publication_year=2019, publication_date="2019-02-01"))
    path = write_works(folder / "w.jsonl", *records)
    workspace = tc.Workspace(folder / "ws", **settings)
    workspace.ingest("openalex", path)
    return workspace


def without_year_flag(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.with_columns(
        pl.when(pl.col("value_flag") != "incomplete_year").then("value_flag").alias("value_flag")
    )


@pytest.mark.parametrize("role", [None, "inventor-applicant"])
def test_published_values_and_intervals_are_those_of_the_published_tally(
    ws: tc.Workspace, role: str | None
) -> None:
    tally = ws.tally("patentsview", role=role)
    names = wanted(tally.meta.kind)
    ours = without_year_flag(ws.indices(source="patentsview").drop("product").collect())
    ours = ours.filter((pl.col("role") == "inventor-applicant") == (role is not None))
    theirs = tc.uncertainty.delta(tally, names, zeros=False)
    by_shares = pl.col("counting").is_in(BY_SHARES)  # the published patterns have no shares of authors
    same = [frame.filter(~by_shares).sort(KEY) for frame in (ours, theirs)]
    assert_frame_equal(*same, check_column_order=False, check_exact=True)
    of_works = ours.filter(by_shares & pl.col("value").is_not_null())
    assert of_works.height == (0 if role else theirs.filter(by_shares).height)
    assert of_works["lo"].null_count() == 0
    assert of_works.select(
        ((pl.col("lo") <= pl.col("value")) & (pl.col("value") <= pl.col("hi"))).all()
    ).item()
    assert set(theirs["interval"].drop_nulls()) == {"delta", "poisson", "binomial"}
    assert theirs["lo"].null_count() < theirs.height / 2


def test_intervals_contain_the_value(ws: tc.Workspace) -> None:
    rows = ws.indices().drop_nulls("interval").collect()
    assert rows.height > 10_000
    slack = 1e-9 * rows["value"].abs()
    assert ((rows["lo"] <= rows["value"] + slack) & (rows["value"] - slack <= rows["hi"])).all()


def test_blocs_have_intervals_of_the_same_works(ws: tc.Workspace) -> None:
    tally = ws.tally("patentsview")
    ours = without_year_flag(ws.indices(bloc="quad", source="patentsview").drop("product").collect())
    names = sorted(set(ours["index"]))
    theirs = tc.uncertainty.delta(tally, names, bloc="quad", zeros=False)
    assert ours["lo"].null_count() < ours.height
    assert_frame_equal(ours.sort(KEY), theirs.sort(KEY), check_column_order=False, check_exact=True)


def test_a_bloc_of_ones_own_has_intervals_of_its_own_members(tmp_path: Path) -> None:
    (tmp_path / "blocs.toml").write_text(
        'format = 1\nversion = "mine"\n[blocs.quad]\nlabel = "Mine"\nsource = "me"\nmembers = ["DE", "JP"]\n'
    )
    workspace = small(tmp_path, bloc_file=tmp_path / "blocs.toml", blocs=["quad"])
    workspace.update()
    rows = workspace.indices(bloc="quad", index="joint").filter(pl.col("year") == 2018).collect().sort("a")
    assert rows.select("a", "value").rows() == [("KR", 1.0), ("US", 15.0)]
    assert rows["lo"].to_list() == pytest.approx([0.0253, 8.3954], abs=1e-3)


def test_small_counts_are_flagged_and_have_the_exact_interval(tmp_path: Path) -> None:
    workspace = small(tmp_path)
    workspace.update()
    rows = workspace.indices(field="qis").filter(pl.col("year") == 2018).collect()

    def row(index: str, a: str, b: str) -> dict[str, Any]:
        return rows.filter(index=index, a=a, b=b, counting="full").row(0, named=True)

    joint = row("joint", "DE", "US")
    assert (joint["interval"], joint["interval_flag"]) == ("poisson", None)
    assert (joint["lo"], joint["hi"]) == pytest.approx((0.6187, 8.7673), abs=1e-4)
    few, many = row("salton", "DE", "US"), row("salton", "JP", "US")
    assert (few["interval"], few["interval_flag"]) == ("delta", "small_count")
    assert (many["interval"], many["interval_flag"]) == ("delta", None)
    assert few["lo"] < few["value"] < few["hi"]
    share = row("share", "DE", "US")
    assert (share["value"], share["interval"], share["interval_flag"]) == (0.75, "binomial", None)


def test_bootstrap_is_the_same_for_a_seed_and_another_for_another(tmp_path: Path) -> None:
    workspace = small(tmp_path)
    assert workspace.update().changed
    delta = contents(workspace)
    assert workspace.update(bootstrap=200).release == 2
    first = contents(workspace)
    assert not workspace.update(bootstrap=200, seed=0).changed
    assert workspace.update(bootstrap=200, seed=1).release == 3
    second = contents(workspace)
    changed = {name for name in first if first[name] != second[name]}
    assert changed == {"intervals", "bloc_intervals", "conventions"}
    assert {name for name in first if first[name] != delta[name]} >= {"intervals", "conventions"}
    assert first["indices"] == second["indices"] == delta["indices"]
    again = small(tmp_path / "again")
    again.update(bootstrap=200)
    assert contents(again) == first | {"inputs": contents(again)["inputs"]}
    rows = workspace.indices(index="salton", release=2).collect()
    theirs = tc.uncertainty.bootstrap(
        workspace.tally("openalex", release=2), ["salton"], replicates=200, zeros=False
    )
    key = [*CELL, "a", "b"]
    assert_frame_equal(rows.sort(key).select("lo", "hi"), theirs.sort(key).select("lo", "hi"))
    said = workspace.table("conventions", release=3).filter(column="salton", table="indices").collect()
    assert said.select("interval", "replicates", "seed", "level").row(0) == ("percentile", 200, 1, 0.95)


def test_settings_of_the_workspace_say_how_and_the_seed_alone_changes_nothing(tmp_path: Path) -> None:
    workspace = small(tmp_path)
    workspace.update()
    (tmp_path / "ws" / "trendcore.toml").write_text("seed = 3\n")
    assert not workspace.update().changed
    (tmp_path / "ws" / "trendcore.toml").write_text(
        'seed = 3\nbootstrap = 50\nintervals = ["salton", "joint"]\n'
    )
    assert workspace.update().changed
    wide = workspace.table("intervals").collect_schema().names()
    assert {name.split("__")[0] for name in wide if "__" in name} == {"salton", "joint", "joint:newman"}
    assert set(workspace.indices(index="salton").collect()["interval"].drop_nulls()) == {"percentile"}
    assert set(workspace.indices(index="ric").collect()["interval"]) == {None}
    assert not workspace.update(bootstrap=50, seed=3).changed
    assert workspace.update(bootstrap=0).changed
    assert set(workspace.indices(index="salton").collect()["interval"].drop_nulls()) == {"delta"}
    assert tc.Workspace(tmp_path / "ws", intervals=[]).update().changed
    assert "intervals" not in workspace.tables()
    assert set(workspace.indices(index="salton").collect()["lo"]) == {None}


@pytest.mark.parametrize(
    ("settings", "given", "error"),
    [
        ({}, {"bootstrap": 1}, "at least 2"),
        ({}, {"bootstrap": -5}, "greater than or equal to 0"),
        ({}, {"seed": 3}, "a seed is of the bootstrap"),
        ({}, {"bootstrap": 9, "seed": 1 << 63}, "less than"),
        ({"intervals": ["saltn"]}, {}, "no index is named 'saltn'"),
    ],
)
def test_what_makes_no_sense_is_refused(
    tmp_path: Path, settings: dict[str, Any], given: dict[str, Any], error: str
) -> None:
    workspace = small(tmp_path, **settings)
    with pytest.raises((UsageError, UnknownIndexError), match=error):
        workspace.update(**given)


def test_a_value_of_trade_has_the_gap_between_its_two_reports(tmp_path: Path) -> None:
    # Japan's and Thailand's reports of what went from Japan to Thailand; of the way back one alone
    rows = ["2018,M,764,392,H5,854231,7", "2018,X,392,764,H5,854231,5", "2018,M,392,764,H5,854231,3"]
    (tmp_path / "t.csv").write_text(HEADER + "\n".join(rows) + "\n")
    workspace = tc.Workspace(tmp_path / "ws")
    workspace.ingest("comtrade", tmp_path / "t.csv")
    workspace.update()
    found = (
        workspace.indices(pair="JP-TH", field="semiconductors", index="value").drop_nulls("value").collect()
    )
    shown = {
        (row["role"], row["a"], row["b"]): (row["value"], row["lo"], row["hi"], row["interval"])
        for row in found.iter_rows(named=True)
    }
    assert shown == {
        ("importer", "JP", "TH"): (7.0, 5.0, 7.0, "reports"),
        ("exporter", "JP", "TH"): (5.0, 5.0, 7.0, "reports"),
        ("importer", "TH", "JP"): (3.0, None, None, None),
    }
    others = workspace.indices(field="semiconductors", index="import_share").collect()
    assert set(others["interval"]) == {None}
    assert set(others["interval_flag"]) == {"no_works"}


def test_a_tally_of_what_is_not_published_says_what_is(ws: tc.Workspace) -> None:
    with pytest.raises(UsageError, match=r"no works are published of baci; there are patentsview applicant"):
        ws.tally("baci")
    assert set(ws.tally("patentsview", role="inventor", field="ai").totals["field"]) == {"ai"}


def test_a_release_of_before_there_were_intervals_is_read(
    ws: tc.Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = Store.read

    def without(store: Store, manifest: Manifest, name: str) -> pl.LazyFrame:
        rows = read(store, manifest, name)
        return rows.drop("interval") if name == "conventions" else rows

    monkeypatch.setattr(Store, "read", without)
    rows = ws.indices(index="salton").collect()
    assert rows.height > 100
    assert set(rows["interval"]) == {None}
