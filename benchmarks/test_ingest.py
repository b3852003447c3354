"""Reading raw files: trendcore beside Polars and DuckDB, same files, same answer, one run.

python -m pytest benchmarks/test_ingest.py --json-mb 1000 --benchmark-json benchmarks/results/DATE-ingest.json
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import ingest_files
import ingest_peers as peers
import polars as pl
import pytest
from polars.testing import assert_frame_equal

import trendcore as tc
from trendcore import taxonomy
from trendcore.sources import Batch, ReadContext, feed

ROUNDS = 5
THREADS = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@dataclass(frozen=True)
class Raw:
    """Files of a feed, and the MB in them when unpacked."""

    paths: Sequence[Path]
    mb: float


@pytest.fixture(scope="session")
def works(json_mb: float, tmp_path_factory: pytest.TempPathFactory) -> Raw:
    return Raw(*ingest_files.write_openalex(tmp_path_factory.mktemp("openalex"), json_mb))


@pytest.fixture(scope="session")
def trade(json_mb: float, tmp_path_factory: pytest.TempPathFactory) -> Raw:
    return Raw(*ingest_files.write_baci(tmp_path_factory.mktemp("baci"), json_mb / 4))


@pytest.fixture(scope="session")
def patents(json_mb: float, tmp_path_factory: pytest.TempPathFactory) -> Raw:
    return Raw(*ingest_files.write_patentsview(tmp_path_factory.mktemp("patentsview"), json_mb / 4))


def _read(name: str, raw: Raw, keep: Literal["fields", "all"] = "all") -> list[Batch]:
    """Read files to canonical rows, as many at a time as there are threads."""
    source = feed(name)
    context = ReadContext(taxonomy.countries(), taxonomy.fields(), keep)
    with ThreadPoolExecutor(THREADS) as pool:
        read = pool.map(lambda unit: list(source.read(unit, context)), source.discover(raw.paths))
        return [batch for batches in read for batch in batches]


def _rows(batches: list[Batch]) -> pl.DataFrame:
    return pl.concat([pl.DataFrame(batch.rows) for batch in batches if batch.rows.num_rows])


def _same_works(found: pl.DataFrame, right: pl.DataFrame) -> None:
    """Compare what both compute: rows, years, dates, topics, and each country's share of each work."""
    key = ["id", "updated"]
    plain = ["year", "date", "n_authors", "type", "language", "is_retracted", "is_paratext", "cited_by"]
    topics = pl.col("topics").list.eval(pl.element().struct.field("id")).fill_null([])
    frames = [frame.sort(key).select(*key, *plain, topics) for frame in (found, right)]
    assert_frame_equal(*frames, check_dtypes=False)
    names = taxonomy.countries().labels()
    shares = []
    for frame in (found, right):
        flat = frame.select(*key, "countries", "shares").explode("countries", "shares").drop_nulls()
        if flat["countries"].dtype != pl.String:
            flat = flat.with_columns(pl.col("countries").replace_strict(names, return_dtype=pl.String))
        known = flat.filter(pl.col("countries").is_in(list(names.values())))
        shares.append(known.sort(*key, "countries"))
    assert_frame_equal(*shares)


def _run(benchmark: Any, raw: Raw, call: Callable[[], Any], *, rounds: int = ROUNDS, **setup: Any) -> None:
    benchmark.pedantic(call, rounds=rounds, iterations=1, **setup)
    benchmark.extra_info.update(
        mb=round(raw.mb, 1), threads=THREADS, mb_per_s=round(raw.mb / benchmark.stats.stats.median, 1)
    )


@pytest.fixture(scope="session")
def right_works(works: Raw) -> pl.DataFrame:
    return _rows(_read("openalex", works))


def test_works_trendcore(benchmark: Any, works: Raw, right_works: pl.DataFrame) -> None:
    assert right_works.height > 0  # the first call has compiled and warmed up
    _run(benchmark, works, lambda: _read("openalex", works))


def test_works_trendcore_of_fields(benchmark: Any, works: Raw, right_works: pl.DataFrame) -> None:
    batches = _read("openalex", works, "fields")
    n_aside = sum(sum(batch.counts.set_aside.values()) for batch in batches)
    assert _rows(batches).height + n_aside == right_works.height
    _run(benchmark, works, lambda: _read("openalex", works, "fields"))


def test_works_trendcore_stored(
    benchmark: Any, works: Raw, right_works: pl.DataFrame, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Also hashed, written, brought to disk and entered in the ledger."""

    def ingest() -> Any:
        ws = tc.Workspace(tmp_path_factory.mktemp("ws") / "ws")
        return ws.ingest("openalex", *works.paths, keep="all")

    assert sum(counts.accepted for counts in ingest().counts) == right_works.height
    _run(benchmark, works, ingest)


def test_works_polars(benchmark: Any, works: Raw, right_works: pl.DataFrame) -> None:
    _same_works(peers.works_with_polars(works.paths), right_works)
    _run(benchmark, works, lambda: peers.works_with_polars(works.paths))


def test_works_duckdb(benchmark: Any, works: Raw, right_works: pl.DataFrame) -> None:
    _same_works(peers.works_with_duckdb(works.paths, THREADS), right_works)
    _run(benchmark, works, lambda: peers.works_with_duckdb(works.paths, THREADS))


def test_trade_trendcore(benchmark: Any, trade: Raw) -> None:
    rows = _rows(_read("baci", trade))
    right = peers.trade_with_polars(trade.paths)
    key = ["year", "hs6", "value"]
    assert_frame_equal(rows.select(key).sort(key), right.select(key).sort(key))
    _run(benchmark, trade, lambda: _read("baci", trade))


def test_trade_polars(benchmark: Any, trade: Raw) -> None:
    peers.trade_with_polars(trade.paths)
    _run(benchmark, trade, lambda: peers.trade_with_polars(trade.paths))


def test_patents_trendcore(benchmark: Any, patents: Raw) -> None:
    read = sum(batch.counts.read for batch in _read("patentsview", patents))
    assert read == sum(one.height for one in peers.patents_with_polars(patents.paths, ingest_files.TABLES))
    _run(benchmark, patents, lambda: _read("patentsview", patents))


def test_patents_polars(benchmark: Any, patents: Raw) -> None:
    peers.patents_with_polars(patents.paths, ingest_files.TABLES)
    _run(benchmark, patents, lambda: peers.patents_with_polars(patents.paths, ingest_files.TABLES))
