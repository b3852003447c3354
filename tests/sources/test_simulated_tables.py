"""The sample's tables in the feeds' own formats, read back."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.openalex import Read, read

from trendcore.simulate import write_sample


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sample")
    write_sample(folder, seed=5, scale=0.1)
    return folder


def accounted(got: Read, feed: str) -> None:
    assert all(name.startswith(feed) for name in got.counts)
    assert sum(counts.accepted for counts in got.counts.values()) == len(got.rows)


def test_patentsview(sample: Path) -> None:
    got = read(sample / "patentsview", name="patentsview")
    accounted(got, "patentsview")
    assert all("is not in g_location_disambiguated" in reason for reason in got.reasons)
    assert got.counts["patentsview/g_patent.tsv.zip"].set_aside.keys() == {"withdrawn"}
    assert {len(row["cpc"]) for row in got.rows if row["type"] == "design"} == {0}
    assert any(len(row["inventor_countries"]) > 1 for row in got.rows)


def test_baci(sample: Path) -> None:
    got = read(sample / "baci", name="baci")
    accounted(got, "baci")
    assert got.quarantine == []
    assert {row["hs_revision"] for row in got.rows} == {"HS07", "HS22"}
    assert all(len(row["hs6"]) == 6 and row["value"] >= 0 for row in got.rows)


def test_comtrade(sample: Path) -> None:
    got = read(sample / "comtrade", name="comtrade")
    accounted(got, "comtrade")
    assert got.quarantine == []
    assert all(counts.set_aside.keys() == {"aggregate"} for counts in got.counts.values())
    assert any(row["exporter"] == row["importer"] for row in got.rows)
