from __future__ import annotations

import gzip
import json
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from support.openalex import author, context, lines, read, read_works, work
from support.shared import ROOT, shared_data

from trendcore.errors import InputError, SchemaError
from trendcore.schemas import PAPERS
from trendcore.sources import feed

JP, US, CN = 392, 840, 156
SAMPLE = ROOT / "datasets" / "sample" / "openalex"


def put(path: Path, data: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
    return path


def test_a_work_becomes_a_canonical_row(tmp_path: Path) -> None:
    record = work(7, authorships=[author("JP", position="first"), author("US", "JP"), author()])
    got = read_works(tmp_path, record)
    assert got.batches[0].rows.schema == PAPERS
    assert got.rows == [
        {
            "id": "W7", "year": 2020, "date": date(2020, 3, 1), "countries": [JP, US], "shares": [0.5, 1 / 6],
            "units": [JP, JP, US], "first_country": JP, "n_authors": 3, "n_authors_unknown": 1,
            "authors_truncated": False, "topic_scheme": "openalex-topics",
            "topics": [{"id": 10020, "score": 0.98}], "type": "article", "language": "en",
            "is_retracted": False, "is_paratext": False, "is_xpac": False, "cited_by": 3,
            "updated": date(2024, 5, 1), "source_file": f"{tmp_path.name}/works.jsonl", "source_line": 1,
        }
    ]  # fmt: skip


def test_what_a_record_may_lack(tmp_path: Path) -> None:
    got = read_works(
        tmp_path,
        {"id": "W1", "publication_year": 2020},
        work(2, authorships=None, topics=None, primary_topic=None, type=None, language=None, is_xpac=None),
        work(3, publication_date="soon", updated_date="", cited_by_count=2**40),
        work(4, authorships=[]),
    )
    assert got.ids == ["W1", "W2", "W3", "W4"]
    assert [row["countries"] for row in got.rows] == [[], [], [JP], []]
    assert [row["topic_scheme"] for row in got.rows[:2]] == [None, None]
    assert (got.rows[2]["date"], got.rows[2]["updated"], got.rows[2]["cited_by"]) == (None, None, None)
    assert got.warnings == {"cited_by_count_out_of_range": 1}


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"id": None}, "no id"),
        ({"id": ...}, "no id"),
        ({"id": "https://openalex.org/I27837315"}, "not the id of a work: 'https://openalex.org/I27837315'"),
        ({"id": "W1; DROP TABLE"}, "not the id of a work"),
        ({"id": "W" + "9" * 400}, "not the id of a work"),
        ({"id": 7}, "not a work: Expected `str | null`, got `int` - at `$.id`"),
        ({"publication_year": None}, "no publication year"),
        ({"publication_year": ...}, "no publication year"),
        ({"publication_year": 0}, "publication year out of range: 0"),
        ({"publication_year": 20202}, "publication year out of range: 20202"),
        ({"publication_year": 10**30}, "not a work|publication year out of range"),
        ({"publication_year": "2020"}, "not a work: Expected `int | null`, got `str`"),
        ({"authorships": {}}, "authorships: not a work"),
        ({"authorships": [{"countries": "JP"}]}, "authorships: not a work"),
        ({"topics": [1]}, "not a work"),
    ],
)
def test_a_bad_record_is_quarantined_and_the_others_count(
    tmp_path: Path, changes: dict[str, object], reason: str
) -> None:
    got = read_works(tmp_path, work(1), work(2, **changes), work(3))
    assert got.ids == ["W1", "W3"]
    assert [row["line"] for row in got.quarantine] == [2]
    assert reason.split("|")[0] in got.reasons[0] or reason.split("|")[-1] in got.reasons[0]
    assert got.quarantine[0]["raw"].startswith("{")


def test_topics_are_ranked_with_the_primary_one_first(tmp_path: Path) -> None:
    topics = [
        {"id": f"https://openalex.org/T{number}", "score": score}
        for number, score in ((3, 0.2), (4, 0.9), (5, None))
    ]
    got = read_works(
        tmp_path, work(topics=topics, primary_topic=topics[0]), work(topics=topics, primary_topic=None)
    )
    assert [[topic["id"] for topic in row["topics"]] for row in got.rows] == [[3, 4, 5], [4, 3, 5]]
    assert got.rows[0]["topics"][2]["score"] is None


def test_old_records_have_concepts_and_are_told_apart(tmp_path: Path) -> None:
    concepts = [{"id": "https://openalex.org/C58053490", "score": 0.4}, {"id": "C1", "score": 0.6}]
    old = work(1, topics=..., primary_topic=..., concepts=concepts)
    unclassified = work(2, topics=[], primary_topic=None, concepts=concepts)
    got = read_works(tmp_path, old, unclassified)
    assert got.rows[0]["topic_scheme"] == "openalex-concepts"
    assert [topic["id"] for topic in got.rows[0]["topics"]] == [1, 58053490]
    assert (got.rows[1]["topic_scheme"], got.rows[1]["topics"]) == (None, [])


def test_only_works_of_a_field_or_of_no_class_are_stored(tmp_path: Path) -> None:
    far = [{"id": "https://openalex.org/T13438", "score": 0.99}]
    lost = [{"id": "https://openalex.org/T14423", "score": 0.018}]
    concepts = [{"id": "https://openalex.org/C185592680", "score": 0.9}]
    quantum = [{"id": "https://openalex.org/C58053490", "score": 0.9}]
    records = [
        work(1),
        work(2, topics=far, primary_topic=far[0]),
        work(3, topics=lost, primary_topic=lost[0]),
        work(4, topics=[], primary_topic=None),
        work(5, topics=..., primary_topic=..., concepts=concepts),
        work(6, topics=..., primary_topic=..., concepts=quantum),
        work(7, is_retracted=True, type="editorial"),
        work(8, topics=far, primary_topic=far[0], authorships={}),
    ]
    got = read_works(tmp_path, *records, keep="fields")
    assert got.ids == ["W1", "W3", "W4", "W6", "W7"]
    assert [(row["id"], row["reason"], row["source_line"]) for row in got.tombstones] == [
        ("W2", "out_of_field", 2), ("W5", "out_of_field", 5), ("W8", "out_of_field", 8)
    ]  # fmt: skip
    assert {row["updated"] for row in got.tombstones} == {date(2024, 5, 1)}
    (counts,) = got.counts.values()
    assert counts.set_aside == {"out_of_field": 3}
    assert len(read_works(tmp_path, *records).ids) == 7


def test_blank_lines_marks_and_line_ends_do_not_matter(tmp_path: Path) -> None:
    text = (
        b"\xef\xbb\xbf"
        + lines(work(1))
        + b"\n  \n"
        + lines(work(2)).replace(b"\n", b"\r\n")
        + lines(work(3))[:-1]
    )
    got = read(put(tmp_path / "a.jsonl", text))
    assert [(row["id"], row["source_line"]) for row in got.rows] == [("W1", 1), ("W2", 4), ("W3", 5)]
    assert sum(counts.read for counts in got.counts.values()) == 3


def test_lines_decoded_at_once_and_one_by_one_give_the_same(tmp_path: Path) -> None:
    records = [work(1), work(2, id=None), work(3), work(4, publication_year=0), work(5, authorships=7)]
    text = lines(*records)
    at_once = read(put(tmp_path / "a.jsonl", text))
    one_by_one = read(put(tmp_path / "a.jsonl", text + b"\n"))
    assert at_once.ids == ["W1", "W3"]
    assert [row["raw"] for row in at_once.quarantine] == [
        text.splitlines()[line - 1].decode()[:500] for line in (2, 4, 5)
    ]
    assert one_by_one.rows == at_once.rows
    assert one_by_one.quarantine == at_once.quarantine


def test_every_version_of_a_work_is_given(tmp_path: Path) -> None:
    got = read_works(tmp_path, work(1), work(1, type="review"))
    assert [(row["id"], row["type"], row["source_line"]) for row in got.rows] == [
        ("W1", "article", 1),
        ("W1", "review", 2),
    ]


def test_pages_arrays_and_single_works_in_any_print(tmp_path: Path) -> None:
    works = [work(number) for number in range(1, 6)]
    page = {"meta": {"count": 5}, "results": works, "group_by": []}
    texts = {
        "page.json": json.dumps(page),
        "pretty.json": json.dumps(page, indent=2),
        "array.json": json.dumps(works),
        "pretty_array.json": json.dumps(works, indent=1),
        "rows.json": "[\n" + ",\n".join(map(json.dumps, works)) + "\n]\n",
        "results_first.json": json.dumps({"results": works, "meta": {}}, indent=4),
    }
    for name, text in texts.items():
        got = read(put(tmp_path / name, text.encode()))
        assert got.ids == ["W1", "W2", "W3", "W4", "W5"], name
        assert [row["source_line"] for row in got.rows] == [1, 2, 3, 4, 5], name
    for text in (json.dumps(works[0]), json.dumps(works[0], indent=2)):
        assert read(put(tmp_path / "W1", text.encode())).ids == ["W1"]
    pages = put(tmp_path / "pages.jsonl", (json.dumps(page) + "\n").encode() * 2)
    assert [row["source_line"] for row in read(pages).rows] == list(range(1, 11))


def test_a_bad_work_in_a_page_leaves_the_others(tmp_path: Path) -> None:
    page = {"results": [work(1), work(2, publication_year="x"), work(3, id=None), work(4)]}
    for indent in (None, 2):
        got = read(put(tmp_path / "page.json", json.dumps(page, indent=indent).encode()))
        assert got.ids == ["W1", "W4"]
        assert [row["line"] for row in got.quarantine] == [2, 3]


def test_a_page_that_is_no_json_is_an_error_and_a_bad_line_is_not(tmp_path: Path) -> None:
    pretty = json.dumps({"results": [work(1)]}, indent=2).encode()
    with pytest.raises(InputError, match=r"page.json: JSON over many lines, and not valid JSON"):
        read(put(tmp_path / "page.json", pretty[:-40]))
    with pytest.raises(InputError, match="more than 100 bytes"):
        read(put(tmp_path / "page.json", pretty), max_document_bytes=100)
    got = read(put(tmp_path / "a.jsonl", lines(work(1))[:90] + b"\n" + lines(work(2))))
    assert (got.ids, len(got.quarantine)) == (["W2"], 1)


def test_an_empty_page_and_an_empty_file_count_nothing(tmp_path: Path) -> None:
    page = b'{"meta": {}, "results": []}'
    for data, name in ((page, "page.json"), (b"", "a.gz"), (b"\n\n", "a.jsonl"), (b"", "b.jsonl")):
        path = tmp_path / name
        path.write_bytes(data)
        got = read(path)
        assert not got.rows
        assert got.warnings == {"empty_file": 1}
        assert len(got.counts) == 1


def test_a_snapshot_is_found_to_any_depth_without_its_other_parts(tmp_path: Path) -> None:
    wanted = [
        "data/merged_ids/works/2024-07-08.csv.gz",
        "data/works/updated_date=2023-05-16/part_000.gz",
        "data/works/updated_date=2023-05-16/part_001",
        "data/works/updated_date=2024-01-02/deep/er/part_0002.gz",
    ]
    others = [
        "data/works/manifest", "data/authors/updated_date=2023-05-16/part_000.gz", "data/RELEASE_NOTES.txt",
        "data/merged_ids/authors/2024-07-08.csv.gz", "data/works/_SUCCESS", "data/manifest.json",
        "data/LICENSE.txt",
    ]  # fmt: skip
    for name in wanted + others:
        put(tmp_path / name, b"x")
    units = feed("openalex").discover([tmp_path])
    assert [str(unit.files[0].path.relative_to(tmp_path)) for unit in units] == wanted
    assert [unit.files[0].role for unit in units] == ["merged", "data", "data", "data"]
    assert [unit.files[0].updated for unit in units] == [
        None,
        date(2023, 5, 16),
        date(2023, 5, 16),
        date(2024, 1, 2),
    ]
    assert units[1].name == "works/updated_date=2023-05-16/part_000.gz"


def test_the_snapshot_in_both_formats_must_be_chosen_from(tmp_path: Path) -> None:
    put(tmp_path / "data/jsonl/works/updated_date=2026-06-24/part_0000.gz", b"x")
    put(tmp_path / "data/parquet/works/updated_date=2026-06-24/part_0000.parquet", b"x")
    with pytest.raises(InputError, match=r"holds the snapshot twice; name one of .*jsonl"):
        feed("openalex").discover([tmp_path])
    assert len(feed("openalex").discover([tmp_path / "data" / "jsonl"])) == 1


@pytest.mark.parametrize("name", ["nothing", "*.gz", ""])
def test_paths_without_works_are_an_error(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match="looked for OpenAlex works"):
        feed("openalex").discover([f"{tmp_path}/{name}"])


def test_the_snapshot_date_comes_before_the_record_s_own(tmp_path: Path) -> None:
    path = put(tmp_path / "updated_date=2024-09-09" / "part_000.gz", lines(work(1)))
    assert read(path).rows[0]["updated"] == date(2024, 9, 9)


def test_merged_ids_become_tombstones(tmp_path: Path) -> None:
    text = (
        b"merge_date,id,merge_into_id\n2024-07-08,W1,W2\n2024-07-09,https://openalex.org/W3,W4\r\n\n"
        b"2024-07-08,A1,A2\n2024-07-08,W5\nsoon,W6,W7\n2024-07-08,W8,W8\n2024-07-08,W9,\n"
    )
    got = read(put(tmp_path / "merged_ids" / "works" / "2024-07-08.csv.gz", text))
    assert [(row["id"], row["updated"], row["source_line"]) for row in got.tombstones] == [
        ("W1", date(2024, 7, 8), 2), ("W3", date(2024, 7, 9), 3), ("W9", date(2024, 7, 8), 9)
    ]  # fmt: skip
    assert [row["line"] for row in got.quarantine] == [5, 6, 7, 8]
    (counts,) = got.counts.values()
    assert (counts.read, counts.set_aside) == (7, {"merged": 3})
    with pytest.raises(SchemaError, match=r"column merge_date is missing.*Found: id, into"):
        read(put(tmp_path / "merged.csv", b"id,into\n1,2\n"))
    assert not read(put(tmp_path / "none.csv", b"merge_date,id,merge_into_id\n")).warnings


def test_rows_do_not_depend_on_how_a_file_is_cut_into_batches(tmp_path: Path) -> None:
    records = [work(number, **({"id": None} if number % 5 == 0 else {})) for number in range(1, 40)]
    whole = read_works(tmp_path, *records)
    assert len(whole.batches) == 1
    for limits in ({"batch_rows": 1}, {"batch_rows": 7}, {"batch_bytes": 1000}):
        parts = read_works(tmp_path, *records, **limits)
        assert (parts.rows, parts.quarantine, parts.counts) == (whole.rows, whole.quarantine, whole.counts)
    assert len(read_works(tmp_path, *records, batch_rows=7).batches) > 5
    page = put(tmp_path / "page.json", json.dumps({"results": records}).encode())
    assert max(batch.rows.num_rows for batch in read(page, batch_rows=7).batches) <= 7


def test_progress_adds_up_to_the_file(tmp_path: Path) -> None:
    path = put(tmp_path / "part_000.gz", lines(*map(work, range(500))))
    told: list[tuple[int, int]] = []
    setting = replace(context(batch_rows=100), progress=lambda size, rows: told.append((size, rows)))
    source = feed("openalex")
    for unit in source.discover([path]):
        list(source.read(unit, setting))
    assert sum(rows for _, rows in told) == 500
    assert sum(size for size, _ in told) == path.stat().st_size


def test_a_reader_that_is_left_closes_its_file(tmp_path: Path) -> None:
    path = put(tmp_path / "part_000.gz", lines(*map(work, range(5000))))
    source = feed("openalex")
    (unit,) = source.discover([path])
    reading = source.read(unit, context(batch_rows=10))
    next(reading)
    held = Path("/proc/self/fd")
    if held.is_dir():
        assert path in {Path(link).resolve() for link in held.iterdir()}
    reading.close()  # type: ignore[attr-defined]
    if held.is_dir():
        assert path not in {Path(link).resolve() for link in held.iterdir()}


@pytest.mark.parametrize("name", ["search_page_raw.json", "search_works.jsonl"])
def test_countries_are_those_that_openalex_counts(name: str) -> None:
    path = shared_data("openalex", "api", name)
    text = path.read_text(encoding="utf-8")
    records = (
        json.loads(text)["results"] if name.endswith(".json") else list(map(json.loads, text.splitlines()))
    )
    got = read(path)
    assert len(got.rows) == 200
    said = [record["countries_distinct_count"] for record in records]
    assert [len(row["countries"]) for row in got.rows] == said
    assert sum(count == 0 for count in said) > 50
    assert sum(count > 1 for count in said) == 25
    assert not got.quarantine
    assert not got.warnings
    for row, record in zip(got.rows, records, strict=True):
        assert row["n_authors"] == len(record["authorships"])
        assert sum(row["shares"]) <= 1 + 1e-12
        if row["n_authors"] and not row["n_authors_unknown"]:
            assert sum(row["shares"]) == pytest.approx(1, abs=1e-12)


def test_works_of_a_real_snapshot_without_authors_are_counted_as_unknown() -> None:
    folder = shared_data("openalex", "snapshot")
    got = read(folder)
    packed = [row for row in got.rows if row["source_file"].endswith(".gz")]
    plain = [row for row in got.rows if row["source_file"].endswith("part_000")]
    assert len(packed) == len(plain) == 27
    assert {(row["n_authors"], len(row["countries"])) for row in packed} == {(0, 0)}
    assert {row["topic_scheme"] for row in packed} == {"openalex-concepts"}
    (single,) = (row for row in got.rows if row["id"] == "W2741809807")
    assert single["countries"] == [124, US]
    assert sum(single["shares"]) == pytest.approx(1)
    drop = {"source_file"}
    assert [{k: v for k, v in row.items() if k not in drop} for row in packed] == [
        {k: v for k, v in row.items() if k not in drop} for row in plain
    ]


def test_institutions_in_place_of_works_are_refused() -> None:
    got = read(shared_data("openalex", "snapshot", "institutions"))
    assert not got.rows
    assert len(got.quarantine) == 678


def test_the_sample_is_read_with_its_broken_line() -> None:
    got = read(SAMPLE)
    assert len(got.quarantine) == 1
    assert "not valid JSON" in got.reasons[0]
    assert {row["reason"] for row in got.tombstones} == {"merged"}
    assert len(got.rows) > 20_000
    assert not got.warnings
