"""Files that are small on disk and large in memory: each reader keeps to its bounds."""

from __future__ import annotations

import gzip
import subprocess
import sys
import time
from pathlib import Path

import pytest

from trendcore.errors import InputError, SchemaError
from trendcore.sources import Limits, ReadContext, feed
from trendcore.sources.delimited import LONGEST_LINE
from trendcore.taxonomy import countries

BACI = b"t,i,j,k,v,q\n"
NAME = {"baci": "BACI_HS22_Y2022_V202501.csv", "openalex": "a.jsonl", "comtrade": "a.csv"}

WORK = b'{"id": "W1", "publication_year": 2020, '
#: feed, a small file, a hostile one, and what comes of that: rows read and quarantined, or an error
CASES = [
    ("openalex", WORK + b'"a": 1}\n', b'{"results": [' + b"1," * 8_000_000 + b"1]}\n", "1 1"),
    ("openalex", WORK + b'"a": 1}\n', WORK + b'"authorships": [' + b"{}," * 5_000_000 + b"{}]}\n", "1 1"),
    ("openalex", WORK + b'"a": 1}\n', b"[\n" + b"1," * 8_000_000 + b"1]\n", "InputError"),
    ("baci", BACI, b"t,i,j,k,v,q" + b",ab" * 300_000 + b"\n", "SchemaError"),
    ("baci", BACI, BACI + b",ab" * 8_000_000 + b"\n", "1 1"),
]
#: reads files of feeds, and says what came of each and by how many MiB memory has grown by then
READER = """
import resource, sys
from trendcore.sources import ReadContext, feed
from trendcore.taxonomy import countries
def read(name, path):
    (unit,) = feed(name).discover([path])
    counts = [batch.counts for batch in feed(name).read(unit, ReadContext(countries()))]
    return f"{sum(c.read for c in counts)} {sum(c.quarantined for c in counts)}"
cases = [line.split() for line in sys.stdin]
for name, small, _ in cases:
    read(name, small)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
for name, _, path in cases:
    try:
        ended = read(name, path)
    except Exception as error:
        ended = type(error).__name__
    print(ended, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024, sep=": ")
"""


@pytest.mark.skipif(sys.platform == "win32", reason="resource is of POSIX")
def test_a_line_of_millions_of_parts_takes_little_memory(tmp_path: Path) -> None:
    asked = []
    for number, (name, *files, _) in enumerate(CASES):
        places = [tmp_path / f"{number}{kind}" / NAME[name] for kind in ("small", "hostile")]
        for place, data in zip(places, files, strict=True):
            place.parent.mkdir()
            place.write_bytes(data)
        asked.append(f"{name} {places[0]} {places[1]}\n")
    out = subprocess.run(
        [sys.executable, "-c", READER],
        input="".join(asked),
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    said = [line.split(": ") for line in out.stdout.splitlines()]
    assert [ended for ended, _ in said] == [case[-1] for case in CASES]
    # a line is held two or three times
    assert int(said[-1][1]) < 200


def rows(tmp_path: Path, text: bytes, name: str = "baci", **limits: int) -> tuple[int, list[tuple[int, str]]]:
    path = tmp_path / NAME[name]
    path.write_bytes(text)
    (unit,) = feed(name).discover([path])
    n_read, refused = 0, []
    for batch in feed(name).read(unit, ReadContext(countries(), limits=Limits(**limits))):
        n_read += batch.counts.read
        if batch.quarantine is not None:
            refused += [(row["line"], row["reason"]) for row in batch.quarantine.to_pylist()]
    return n_read, refused


def test_what_follows_a_header_that_is_too_long_is_no_header(tmp_path: Path) -> None:
    long = b"x" * (LONGEST_LINE + 1) + b"\n"
    with pytest.raises(InputError, match="line longer than 1,048,576 bytes; it has no header"):
        rows(tmp_path, long + BACI + b"2022,842,490,10121,1,1\n")
    with pytest.raises(SchemaError, match="line 1 has more than 10,000 columns"):
        rows(tmp_path, BACI.rstrip() + b"," * 10_001 + b"\n")
    n_read, refused = rows(tmp_path, BACI + long + b"2022,842,490,10121,1,1\n")
    assert n_read == 2
    assert refused == [(2, "line longer than 1,048,576 bytes")]


@pytest.mark.parametrize("line", [b'"a\n', b'a"\n', b'"a,\n"b\n', b'"""""""\n', b'"a""\n', b'"a\n""\n""\n'])
def test_quotes_that_match_nothing_cost_no_more_than_their_rows(tmp_path: Path, line: bytes) -> None:
    start = time.perf_counter()
    n_read, refused = rows(tmp_path, BACI + line * 20_000)
    assert n_read == len(refused) == 20_000 * line.count(b"\n")
    assert time.perf_counter() - start < 20


def test_a_gzip_of_many_empty_members_ends(tmp_path: Path) -> None:
    start = time.perf_counter()
    path = tmp_path / "part_000.gz"
    path.write_bytes(gzip.compress(b"") * 100_000)
    (unit,) = feed("openalex").discover([path])
    (batch,) = feed("openalex").read(unit, ReadContext(countries()))
    assert batch.counts.warnings == {"empty_file": 1}
    assert time.perf_counter() - start < 20


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b"\xef\xbb\xbf2022,842,490,10121,1,1\n", "year is not a number"),
        (b"2022,842,490,10121,1e400,1\n", "value is not a number"),
        (b"2022,842,490,10121," + b"9" * 100_000 + b",1\n", "value is not a number"),
        (b"2022,842,490,10121,1,1e400\n", "quantity is not a number"),
        (b"2022,842,490,10\x00121,1,1\n", "product is not a code of at most six digits"),
        (b"2022,842,490,10121,\xff\xfe,1\n", "value is not a number"),
        (b"-2022,842,490,10121,1,1\n", "year is not the file's, 2022"),
        (b"99999999999999999999,842,490,10121,1,1\n", "year is not a number"),
        ("２０２２,842,490,10121,1,1\n".encode(), "year is not a number"),
        (b"2022,842,490,10121,1,1\r2022,842,490,10122,1,1\n", "has 11 fields where the header has 6"),
    ],
)
def test_odd_numbers_and_bytes_are_quarantined(tmp_path: Path, text: bytes, reason: str) -> None:
    assert rows(tmp_path, BACI + text + b"2022,842,490,10121,1,1\n") == (2, [(2, reason)])


@pytest.mark.parametrize("end", [b"\r\n", b"\n"])
def test_line_ends_and_a_mark_before_the_header_do_not_matter(tmp_path: Path, end: bytes) -> None:
    text = b"\xef\xbb\xbf" + end.join([BACI.strip(), b"2022,842,490,10121,1,1", b"2022,842,1,10121,1,1"])
    assert rows(tmp_path, text) == (2, [(3, "unknown importer 1")])


def test_line_ends_of_old_macs_are_an_error_that_names_the_columns(tmp_path: Path) -> None:
    with pytest.raises(SchemaError, match="line 1 lacks the column"):
        rows(tmp_path, b"t,i,j,k,v,q\r2022,842,490,10121,1,1\r")


def test_rows_that_must_be_held_are_counted(tmp_path: Path) -> None:
    header = b"refYear,flowCode,reporterCode,partnerCode,classificationCode,cmdCode,primaryValue\n"
    text = header + b"2014,M,764,0,H4,8542,9.5\n" * 30 + b"2014,M,764,392,H4,8542,9.5\n" * 20
    assert rows(tmp_path, text, "comtrade", max_held_rows=20)[0] == 50
    with pytest.raises(InputError, match="more than 19 rows, which are held together; split it by reporter"):
        rows(tmp_path, text, "comtrade", max_held_rows=19)
