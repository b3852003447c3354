"""The compiled loop beside msgspec and Python: whatever a line holds, both ways give the same."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.openalex import Read, author, read, work
from support.shared import ROOT

from trendcore.sources import feed
from trendcore.sources.json_scan import decimal, decimal_end
from trendcore.sources.openalex_layout import LINE
from trendcore.sources.openalex_scan import Scanned, code_table
from trendcore.taxonomy import countries
from trendcore_kernels.cpu._jit import jit

TABLE = code_table(countries())
CODES = st.sampled_from(["JP", "US", "CN", "DE", "FR", "GB", None])
ODD_CODES = st.sampled_from(["JP", "US", "ZZ", "ZR", "CS", "uk", "UK", "", "J\u00dc", "USA", " US", 7])


def rarely(usual: st.SearchStrategy[Any], odd: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.integers(0, 49).flatmap(lambda n: odd if n == 23 else usual)


def places(codes: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    place = st.fixed_dictionaries(
        {"id": st.just("I1")}, optional={"country_code": codes, "lineage": st.just([])}
    )
    return rarely(
        st.lists(place, max_size=4), st.none() | st.lists(place, min_size=12, max_size=14) | st.just({})
    )


def authors(codes: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.fixed_dictionaries(
        {},
        optional={
            "author_position": rarely(
                st.sampled_from(["first", "middle", "last"]), st.sampled_from([None, "", "fir\u017ft", 1])
            ),
            "author": st.just({"id": "A1", "display_name": 'Ÿ "q"\\ \n \U0001f600'}),
            "countries": rarely(st.lists(codes, max_size=3), st.none() | st.just("JP")),
            "institutions": places(codes),
        },
    )


SCORES = st.none() | st.floats(0, 1) | st.integers(0, 2) | st.sampled_from([0.5, 0.25])
ODD_SCORES = st.sampled_from([-0.0, -1, 1e-7, 1e300, 1e22, 123456789012345678901234567890, "1", [], 2**64])
LABEL_IDS = st.builds("https://openalex.org/{}{}".format, st.sampled_from("TC"), st.integers(1, 6))
ODD_IDS = st.sampled_from(
    [None, "T5", "", "https://openalex.org/T", "https://openalex.org/T1x", "a/t07", f"T{10**19}", 3]
)
LABELS = st.lists(
    st.fixed_dictionaries(
        {}, optional={"id": rarely(LABEL_IDS, ODD_IDS), "score": rarely(SCORES, ODD_SCORES)}
    ),
    max_size=5,
)
FLAGS = rarely(st.booleans(), st.none() | st.just(1))
DATES = st.dates().map(str) | st.sampled_from(["2024-05-01T02:11:09.000000", "2020-02-29"])
ODD_DATES = st.sampled_from(
    [None, "", "2021-02-29", "20200301", "2020-1-1", "2020-01-01 \u00e9", "2020-W01-1", 5]
)
WORKS = st.fixed_dictionaries(
    {
        "id": rarely(
            st.integers(1, 10**10).map("https://openalex.org/W{}".format),
            st.sampled_from([None, "W7", "https://openalex.org/W007", "https://openalex.org/I1", 7, "é"]),
        ),
        "publication_year": rarely(
            st.integers(1900, 2030), st.sampled_from([None, 0, 1399, 2101, 20202, 10**30, "2020", 2020.0, -5])
        ),
    },
    optional={
        "title": st.text(max_size=8),
        "publication_date": rarely(DATES, ODD_DATES),
        "type": rarely(st.just("article"), st.sampled_from([None, "", "caf\u00e9", 'a"b', 3])),
        "language": rarely(st.just("en"), st.none() | st.text(max_size=3)),
        "is_retracted": FLAGS,
        "is_paratext": FLAGS,
        "is_xpac": FLAGS,
        "cited_by_count": rarely(
            st.integers(0, 99), st.sampled_from([None, -1, 2**31 - 1, 2**31, 2**70, 1.5, "2"])
        ),
        "updated_date": rarely(DATES, ODD_DATES),
        "authors_count": rarely(st.integers(0, 9), st.sampled_from([None, -1, 2**31, 10**25])),
        "is_authors_truncated": FLAGS,
        "primary_topic": rarely(LABELS.map(lambda held: held[0] if held else None), st.just([])),
        "topics": rarely(LABELS, st.none() | st.just({})),
        "concepts": rarely(LABELS, st.none() | st.just([None])),
        "authorships": rarely(
            st.lists(authors(CODES), max_size=5),
            st.lists(authors(ODD_CODES), max_size=3) | st.none() | st.just(7),
        ),
        "abstract_inverted_index": st.dictionaries(
            st.text(max_size=4), st.lists(st.integers(), max_size=2), max_size=3
        ),
        "counts_by_year": st.just([{"year": 2020, "cited": -1.5e-3}, [], {}, True]),
    },
)  # fmt: skip
BYTES = st.sampled_from([bytes([n]) for n in b'"\\{}[]:,01-+.eEtfnu \t\r\x00\x1f\x7f\x80\xffax'])


@st.composite
def lines(draw: st.DrawFn) -> bytes:
    """A work as a line of JSON, now and then with some bytes changed, or a key twice."""
    spaced = draw(st.booleans())
    record = draw(WORKS)
    keys = draw(st.permutations(list(record)))
    text = json.dumps(
        {key: record[key] for key in keys},
        separators=None if spaced else (",", ":"),
        ensure_ascii=draw(st.booleans()),
    )
    line = bytearray(text.encode("utf-8", "surrogatepass"))
    if draw(st.integers(0, 9)) == 0 and keys:
        again = json.dumps({keys[0]: record[keys[-1]]})[1:-1].encode("utf-8", "surrogatepass")
        line[-1:] = b"," + again + b"}"
    for _ in range(draw(st.sampled_from([0, 0, 0, 1, 2]))):
        at = draw(st.integers(0, max(len(line) - 1, 0)))
        line[at : at + draw(st.integers(0, 3))] = draw(BYTES)
    return bytes(line).replace(b"\n", b" ")


def both(path: Path, text: bytes, **how: Any) -> tuple[Read, Read]:
    """Read a file by the compiled loop and without it."""
    path.write_bytes(text)
    fast = read(path, **how)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Scanned, "scan", leave_all)
        return fast, read(path, **how)


def leave_all(self: Scanned, run: bytes, number: int, _table: object) -> list[tuple[int, bytes]]:
    lines = run.split(b"\n")
    self.counts[LINE] = number + len(lines)
    return [(at, line) for at, line in enumerate(lines, number) if line]


def check(fast: Read, slow: Read) -> None:
    # repr tells 0.0 from -0.0
    assert repr(fast.rows) == repr(slow.rows)
    assert fast.tombstones == slow.tombstones
    assert fast.quarantine == slow.quarantine
    assert fast.counts == slow.counts


@given(st.lists(lines(), min_size=1, max_size=6), st.sampled_from(["all", "fields"]))
def test_both_ways_give_the_same(
    tmp_path_factory: pytest.TempPathFactory, held: list[bytes], keep: str
) -> None:
    folder = tmp_path_factory.mktemp("scan", numbered=True)
    fast, slow = both(folder / "works.jsonl", b'{"id": "W1"}\n' + b"\n".join(held), keep=keep)
    check(fast, slow)


def test_the_loop_reads_nearly_all_of_what_the_feed_writes() -> None:
    n_left = n_read = 0
    for unit in feed("openalex").discover(
        [ROOT / "datasets" / "sample" / "openalex" / "updated_date=2024-06-24"]
    ):
        run = gzip.decompress(unit.files[0].path.read_bytes()).rstrip(b"\n")
        scanned = Scanned()
        n_left += len(scanned.scan(run, 1, TABLE))
        n_read += len(scanned)
    assert n_read > 1000
    assert n_left < 0.01 * n_read


def test_arrays_grow_with_a_long_line(tmp_path: Path) -> None:
    crowd = [author("JP", places=["JP"] * 3), author("US", "CN"), author()] * 10_000
    labels = [{"id": f"https://openalex.org/T{number}", "score": 0.5} for number in range(90)]
    records = [
        work(1, authorships=crowd),
        *(work(number, topics=labels) for number in range(2, 400)),
        work(400, type="t" * 100_000, language="l" * 100_000),
        *(work(number) for number in range(401, 9000)),
    ]
    text = b"\n".join(json.dumps(record).encode() for record in records)
    scanned = Scanned()
    assert scanned.scan(text, 1, TABLE) == []
    fast, slow = both(tmp_path / "works.jsonl", text)
    check(fast, slow)
    assert fast.rows[0]["n_authors"] == 30_000
    assert fast.rows[399]["type"] == "t" * 100_000


@pytest.mark.parametrize(
    "line",
    [
        b'{"id": "https://openalex.org/W1", "publication_year": 2020, "x": "\xff"}',
        b'{"id": "https://openalex.org/W1", "publication_year": 2020, "x": [1, 2.5, -3e-7, "\\u00e9\\n"]} \r',
        b'\t{ "id":"https://openalex.org/W1" ,"publication_year" :2020,"authorships":[ {} ,{} ],"topics":[]}',
    ],
)
def test_what_the_loop_must_read(tmp_path: Path, line: bytes) -> None:
    assert Scanned().scan(line, 1, TABLE) == []
    fast, slow = both(tmp_path / "works.jsonl", line)
    check(fast, slow)
    assert len(fast.rows) == 1


SOUND = b'"id": "https://openalex.org/W1", "publication_year": 2020'


@pytest.mark.parametrize(
    "line",
    [
        b"{" + SOUND, b"{" + SOUND + b"}}", b"{" + SOUND + b",}", b"[{" + SOUND + b"}]",
        b"{" + SOUND + b"} {}",
        b"{" + SOUND + b', "x": 01}', b"{" + SOUND + b', "x": 1.}', b"{" + SOUND + b', "x": "\x01"}',
        b"{" + SOUND + b', "x": "\\x"}', b"{" + SOUND + b', "x": "\\u12g4"}', b"{" + SOUND + b', "x": tru}',
        b"{" + SOUND + b', "x": [1,]}', b"{" + SOUND + b', "x": [}', b"{" + SOUND + b', "x": {"a" 1}}',
        b"{" + SOUND + b', "x": ' + b"[" * 2000 + b"]" * 2000 + b"}", b"{" + SOUND + b', "results": []}',
        b"{" + SOUND + b', "\\u0074ype": "article"}', b"{" + SOUND + b", " + SOUND + b"}",
        b"{" + SOUND + b', "x": nul', b"{" + SOUND + b', "x": "\\', b"{" + SOUND + b', "x": "\\u12',
    ],
)  # fmt: skip
def test_what_the_loop_must_leave(tmp_path: Path, line: bytes) -> None:
    scanned = Scanned()
    assert scanned.scan(b"\n" + line, 1, TABLE) == [(2, line)]
    assert len(scanned) == 0
    fast, slow = both(tmp_path / "works.jsonl", b'{"id": "W1"}\n' + line)
    check(fast, slow)


@jit
def decimals(text: Any) -> float:
    start = text.ctypes.data
    stop = decimal_end(start)
    return decimal(start, stop) if stop == start + len(text) else -2.0


@given(st.floats(0, 1e22) | st.floats(0, 1) | st.integers(0, 2**60).map(float) | st.decimals(0, 9, places=17))
def test_decimals_are_read_as_python_reads_them_or_not_at_all(number: Any) -> None:
    text = str(number)
    found = decimals(np.frombuffer(text.encode(), dtype=np.uint8))
    assert found == (-2.0 if "e" in text.lower() else float(text)) or found == -1.0
    assert found != -1.0 or len(text.replace(".", "").lstrip("0")) > 15


def test_codes_that_depend_on_the_year_or_are_other_names_are_left_out() -> None:
    codes = {TABLE[26 * (ord(a) - 65) + ord(b) - 65] for a, b in ("CS", "YU", "ZR", "UK", "ZZ")}
    assert codes == {0}
