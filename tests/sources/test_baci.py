from __future__ import annotations

import csv
import gzip
import zipfile
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.openalex import Read, read
from support.shared import shared_data

from trendcore.errors import InputError, SchemaError
from trendcore.sources import feed
from trendcore.sources.trade_rows import SeenKeys, scaled
from trendcore.taxonomy import countries

NAME = "BACI_HS22_Y2022_V202401.csv"
HEADER = "t,i,j,k,v,q\n"


def baci(folder: Path, *rows: str, name: str = NAME, header: str = HEADER, **limits: int) -> Read:
    path = folder / name
    path.write_text(header + "".join(row + "\n" for row in rows))
    return read(path, name="baci", **limits)


def test_a_row_becomes_a_flow_in_thousandths_of_a_dollar(tmp_path: Path) -> None:
    got = baci(tmp_path, "2022,842,490,10121,34.156,           1.25")
    (row,) = got.rows
    assert row == {
        "year": 2022,
        "exporter": 840,
        "importer": 158,
        "hs6": "010121",
        "hs_revision": "HS22",
        "flow": "trade",
        "reporter_side": "reconciled",
        "value": 34_156_000,
        "quantity_t": 1.25,
        "source_file": f"{tmp_path.name}/{NAME}",
        "source_line": 2,
    }


@pytest.mark.parametrize("quantity", ["NA", "          NA", "", "   "])
def test_a_quantity_that_is_not_there_is_null(tmp_path: Path, quantity: str) -> None:
    (row,) = baci(tmp_path, f"2022,842,156,854231,1,{quantity}").rows
    assert row["quantity_t"] is None


@pytest.mark.parametrize(
    ("text", "thousandths"),
    [
        ("0.001", 1_000),
        ("0.0285", 28_500),
        ("1234567.891", 1_234_567_891_000),
        ("1e+05", 100_000_000_000),
        ("0.0000005", 1),
        ("0.00000049", 0),
        ("0", 0),
        ("8.115", 8_115_000),
    ],
)
def test_values_are_exact(tmp_path: Path, text: str, thousandths: int) -> None:
    (row,) = baci(tmp_path, f"2022,842,156,854231,{text},1").rows
    assert row["value"] == thousandths


@settings(deadline=None, max_examples=60)
@given(
    st.lists(
        st.decimals(min_value=-(10**9), max_value=10**9, places=5, allow_nan=False, allow_infinity=False)
        | st.sampled_from(["NA", "", "1e999", "--1", "1,5", "0x10", "٣", "inf", "9" * 70]),
        max_size=20,
    )
)
def test_scaling_is_decimal_arithmetic(numbers: list[object]) -> None:
    from decimal import ROUND_HALF_UP, Decimal

    got = scaled(pl.Series([str(number) for number in numbers], dtype=pl.String), 3).to_list()
    want = [
        None
        if isinstance(number, str)
        else int((Decimal(str(number)) * 1000).quantize(Decimal(1), ROUND_HALF_UP))
        for number in numbers
    ]
    assert got == want


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("2022,842,156,854231,-1,1", "negative value"),
        ("2022,842,156,854231,abc,1", "value is not a number"),
        ("2022,842,156,854231,,1", "value is not a number"),
        ("2022,842,156,854231,inf,1", "value is not a number"),
        ("2022,842,156,854231,1,many", "quantity is not a number"),
        ("2022,842,156,854231,1,-4", "negative quantity"),
        ("2022,842,156,8542311,1,1", "product is not a code of at most six digits"),
        ("2022,842,156,,1,1", "product is not a code of at most six digits"),
        ("2021,842,156,854231,1,1", "year is not the file's, 2022"),
        ("0,842,156,854231,1,1", "year is not the file's, 2022"),
        (",842,156,854231,1,1", "year is not a number"),
        ("2022,1,156,854231,1,1", "unknown exporter 1"),
        ("2022,842,99999,854231,1,1", "unknown importer 99999"),
        ("2022,842,US,854231,1,1", "unknown importer US"),
        ("2022,842,156,854231,1", "has 5 fields where the header has 6"),
        ("2022,842,156,854231,1,1,7", "has 7 fields where the header has 6"),
        ('2022,"842,156,854231,1,1', 'unknown exporter "842'),
    ],
)
def test_a_bad_row_is_quarantined_and_the_others_count(tmp_path: Path, row: str, reason: str) -> None:
    got = baci(tmp_path, "2022,842,156,854231,1,1", row, "2022,842,392,854231,1,1")
    assert [(one["line"], one["reason"], one["raw"]) for one in got.quarantine] == [(3, reason, row)]
    assert [one["source_line"] for one in got.rows] == [2, 4]


def test_a_code_that_has_ended_is_unknown_afterwards(tmp_path: Path) -> None:
    old = baci(tmp_path, "1998,58,842,854211,1,1", name="BACI_HS92_Y1998_V202401.csv")
    new = baci(tmp_path, "1999,58,842,854211,1,1", name="BACI_HS92_Y1999_V202401.csv")
    assert countries().label(old.rows[0]["exporter"]).startswith("BE")
    assert new.rows == []
    assert new.reasons == ["unknown exporter 58"]


def test_totals_are_set_aside(tmp_path: Path) -> None:
    got = baci(tmp_path, "2022,97,156,854231,1,1", "2022,842,0,854231,1,1", "2022,842,490,854231,1,1")
    (counts,) = got.counts.values()
    assert (counts.read, counts.accepted, dict(counts.set_aside)) == (3, 1, {"aggregate": 2})


def test_remainders_are_flows_and_no_repeats_of_one_another(tmp_path: Path) -> None:
    got = baci(
        tmp_path,
        "2022,899,156,854231,1,1",
        "2022,697,156,854231,1,1",
        "2022,697,156,854231,1,1",
        "2022,156,849,854231,2,1",
        "2022,697,849,854231,3,1",
    )
    (counts,) = got.counts.values()
    assert (counts.read, counts.accepted, dict(counts.set_aside)) == (5, 4, {"repeat": 1})
    ends = [(row["exporter"], row["importer"], row["value"]) for row in got.rows]
    assert ends == [
        (2899, 156, 1_000_000), (2697, 156, 1_000_000), (156, 2849, 2_000_000), (2697, 2849, 3_000_000)
    ]  # fmt: skip


@pytest.mark.parametrize("batch_rows", [1, 2, 100])
def test_rows_that_come_again(tmp_path: Path, batch_rows: int) -> None:
    got = baci(
        tmp_path,
        "2022,842,156,854231,1,1",
        "2022,842,156,854232,1,1",
        "2022,842,156,854231,1.000,1",
        "2022,842,156,854231,2,1",
        "2022,156,842,854231,2,1",
        batch_rows=batch_rows,
    )
    (counts,) = got.counts.values()
    assert dict(counts.set_aside) == {"repeat": 1}
    assert [one["line"] for one in got.quarantine] == [5]
    assert [one["source_line"] for one in got.rows] == [2, 3, 6]


@settings(deadline=None, max_examples=80)
@given(st.lists(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 2)), max_size=12), max_size=6))
def test_keys_seen_are_as_in_a_dictionary(blocks: list[list[tuple[int, int]]]) -> None:
    seen, held = SeenKeys(), {}
    for block in blocks:
        want = []
        for key, value in block:
            want.append(0 if key not in held else 1 if held[key] == value else 2)
            held.setdefault(key, value)
        keys = np.array([key for key, _ in block], dtype=np.int64)
        values = np.array([value for _, value in block], dtype=np.int64)
        assert seen.again(keys, values).tolist() == want


@pytest.mark.parametrize(
    "header", ["t,i,j,k,v\n", "T,I,J,K,V,Q\n", "year;i;j;k;v;q\n", "a\n", "t,i,j,k,v,q,v\n"]
)
def test_a_header_that_lacks_or_doubles_a_column_is_refused(tmp_path: Path, header: str) -> None:
    with pytest.raises(SchemaError, match=f"{NAME}: line 1") as caught:
        baci(tmp_path, "2022,842,156,854231,1,1", header=header)
    assert "column" in str(caught.value)


def test_columns_may_come_in_any_order_in_quotes_and_with_a_mark(tmp_path: Path) -> None:
    got = baci(tmp_path, '"854231",1,"842",156,2022,9', header='\ufeff"k","v","i","j","t","q"\r\n')
    assert [(row["exporter"], row["importer"], row["hs6"]) for row in got.rows] == [(840, 156, "854231")]


def test_an_empty_file_is_a_warning_and_one_without_rows_is_none(tmp_path: Path) -> None:
    assert baci(tmp_path, header="").warnings == {"empty_file": 1}
    assert baci(tmp_path).warnings == {}


def test_packed_files_read_the_same(tmp_path: Path) -> None:
    rows = "".join(f"2022,842,{code},854231,{code}.5,1\n" for code in (156, 276, 392, 410))
    text = (HEADER + rows).encode()
    (tmp_path / f"{NAME}.gz").write_bytes(gzip.compress(text))
    with zipfile.ZipFile(tmp_path / f"{NAME}.zip", "w") as archive:
        archive.writestr(NAME, text)
    packed = [read(tmp_path / f"{NAME}{ending}", name="baci") for ending in (".gz", ".zip")]
    assert [[row["value"] for row in one.rows] for one in packed] == [
        [156500000, 276500000, 392500000, 410500000]
    ] * 2


def test_a_file_that_breaks_off_keeps_its_good_rows(tmp_path: Path) -> None:
    text = HEADER + "".join(f"2022,842,156,{code},1.5,1\n" for code in range(100000, 130000))
    (tmp_path / f"{NAME}.gz").write_bytes(gzip.compress(text.encode())[:-5000])
    got = read(tmp_path / f"{NAME}.gz", name="baci")
    assert got.warnings == {"file_breaks_off": 1}
    assert len(got.quarantine) == 1
    assert got.quarantine[0]["line"] == len(got.rows) + 2
    assert 0 < len(got.rows) < 30000


def test_a_bomb_is_refused(tmp_path: Path) -> None:
    (tmp_path / f"{NAME}.gz").write_bytes(gzip.compress(HEADER.encode() + b"0" * (1 << 22)))
    with pytest.raises(InputError, match="bomb"):
        read(tmp_path / f"{NAME}.gz", name="baci", max_ratio=20, ratio_from=1 << 16)


def test_a_folder_gives_its_year_files_in_order(tmp_path: Path) -> None:
    names = ["BACI_HS92_Y2000_V202401.csv", "BACI_HS92_Y1999_V202401.csv.gz", "country_codes_V202401.csv"]
    for name in [*names, "product_codes_HS92_V202401.csv", "Readme.txt"]:
        (tmp_path / name).write_text(HEADER)
    for where in (tmp_path, tmp_path / "*.csv*"):
        units = feed("baci").discover([where])
        assert [unit.files[0].path.name for unit in units] == [names[1], names[0]]


@pytest.mark.parametrize(
    ("name", "message"),
    [("flows.csv", "gives its edition and year"), ("country_codes_V202401.csv", "only tables")],
)
def test_a_file_named_unlike_baci_is_refused(tmp_path: Path, name: str, message: str) -> None:
    (tmp_path / name).write_text(HEADER)
    with pytest.raises(InputError, match=message):
        feed("baci").discover([tmp_path / name])
    with pytest.raises(InputError, match="no such file"):
        feed("baci").discover([tmp_path / "nowhere"])


def test_every_country_of_the_published_code_table_is_known(tmp_path: Path) -> None:
    with shared_data("baci", "country_codes_V202301.csv").open(encoding="utf-8", errors="replace") as opened:
        codes = [int(row["country_code"]) for row in csv.DictReader(opened)]
    table = countries()
    lost = []
    for code in codes:
        years = (1995, 2000, 2010, 2022)
        known = any(table.resolve("baci", code, year) is not None for year in years)
        if not known and code not in table.aggregates("baci"):
            lost.append(code)
    assert lost == []


def test_products_of_the_published_code_table_get_their_zeros_back(tmp_path: Path) -> None:
    with shared_data("baci", "product_codes_HS92_V202301.csv").open(
        encoding="utf-8", errors="replace"
    ) as opened:
        codes = [row["code"] for row in csv.DictReader(opened)]
    rows = [f"1995,842,392,{code},1,1" for code in codes]
    got = baci(tmp_path, *rows, name="BACI_HS92_Y1995_V202301.csv")
    assert len(got.rows) + len(got.quarantine) == len(codes)
    assert {len(row["hs6"]) for row in got.rows} == {6}
    assert got.rows[0]["hs6"] == "010111"
