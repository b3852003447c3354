"""Broken and hostile files: an error that says so, or quarantined rows; never anything else."""

from __future__ import annotations

import gzip
import json
import random
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.openalex import author, lines, read, read_works, work

from trendcore.errors import InputError

WORKS = lines(*(work(number, authorships=[author("JP", "US"), author()]) for number in range(1, 40)))
MERGED = b"merge_date,id,merge_into_id\n" + b"2024-01-01,W1,W2\r\n" * 30
PAGE = json.dumps({"meta": {}, "results": [work(1), work(2)]}, indent=1).encode()


@pytest.mark.parametrize(
    "line",
    [
        b"{",
        b"}",
        b"nonsense",
        b"[]]",
        b"null",
        b"7",
        b'"W1"',
        b"\x00" * 50,
        b"\xff\xfe{}",
        b'{"id": "W9", "publication_year": 2020, "type": "\xe9"}',
        b'{"id": "W9", "publication_year": 2020, "type": "\\ud800"}',
        b'{"id": "W9", "publication_year": 1e400}',
        b'{"id": "W9", "publication_year": NaN}',
        b'{"id": "W9", "publication_year": 2020, "authorships": [' + b"[" * 5000 + b"]" * 5000 + b"]}",
        b'{"id":' + b'{"a":' * 100_000,
        b'{"id": "W9", "publication_year": 2020}{"id": "W10", "publication_year": 2020}',
        b'{"id": "W9", "publication_year": 2020, "cited_by_count": ' + b"9" * 5000 + b"}",
        b'{"id": "W9", "publication_year": 2020, "topics": [{"id": "T1", "score": "high"}]}',
        b'{"error": "Invalid query parameters", "message": "..."}',
        b'{"results": 7}',
        b'{"results": {"id": "W1"}}',
    ],
)
def test_any_bad_line_is_quarantined_and_the_others_count(tmp_path: Path, line: bytes) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(lines(work(1)) + line + b"\n" + lines(work(2)))
    got = read(path)
    assert [name for name in got.ids if name != "W9"] == ["W1", "W2"]
    assert len(got.quarantine) + len(got.rows) == 3
    assert [row["line"] for row in got.quarantine] in ([2], [])


def test_a_gzip_that_breaks_off_gives_what_it_held(tmp_path: Path) -> None:
    path = tmp_path / "part_000.gz"
    packed = gzip.compress(WORKS)
    path.write_bytes(packed[: len(packed) * 2 // 3])
    got = read(path)
    assert 0 < len(got.rows) < 39
    assert got.warnings == {"file_breaks_off": 1}
    assert [row["line"] for row in got.quarantine] == [len(got.rows) + 1]
    assert "breaks off" in got.reasons[0]


def test_bombs_and_giants_are_bounded(tmp_path: Path) -> None:
    path = tmp_path / "part_000.gz"
    with gzip.open(path, "wb") as out:
        for _ in range(96):
            out.write(b'{"id": "' + b" " * (1 << 20))
    with pytest.raises(InputError, match="as a bomb does"):
        read(path)
    giant = work(2, title="x" * 200_000)
    got = read_works(tmp_path, work(1), giant, work(3), max_line_bytes=100_000)
    assert got.ids == ["W1", "W3"]
    assert got.reasons == ["line longer than 100,000 bytes"]
    assert len(got.quarantine[0]["raw"]) == 500


def test_thousands_of_authors_and_countries_are_fine(tmp_path: Path) -> None:
    crowd = [author("JP", "US", "CN", places=["JP"] * (1 + n % 50) + ["US", "CN"]) for n in range(3000)]
    (row,) = read_works(tmp_path, work(1, authorships=crowd)).rows
    assert sum(row["shares"]) == pytest.approx(1)
    assert len(row["units"]) == 9000


@pytest.mark.parametrize("data", [b"\xff\xfe{\x00}\x00", b"\xfe\xff\x00{\x00}"])
def test_a_file_in_another_encoding_is_named(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(data)
    with pytest.raises(InputError, match=r"a\.jsonl: the text is UTF-16; save it as UTF-8"):
        read(path)


def mutated(data: bytes, seed: int) -> bytes:
    """Return the data with some bytes changed, dropped, doubled or cut off."""
    chance = random.Random(seed)
    out = bytearray(data)
    for _ in range(chance.choice([1, 1, 2, 5, 30])):
        at = chance.randrange(len(out))
        kind = chance.randrange(4)
        if kind == 0:
            out[at] = chance.randrange(256)
        elif kind == 1:
            out[at] ^= 1 << chance.randrange(8)
        elif kind == 2:
            del out[at : at + chance.randrange(1, 40)]
        else:
            out[at:at] = out[at : at + chance.randrange(1, 400)]
        if not out:
            return b""
    return bytes(out[: chance.randrange(len(out))]) if chance.random() < 0.2 else bytes(out)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.jsonl", WORKS),
        ("part_000.gz", gzip.compress(WORKS, 6, mtime=0)),
        ("page.json", PAGE),
        ("merged.csv", MERGED),
    ],
)
@pytest.mark.parametrize("keep", ["all", "fields"])
def test_mutated_files_never_surprise(tmp_path: Path, name: str, data: bytes, keep: str) -> None:
    path = tmp_path / name
    for seed in range(80):
        path.write_bytes(mutated(data, seed))
        try:
            got = read(path, keep=keep, batch_rows=16)
        except InputError:
            continue
        assert len(got.rows) + len(got.quarantine) + len(got.tombstones) <= 39 * 20
        for row in got.rows:
            assert len(row["countries"]) == len(row["shares"])
            assert row["countries"] == sorted(set(row["countries"]))
            assert sum(row["shares"]) <= 1 + 1e-9


KEYS = st.sampled_from([*work(), "country_code", "countries", "results", "score"])
LEAVES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5)
JSON = st.recursive(
    LEAVES | st.sampled_from(["JP", "W1"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=5),
    max_leaves=20,
)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.dictionaries(st.sampled_from([*work(), "concepts", "results"]), JSON, max_size=6), max_size=5)
)
def test_any_json_is_a_row_or_quarantined(tmp_path: Path, records: list[dict[str, object]]) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(b"".join(json.dumps(work(1) | record).encode() + b"\n" for record in records))
    got = read(path)
    n_read = sum(counts.read for counts in got.counts.values())
    assert n_read == len(got.rows) + len(got.quarantine)
    if not any("results" in record for record in records):
        assert n_read == len(records)
