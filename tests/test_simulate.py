"""The sample is what it says: the same each time, in the real formats, with the faults on purpose."""

from __future__ import annotations

import csv
import functools
import gzip
import io
import itertools
import json
import subprocess
import sys
import zipfile
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from support.shared import ROOT, shared_data

from trendcore.errors import UsageError
from trendcore.simulate import COUNTRIES, FEEDS, FIELDS, flows, works, write_sample
from trendcore.simulate.flows import TRADERS
from trendcore.simulate.products import products

SAMPLE = ROOT / "datasets" / "sample"


def content(path: Path) -> bytes:
    """A file's content, decompressed."""
    if path.suffix == ".gz":
        return gzip.decompress(path.read_bytes())
    if path.suffix == ".zip":
        with zipfile.ZipFile(path) as archive:
            (member,) = archive.namelist()
            return archive.read(member)
    return path.read_bytes()


def tree(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): content(path)
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sample")
    write_sample(folder, seed=7)
    return folder


def rows(path: Path, encoding: str = "utf-8", delimiter: str = ",") -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content(path).decode(encoding)), delimiter=delimiter))


@functools.lru_cache(maxsize=1)
def records(folder: Path) -> list[dict[str, object]]:
    found = []
    for path in sorted(folder.glob("openalex/updated_date=*/part_*.gz")):
        for line in content(path).decode().splitlines():
            try:
                found.append(json.loads(line))
            except json.JSONDecodeError:
                found.append({})
    return found


def test_the_committed_sample_is_what_the_seed_gives(sample: Path) -> None:
    made, committed = tree(sample), tree(SAMPLE)
    assert made.keys() == committed.keys()
    different = [name for name in made if made[name] != committed[name]]
    assert different == []


def test_the_committed_sample_is_small() -> None:
    assert sum(path.stat().st_size for path in SAMPLE.rglob("*") if path.is_file()) < 5_000_000


def test_same_bytes_each_time_and_other_bytes_for_another_seed(tmp_path: Path) -> None:
    for name, seed in (("one", 7), ("two", 7), ("other", 8)):
        write_sample(tmp_path / name, seed=seed, scale=0.02, feeds=["openalex", "patentsview", "comtrade"])
    one, two, other = (
        {path.relative_to(base): path.read_bytes() for path in base.rglob("*") if path.is_file()}
        for base in (tmp_path / "one", tmp_path / "two", tmp_path / "other")
    )
    assert one == two
    assert one != other


def test_feeds_are_chosen_and_checked(tmp_path: Path) -> None:
    write_sample(tmp_path, scale=0.01, feeds=["patentsview"])
    assert [path.name for path in tmp_path.iterdir()] == ["patentsview"]
    with pytest.raises(UsageError, match="no feed named scopus"):
        write_sample(tmp_path, feeds=["scopus"])
    with pytest.raises(UsageError, match="scale"):
        write_sample(tmp_path, scale=0)


def test_no_polars_is_needed() -> None:
    code = "import sys, trendcore.simulate; print('polars' in sys.modules or 'pyarrow' in sys.modules)"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "False"


def test_works_look_like_science() -> None:
    drawn = works(40_000, seed=3)
    home = drawn.country[drawn.offsets[:-1]]
    order = [COUNTRIES[code].alpha2 for code, _ in Counter(home[home >= 0].tolist()).most_common(12)]
    assert set(order[:2]) == {"US", "CN"}
    assert {"JP", "DE", "GB", "KR", "IN"} <= set(order)
    sizes = np.diff(drawn.offsets)
    assert 3 < sizes.mean() < 6
    assert sizes.max() > 100
    several = sum(
        len(set(drawn.country[a:b].tolist()) - {-1}) > 1
        for a, b in itertools.pairwise(drawn.offsets.tolist())
    )
    assert 0.2 < several / len(drawn) < 0.45
    per_year = np.bincount(drawn.year - 2014)
    assert per_year[9] > 1.6 * per_year[0]  # growth
    assert per_year[10] < 0.6 * per_year[9]  # the running year


def test_works_refuses_what_cannot_be() -> None:
    with pytest.raises(ValueError, match="cannot draw"):
        works(-1)
    with pytest.raises(ValueError, match="cannot draw"):
        works(5, years=(2020, 2010))
    assert len(works(0)) == 0


def test_openalex_has_its_irregularities(sample: Path) -> None:
    found = records(sample)
    assert sum(not record for record in found) == 1  # the broken line
    good = [record for record in found if record]
    ids = Counter(record["id"] for record in good)
    assert max(ids.values()) == 2  # a later version
    topics = [record["topics"] for record in good if "topics" in record]
    assert any(not some for some in topics)
    firsts = Counter(some[0]["id"].rsplit("/", 1)[1] for some in topics if some)  # type: ignore[index]
    assert firsts["T14423"] > 100
    assert any("concepts" in record for record in good)
    assert any(record["is_retracted"] for record in good)
    assert any(record["is_paratext"] for record in good)
    assert any(record.get("is_xpac") for record in good)
    assert any(not record["authorships"] for record in good)
    assert any(len(record["authorships"]) > 100 for record in good)  # type: ignore[arg-type]


def test_openalex_counts_of_countries_hold(sample: Path) -> None:
    for record in records(sample):
        if "countries_distinct_count" in record:
            seen = {code for authorship in record["authorships"] for code in authorship["countries"]}  # type: ignore[attr-defined]
            assert record["countries_distinct_count"] == len(seen)


def test_openalex_keys_are_those_of_the_real_feed(sample: Path) -> None:
    with (shared_data("openalex") / "api" / "search_works.jsonl").open() as lines:
        real = [json.loads(line) for line in lines]
    known = set().union(*(work.keys() for work in real)) | {"concepts"}
    made = next(record for record in records(sample) if "topics" in record)
    assert made.keys() <= known
    authorship = next(work["authorships"][0] for work in real if work["authorships"])
    assert made["authorships"][0].keys() <= authorship.keys()  # type: ignore[index]


def test_patentsview_headers_are_those_of_the_real_feed(sample: Path) -> None:
    for path in shared_data("patentsview").glob("*.tsv"):
        (made,) = (sample / "patentsview").glob(f"{path.name}*")
        assert content(made).split(b"\n")[0] == path.read_bytes().split(b"\n")[0].rstrip(b"\r"), path.name


def test_patentsview_has_its_irregularities(sample: Path) -> None:
    folder = sample / "patentsview"
    inventors = rows(folder / "g_inventor_disambiguated.tsv.zip", delimiter="\t")
    places = {
        row["location_id"]: row["disambig_country"]
        for row in rows(folder / "g_location_disambiguated.tsv", delimiter="\t")
    }
    assert "NA" in places.values()
    keys = Counter((row["patent_id"], row["inventor_id"]) for row in inventors)
    assert max(keys.values()) >= 2
    blank = sum(not row["location_id"] for row in inventors)
    strange = sum(bool(row["location_id"]) and row["location_id"] not in places for row in inventors)
    assert 0 < blank < 0.02 * len(inventors)
    assert 0 < strange < 0.01 * len(inventors)
    symbols = rows(folder / "g_cpc_current.tsv.zip", delimiter="\t")
    assert any(not row["cpc_group"] for row in symbols)
    assert any(row["withdrawn"] == "1" for row in rows(folder / "g_patent.tsv.zip", delimiter="\t"))
    owners = rows(folder / "g_assignee_disambiguated.tsv.zip", delimiter="\t")
    assert sum(bool(row["location_id"]) for row in owners) > 0.9 * len(owners)


def test_comtrade_layouts_are_those_of_the_real_feed(sample: Path) -> None:
    real = shared_data("comtrade")
    pairs = {
        "TradeData.csv": real / "TradeData.csv",
        "semiconductor_equipment_legacy.csv": real / "semiconductor_equipment_legacy_2016_2020.csv",
    }
    for name, path in pairs.items():
        assert (sample / "comtrade" / name).read_bytes().split(b"\n")[0] == path.read_bytes().split(b"\n")[0]


def test_comtrade_world_is_the_sum_of_partners(sample: Path) -> None:
    path = sample / "comtrade" / "TradeData.csv"
    assert all(line.endswith(b",") for line in path.read_bytes().splitlines()[1:])
    assert b"C\xf4te" in path.read_bytes()
    found = rows(path, encoding="latin-1")
    for year in {row["refYear"] for row in found}:
        for reporter in ("JPN", "USA"):
            mine = [row for row in found if row["refYear"] == year and row["reporterISO"] == reporter]
            world = sum(int(row["primaryValue"]) for row in mine if row["partnerCode"] == "0")
            assert world == sum(int(row["primaryValue"]) for row in mine if row["partnerCode"] != "0")
    assert any(row["partnerCode"] == "490" for row in found)


def test_baci_rows(sample: Path) -> None:
    names = {int(row["country_code"]) for row in rows(sample / "baci" / "country_codes_V202501.csv")}
    for path in sorted((sample / "baci").glob("BACI_*.csv")):
        edition = path.name.split("_")[1]
        codes = {int(good.code) for good in products(edition)}
        found = rows(path)
        assert len(found) > 3000
        assert list(found[0]) == ["t", "i", "j", "k", "v", "q"]
        assert len({(row["i"], row["j"], row["k"]) for row in found}) == len(found)
        for row in found:
            assert {int(row["i"]), int(row["j"])} <= names
            assert row["i"] != row["j"]
            assert int(row["k"]) in codes
            assert float(row["v"]) > 0


def test_trade_looks_like_trade() -> None:
    drawn = flows(2022, "HS22", rows=5000)
    chips = np.array([good.code.startswith("8542") for good in drawn.goods])[drawn.product]
    by = Counter()  # type: ignore[var-annotated]
    for exporter, value in zip(drawn.exporter[chips].tolist(), drawn.value[chips].tolist(), strict=True):
        by[TRADERS[exporter].alpha2] += value
    assert "TW" in [name for name, _ in by.most_common(3)]
    assert len({good.code[:2] for good in drawn.goods}) >= 96
    assert drawn.value.min() > 0


def test_product_codes_exist_in_the_real_tables() -> None:
    path = shared_data("reference") / "harmonized-system.csv"
    with path.open() as lines:
        real = {row["hscode"] for row in csv.DictReader(lines)}
    assert {good.code for good in products("HS22")} <= real


def test_without_irregularities(tmp_path: Path) -> None:
    write_sample(tmp_path, scale=0.05, irregular=False, feeds=["openalex", "comtrade"])
    partners = {row["partnerCode"] for row in rows(tmp_path / "comtrade" / "TradeData.csv")}
    assert "0" not in partners
    found = records(tmp_path)
    assert all(found)
    assert all(record["topics"] for record in found if "topics" in record)


def test_scale_and_feeds() -> None:
    assert FEEDS == ("openalex", "patentsview", "baci", "comtrade")
    assert FIELDS == ("semiconductors", "ai", "qis", "5g", "space")


def test_the_sample_shows_a_pair_in_every_field(sample: Path) -> None:
    """Japan and the United States work together, and trade, in every field."""
    found = rows(sample / "baci" / "BACI_HS22_Y2023_V202501.csv")
    between = {row["k"].zfill(6) for row in found if {row["i"], row["j"]} == {"392", "842"}}
    assert {"854231", "848620", "851761", "880260"} <= between
    exporters = Counter(row["i"] for row in found)
    assert min(exporters.values()) >= 5
    for kind, n in (("papers", 22_000), ("patents", 8_000)):
        drawn = works(n, seed=7, kind=kind)
        codes = [country.alpha2 for country in COUNTRIES]
        pair = {codes.index("JP"), codes.index("US")}
        joint = Counter(
            int(drawn.field[at])
            for at, (a, b) in enumerate(itertools.pairwise(drawn.offsets.tolist()))
            if drawn.year[at] == 2023 and pair <= set(drawn.country[a:b].tolist())
        )
        assert all(joint[field] > 0 for field in range(len(FIELDS))), kind
