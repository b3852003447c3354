"""Rates of the steps of `ingest` and `update` that decide how they grow, for docs/scaling.md.

python -m pytest benchmarks/test_rates.py --works 4e6 --benchmark-json benchmarks/results/DATE-rates.json

Every rate is that of all cores of this machine, in units (rows, bytes, inputs) a second.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import ingest_files
import polars as pl
import pytest
import update_store

import trendcore as tc
from trendcore.config import settings
from trendcore.pools.base import Order, Result
from trendcore.pools.processes import Processes
from trendcore.store import Ledger, Store, sha256_of
from trendcore.update.method import Method, method
from trendcore.update.resolve import resolve
from trendcore.update.trade import trade
from trendcore.update.workers import tallying
from trendcore.update.works import added

ROUNDS = 3
INPUTS = 100
CORES = pl.thread_pool_size()
#: workers that there might be: few get large parts, many get small ones
WORKERS = {"large": 2, "small": 1000}
ADDED = 8
#: rows of a small file
SMALL = 1000


@pytest.fixture(scope="module")
def stored(n_works: int, tmp_path_factory: pytest.TempPathFactory) -> Store:
    return update_store.make(str(tmp_path_factory.mktemp("rates") / "ws"), n_works, "mixed", INPUTS)


@pytest.fixture(scope="module")
def how() -> Method:
    return method(settings())


def _say(benchmark: Any, n: int, what: str, **more: Any) -> None:
    rate = n / benchmark.stats.stats.median
    benchmark.extra_info.update(n=n, what=what, cores=CORES, per_second=rate, **more)


@pytest.mark.parametrize("scans", ["one", "of_each_file"])
def test_scan(benchmark: Any, scans: str, tmp_path: Path) -> None:
    """Why a part is one scan: a column of a hundred small files, beside a scan of each put together."""
    store = update_store.make(str(tmp_path / "ws"), SMALL * INPUTS, "mixed", INPUTS)
    contents = _ids(store)

    def one() -> pl.LazyFrame:
        return store.scan("papers", contents).slice(0, SMALL * INPUTS)

    def of_each_file() -> pl.LazyFrame:
        return pl.concat([store.scan("papers", [content]).slice(0, SMALL) for content in contents])

    frame = {"one": one, "of_each_file": of_each_file}[scans]().select("id")
    read = benchmark.pedantic(
        lambda: frame.collect(engine="streaming").height, rounds=ROUNDS, warmup_rounds=1
    )
    assert read == SMALL * INPUTS
    _say(benchmark, read, "works")


def _ids(store: Store) -> list[str]:
    return list(store.ledger().contents)


def test_hash(benchmark: Any, stored: Store) -> None:
    """SHA-256 of stored rows, as an update takes it of all that it reads."""
    files = sorted(Path(str(stored.root)).glob("tables/papers/input=*/*.parquet"))
    assert len(files) == INPUTS
    benchmark.pedantic(lambda: [sha256_of(path) for path in files], rounds=ROUNDS, warmup_rounds=1)
    _say(benchmark, sum(path.stat().st_size for path in files), "bytes")


def test_check(benchmark: Any, stored: Store) -> None:
    """What an update and `verify` do with stored rows: hash several files at a time; beside `test_hash`."""
    contents = _ids(stored)
    damage = benchmark.pedantic(stored.verify_inputs, (contents,), rounds=ROUNDS, warmup_rounds=1)
    assert damage == {}
    files = Path(str(stored.root)).glob("tables/papers/input=*/*.parquet")
    _say(benchmark, sum(path.stat().st_size for path in files), "bytes")


def test_resolve(benchmark: Any, stored: Store, n_works: int) -> None:
    """Find works of which there are several versions, or that are gone."""
    ledger = stored.ledger()
    benchmark.pedantic(lambda: resolve(stored, ledger, "openalex", "papers"), rounds=ROUNDS, warmup_rounds=1)
    _say(benchmark, n_works, "works")


def _orders(store: Store, ledger: Ledger, how: Method, workers: int) -> list[Order]:
    resolved = resolve(store, ledger, "openalex", "papers")
    with Processes(workers, threads=workers) as pool:  # none is started
        apart = tallying.Apart(pool, "cpu")
        return tallying.orders(apart, store, ledger, "papers", resolved, how, all_works=False)


@pytest.mark.parametrize("parts", WORKERS)
def test_tally(benchmark: Any, parts: str, stored: Store, how: Method) -> None:
    """A task: one part of the stored works, from Parquet to tallies in bytes."""
    orders = _orders(stored, stored.ledger(), how, WORKERS[parts])
    result: Result = benchmark.pedantic(tallying.count_part, (orders[-1],), rounds=ROUNDS, warmup_rounds=1)
    (tally,) = result["tallies"]
    rows = orders[-1]["rows"]
    sent = sum(len(tally[name]) for name in ("pairs", "members", "totals", "patterns"))
    _say(benchmark, rows, "works", parts=len(orders), bytes_per_row=sent / rows)


@pytest.mark.parametrize("parts", WORKERS)
def test_add(benchmark: Any, parts: str, stored: Store, how: Method) -> None:
    """What the coordinator does with the results of eight tasks: unpack them and add them up."""
    orders = _orders(stored, stored.ledger(), how, WORKERS[parts])[:ADDED]
    results = [tallying.count_part(order) for order in orders]
    benchmark.pedantic(
        lambda: added([tallying.counted(result) for result in results]), rounds=ROUNDS, warmup_rounds=1
    )
    _say(benchmark, sum(order["rows"] for order in orders), "works")


def test_trade(benchmark: Any, how: Method, json_mb: float, tmp_path: Path) -> None:
    """Tally flows of BACI."""
    paths, _ = ingest_files.write_baci(tmp_path / "raw", json_mb / 4)
    tc.Workspace(tmp_path / "ws").ingest("baci", *paths)
    store = Store.open(tmp_path / "ws")
    ledger = store.ledger()
    flows = store.scan("trade", _ids(store)).select(pl.len()).collect().item()
    benchmark.pedantic(
        lambda: trade(resolve(store, ledger, "baci", "trade"), how), rounds=ROUNDS, warmup_rounds=1
    )
    size = sum(path.stat().st_size for path in (tmp_path / "ws").glob("tables/trade/input=*/*.parquet"))
    _say(benchmark, flows, "flows", bytes_per_row=size / flows)


def test_commit(benchmark: Any, tmp_path: Path) -> None:
    """Name the rows of 500 inputs, one after the other: what the holder of the lock does for each."""
    benchmark.pedantic(
        lambda root: update_store.make(root, 5000, "mixed", 500),
        setup=lambda: ((str(tmp_path / os.urandom(4).hex()),), {}),
        rounds=ROUNDS,
    )
    _say(benchmark, 500, "inputs")
