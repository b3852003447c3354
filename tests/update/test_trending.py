"""The published trends: zeros where there was nothing, gaps where nothing is known, complete years alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest
from support.workspaces import contents, qis, write_works

import trendcore as tc
from trendcore.errors import UsageError

YEARS = range(2014, 2024)
#: joint works of JP and US in `YEARS`; in 2017 all works of JP are its own
JOINT = (0, 1, 0, 0, 2, 1, 3, 4, 4, 6)
HEADER = "refYear,flowCode,reporterCode,partnerCode,classificationCode,cmdCode,primaryValue\n"


def released(folder: Path, **settings: Any) -> tc.Workspace:
    works: list[tuple[int, tuple[str, ...]]] = []
    for year, joint in zip(YEARS, JOINT, strict=True):
        works += [(year, ("JP", "US"))] * joint + [(year, ("KR", "US"))] * 2
        works += [(year, ("JP",))] if year == 2017 else [(year, ("JP", "KR"))]
    works += [(2024, ("JP", "US"))]  # 2024 is not complete
    records = [
        qis(at, *names, publication_year=year, publication_date=f"{year}-03-01")
        for at, (year, names) in enumerate(works, start=1)
    ]
    workspace = tc.Workspace(folder / "ws", **settings)
    workspace.ingest("openalex", write_works(folder / "w.jsonl", *records))
    workspace.update()
    return workspace


def trend(workspace: tc.Workspace, index: str, a: str = "JP", b: str = "US") -> dict[str, Any]:
    rows = workspace.table("trends").filter(index=index, a=a, b=b, field="qis", counting="full").collect()
    return rows.row(0, named=True)


def by_hand(years: list[int], values: list[float]) -> dict[str, Any]:
    frame = pl.DataFrame({"year": years, "value": values})
    return tc.trends.trend(frame, test="original").row(0, named=True)


def test_a_year_without_joint_works_is_zero_and_an_incomplete_one_is_left_out(tmp_path: Path) -> None:
    found = trend(released(tmp_path), "joint")
    expected = by_hand(list(YEARS), list(JOINT))
    same = ("n", "first", "last", "slope", "slope_lo", "slope_hi", "tau", "p", "direction", "test", "flag")
    assert {name: found[name] for name in same} == {name: expected[name] for name in same}
    assert (found["n"], found["last"], found["direction"]) == (10, 2023, "rising")


def test_a_year_in_which_a_country_has_no_works_abroad_is_not_known(tmp_path: Path) -> None:
    workspace = released(tmp_path)
    known = [year for year in YEARS if year != 2017]
    values = {row[0]: row[1] for row in zip(YEARS, JOINT, strict=True)}
    share = by_hand(known, [values[year] / (values[year] + 1) for year in known])  # 1 work with KR a year
    found = trend(workspace, "share")
    assert (found["n"], found["flag"]) == (9, share["flag"])
    assert "gaps" in found["flag"]
    assert (found["slope"], found["p"]) == pytest.approx((share["slope"], share["p"]), rel=1e-12)
    assert trend(workspace, "npmi")["n"] == 9
    assert not {"pmi", "z"} & set(workspace.table("trends").collect()["index"])


def test_the_table_has_each_series_once(tmp_path: Path) -> None:
    rows = released(tmp_path).table("trends").collect()
    key = ["source", "role", "field", "a", "b", "index", "counting", "marginals"]
    assert rows.height == rows.unique(key).height > 40
    assert rows.equals(rows.sort(key, nulls_last=True))
    both = rows.filter(index="ric", counting="full").select("a", "b").rows()
    once = rows.filter(index="salton").select("a", "b").rows()
    assert len(both) == 2 * len(once)
    assert all(a < b for a, b in once)


def test_a_setting_says_over_how_many_years(tmp_path: Path) -> None:
    workspace = released(tmp_path, trend_years=5)
    found = trend(workspace, "joint")
    assert (found["n"], found["first"], found["test"]) == (5, 2019, "exact")
    before = contents(workspace)
    longer = tc.Workspace(tmp_path / "ws", trend_years=6)
    assert longer.update().changed
    assert {name for name, sha in contents(longer).items() if sha != before[name]} == {"trends"}
    with pytest.raises(UsageError, match="trend_years"):
        tc.Workspace(tmp_path / "ws", trend_years=4).update()


def test_a_flow_that_is_not_listed_is_zero_where_both_trade(tmp_path: Path) -> None:
    rows = [f"{year},M,764,392,H5,854231,{5 + year - 2017}" for year in range(2017, 2025)]
    rows += [f"{year},M,410,156,H5,854231,7" for year in range(2017, 2025)]
    rows += ["2021,M,764,156,H5,854231,9", "2023,M,764,156,H5,854231,11"]
    (tmp_path / "t.csv").write_text(HEADER + "\n".join(rows) + "\n")
    workspace = tc.Workspace(tmp_path / "ws")
    workspace.ingest("comtrade", tmp_path / "t.csv")
    workspace.update()
    rising = workspace.table("trends").filter(index="value", field="semiconductors").collect()
    found = {row[0]: row[1:] for row in rising.select(pl.format("{}-{}", "a", "b"), "n", "slope", "p").rows()}
    assert found["JP-TH"][:2] == (8, 1.0)
    # China exports and Thailand imports in every year, so that six of eight are zeros
    expected = by_hand(list(range(2017, 2025)), [0, 0, 0, 0, 9, 0, 11, 0])
    assert found["CN-TH"] == (8, expected["slope"], expected["p"])
    assert "TH-JP" not in {name for name, (n, *_) in found.items() if n}
