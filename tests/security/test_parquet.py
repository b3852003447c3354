"""Parquet that is small on disk and vast in memory: read apart, where that ends nothing else."""

from __future__ import annotations

import io
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from support.openalex import work

from trendcore.errors import InputError
from trendcore.sources import Limits, ReadContext, feed, openalex_parquet
from trendcore.sources.parquet_lines import END, HEADER, LINES, send
from trendcore.taxonomy import countries

N = 2000


def bomb(path: Path, **changes: Any) -> Path:
    columns = {
        "id": pa.array([f"https://openalex.org/W{n + 1}" for n in range(N)]),
        "publication_year": pa.array([2020] * N),
        "authorships": pa.array([[{"countries": ["JP"]}]] * N),
    }
    pq.write_table(
        pa.table(columns | changes),
        path,
        compression="zstd",
        dictionary_pagesize_limit=1 << 30,
        write_statistics=False,
    )
    return path


def read(path: Path, **limits: int) -> int:
    (unit,) = feed("openalex").discover([path])
    context = ReadContext(countries(), limits=Limits(**limits))
    return sum(batch.counts.read for batch in feed("openalex").read(unit, context))


def same(value: Any) -> pa.Array:
    """A column of one value, which stands in the file once."""
    return pa.DictionaryArray.from_arrays(pa.array([0] * N, pa.int32()), pa.array([value]))


@pytest.mark.skipif(sys.platform != "linux", reason="no bound on memory here")
@pytest.mark.parametrize(
    "changes",
    [
        {"type": same("x" * (4 << 20))},
        {"id": same("x" * (40 << 20))},
        {"authorships": pa.array([[{"countries": ["JP"] * 4000}]] * N)},
    ],
)
def test_what_grows_beyond_its_bound_ends_in_words(tmp_path: Path, changes: dict[str, pa.Array]) -> None:
    import resource

    path = bomb(tmp_path / "a.parquet", **changes)
    assert path.stat().st_size < 100_000
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(InputError, match=r"a\.parquet: not a Parquet file that can be read in 268,435,456 b"):
        read(path, max_parquet_bytes=256 << 20)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200 << 10


def test_lines_that_come_to_too_much_are_an_error(tmp_path: Path) -> None:
    path = bomb(tmp_path / "a.parquet", type=same("x" * 20_000))
    with pytest.raises(InputError, match="as a bomb does"):
        read(path, ratio_from=1 << 20, max_ratio=20)
    with pytest.raises(InputError, match="unpacks to more than 100,000 bytes"):
        read(path, max_bytes=100_000)


def test_no_reader_stays_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    started = []
    plain = openalex_parquet.subprocess.Popen

    def popen(*args: Any, **more: Any) -> Any:
        started.append(plain(*args, **more))
        return started[-1]

    monkeypatch.setattr(openalex_parquet.subprocess, "Popen", popen)
    path = bomb(tmp_path / "a.parquet")
    (unit,) = feed("openalex").discover([path])
    batches = feed("openalex").read(unit, ReadContext(countries(), limits=Limits(batch_rows=10)))
    next(batches)
    batches.close()  # type: ignore[attr-defined]
    assert [process.poll() is not None for process in started] == [True]


def test_a_reader_that_cannot_start_or_dies_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = bomb(tmp_path / "a.parquet")
    monkeypatch.setattr(openalex_parquet, "_SCRIPT", tmp_path / "nowhere.py")
    with pytest.raises(InputError, match="not a Parquet file that can be read"):
        read(path)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "no python"))
    with pytest.raises(InputError, match=r"a\.parquet: cannot be read: .*No such file"):
        read(path)


def test_blocks_say_how_many_rows_they_hold(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(pa.Table.from_pylist([work(n) for n in range(1, 11)]), path, row_group_size=5)
    out = io.BytesIO()
    send(path, out)
    data, places, found = out.getvalue(), [0], []
    while places[-1] < len(data):
        kind, n_rows, n_bytes = HEADER.unpack_from(data, places[-1])
        places.append(places[-1] + HEADER.size + n_bytes)
        found.append((kind, n_rows))
    assert found == [(LINES, 10), (END, 0)]
    assert [data[start + HEADER.size : stop].count(b"\n") for start, stop in pairwise(places)] == [10, 0]
