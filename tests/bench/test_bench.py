"""The shared cases of the benchmarks: right answers, wrong ones that are noticed, and cases left out."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import polars as pl
import pytest

from trendcore import bench
from trendcore.bench import peers, timing
from trendcore.errors import BackendError, UsageError

PEERS = {
    "polars": peers.with_polars,
    "duckdb": partial(peers.with_duckdb, threads=2),
    "scipy": peers.with_scipy,
}


@pytest.mark.parametrize("name", PEERS)
def test_peers_count_by_hand(name: str) -> None:
    pytest.importorskip(name)
    lists = [[3, 1, 3], [1], [1, 2, 3], [2, 2], [3, 1]]
    works = pl.DataFrame(
        {"field": [0, 0, 0, 1, 1], "year": [1990, 1990, 1991, 1990, 1990], "members": lists},
        schema={"field": pl.UInt8, "year": pl.Int16, "members": pl.List(pl.UInt8)},
    )
    pairs, members = PEERS[name](works)
    assert pairs.select("field", "year", "a", "b", "joint").sort(pl.all()).rows() == [
        (0, 1990, 1, 3, 1),
        (0, 1991, 1, 2, 1),
        (0, 1991, 1, 3, 1),
        (0, 1991, 2, 3, 1),
        (1, 1990, 1, 3, 1),
    ]
    assert members.select("field", "year", "member", "works").sort(pl.all()).rows() == [
        (0, 1990, 1, 2),
        (0, 1990, 3, 1),
        (0, 1991, 1, 1),
        (0, 1991, 2, 1),
        (0, 1991, 3, 1),
        (1, 1990, 1, 1),
        (1, 1990, 2, 1),
        (1, 1990, 3, 1),
    ]


@pytest.mark.parametrize("n_works", [1, 3_000, 200_000])
def test_all_cases_count_the_same(n_works: int) -> None:
    timings = bench.run(n_works, rounds=1)  # raises where one does not
    missing = {case.name for case in bench.TALLY if bench.why_not(case, n_works, "cpu")}
    timed = {one.name for one in timings if one.suite == "tally" and one.seconds is not None}
    assert timed == {case.name for case in bench.TALLY} - missing
    assert missing <= {"duckdb", "scipy"}
    assert all(one.works == n_works for one in timings)


def test_another_count_is_noticed() -> None:
    works = bench.simulated(1000)
    right = bench.right_answer(works)
    polars = next(case for case in bench.TALLY if case.name == "polars")
    pairs, members = peers.with_polars(works.frame)
    first = pl.int_range(pl.len()) == 0
    wrong = {
        "a joint work more": (pairs.with_columns(pl.col("joint") + first), members),
        "a pair less": (pairs[1:], members),
        "a member's work less": (pairs, members.with_columns(pl.col("works") + first)),
    }
    for found in wrong.values():
        case = replace(polars, prepare=lambda _works, _backend, found=found: lambda: found)
        with pytest.raises(bench.WrongAnswerError, match="polars of 1,000 works"):
            bench.checked(case, works, "cpu", right)


def test_names_are_unique_in_a_suite() -> None:
    for cases, _ in bench.SUITES.values():
        names = [case.name for case in cases]
        assert len(set(names)) == len(names)
        assert bench.OURS in names


def test_cases_are_left_out_with_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    kernel, duckdb = (
        next(case for case in bench.TALLY if case.name == name) for name in ("kernel", "duckdb")
    )
    monkeypatch.setattr(timing, "free_bytes", lambda: 1 << 30)
    assert bench.why_not(kernel, 1_000_000, "cpu") == ""
    assert "GiB of memory" in bench.why_not(kernel, 1_000_000_000, "cpu")
    monkeypatch.setattr(timing, "free_bytes", lambda: None)
    assert bench.why_not(kernel, 1_000_000_000, "cpu") == ""
    monkeypatch.setattr(timing, "installed", lambda _: None)
    assert bench.why_not(duckdb, 1, "cpu") == "duckdb is not installed"
    timings = bench.run(500, rounds=1)
    assert {one.name for one in timings if one.reason} == {"polars", "duckdb", "scipy"}


def test_what_cannot_be_run_is_refused() -> None:
    with pytest.raises(UsageError, match="works"):
        bench.run(0)
    with pytest.raises(UsageError, match="backend"):
        bench.run(10, backend="tpu")
    from trendcore_kernels import dispatch

    if dispatch.available()["gpu"] is not None:
        with pytest.raises(BackendError, match="gpu"):
            bench.run(10, backend="gpu")


def test_progress_names_what_comes_next() -> None:
    seen: list[tuple[int, int, str]] = []
    bench.run(200, rounds=1, progress=lambda *what: seen.append(what))
    assert [done for done, _, _ in seen] == list(range(seen[0][1]))
    assert seen[0][2] == "tally: reading"
