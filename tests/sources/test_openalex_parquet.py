from __future__ import annotations

import json
import random
from contextlib import suppress
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from support.openalex import author, lines, read, work
from support.shared import shared_data

from trendcore.errors import InputError, SchemaError

RECORDS = [
    work(1, authorships=[author("JP", position="first"), author("US", "JP"), author()], is_xpac=False),
    work(2, authorships=[], is_xpac=True),
    work(3, topics=[], primary_topic=None, is_retracted=True),
    work(4, publication_year=0),
    work(5, id=None),
]


def table(records: list[dict[str, Any]]) -> pa.Table:
    return pa.Table.from_pylist(records)


def written(path: Path, data: pa.Table, **how: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(data, path, **how)
    return path


def without(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{key: value for key, value in row.items() if key != "source_file"} for row in rows]


@pytest.mark.parametrize("compliant", [True, False])
def test_both_formats_give_equal_rows(tmp_path: Path, compliant: bool) -> None:
    plain = tmp_path / "a.jsonl"
    plain.write_bytes(lines(*RECORDS))
    nested = written(
        tmp_path / "updated_date=2024-05-01" / "part_0000.parquet",
        table(RECORDS),
        use_compliant_nested_type=compliant,
        row_group_size=2,
    )
    for keep in ("all", "fields"):
        one, other = read(plain, keep=keep), read(nested, keep=keep)
        assert without(one.rows) == without(other.rows)
        assert [(row["line"], row["reason"]) for row in one.quarantine] == [
            (row["line"], row["reason"]) for row in other.quarantine
        ]
        assert without(one.tombstones) == without(other.tombstones)
    assert other.quarantine[0]["raw"].startswith('{"')


def test_real_works_are_the_same_from_parquet(tmp_path: Path) -> None:
    plain = shared_data("openalex", "api", "search_works.jsonl")
    records = list(map(json.loads, plain.read_text(encoding="utf-8").splitlines()))
    for record in records:
        record.pop("abstract_inverted_index", None)
    path = written(tmp_path / "works.parquet", table(records))
    assert without(read(path).rows) == without(read(plain).rows)


def test_columns_of_any_sound_type_are_read(tmp_path: Path) -> None:
    data = pa.table(
        {
            "id": pa.array(["https://openalex.org/W1"], pa.large_string()),
            "publication_year": pa.array([2020], pa.int16()),
            "publication_date": pa.array([date(2020, 2, 3)]),
            "updated_date": pa.array([datetime(2024, 1, 2, 3, 4)], pa.timestamp("us")),
            "authorships": pa.array([[{"countries": ["JP"]}]]),
            "type": pa.array(["article"]).dictionary_encode(),
        }
    )
    (row,) = read(written(tmp_path / "a.parquet", data)).rows
    assert (row["date"], row["updated"], row["countries"]) == (date(2020, 2, 3), date(2024, 1, 2), [392])
    assert (row["type"], row["topic_scheme"], row["is_xpac"]) == ("article", None, False)


def test_old_parquet_has_concepts_and_institutions(tmp_path: Path) -> None:
    old = work(
        1, topics=..., primary_topic=..., concepts=[{"id": "https://openalex.org/C58053490", "score": 0.9}]
    )
    for authorship in old["authorships"]:
        del authorship["countries"]
    (row,) = read(written(tmp_path / "a.parquet", table([old]))).rows
    assert (row["topic_scheme"], row["countries"]) == ("openalex-concepts", [392])


@pytest.mark.parametrize("name", ["id", "publication_year", "authorships"])
def test_a_column_that_must_be_there_is_named(tmp_path: Path, name: str) -> None:
    path = written(tmp_path / "a.parquet", table([work(1)]).drop_columns(name))
    with pytest.raises(SchemaError, match=f"a.parquet: column {name}.* is missing"):
        read(path)


def test_no_rows_and_wrong_types(tmp_path: Path) -> None:
    got = read(written(tmp_path / "a.parquet", table([work(1)]).slice(0, 0)))
    assert got.warnings == {"empty_file": 1}
    wrong = table([work(1), work(2)]).drop_columns("publication_year")
    got = read(
        written(tmp_path / "b.parquet", wrong.append_column("publication_year", pa.array(["2020", None])))
    )
    assert got.reasons == [
        "not a work: Expected `int | null`, got `str` - at `$.publication_year`",
        "no publication year",
    ]


def test_broken_parquet_is_an_error(tmp_path: Path) -> None:
    path = written(tmp_path / "a.parquet", table([work(number) for number in range(200)]))
    data = path.read_bytes()
    path.write_bytes(data[:-100])
    with pytest.raises(InputError, match="not a Parquet file that can be read"):
        read(path)
    for seed in range(10):
        chance = random.Random(seed)
        broken = bytearray(data)
        for _ in range(3):
            broken[chance.randrange(4, len(broken))] = chance.randrange(256)
        path.write_bytes(broken)
        with suppress(InputError):
            got = read(path)
            assert len(got.rows) + len(got.quarantine) <= 1000
