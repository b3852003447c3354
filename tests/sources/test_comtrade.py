from __future__ import annotations

import csv
import gzip
import os
import zipfile
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from support.comtrade import LEGACY, aside, comtrade, row
from support.openalex import read
from support.shared import shared_data

from trendcore.errors import InputError, SchemaError
from trendcore.simulate.trade import LEGACY_HEADER, PLUS_HEADER
from trendcore.sources import feed


def test_an_import_is_a_flow_from_the_partner_by_the_importers_report(tmp_path: Path) -> None:
    (got,) = comtrade(tmp_path, row()).rows
    assert got == {
        "year": 2020,
        "exporter": 392,
        "importer": 764,
        "hs6": "854231",
        "hs_revision": "HS17",
        "flow": "import",
        "reporter_side": "importer",
        "value": 12_500,
        "quantity_t": 1.5,
        "source_file": f"{tmp_path.name}/TradeData.csv",
        "source_line": 2,
    }


@pytest.mark.parametrize(
    ("flow", "name", "side", "exporter"),
    [
        ("M", "import", "importer", 392),
        ("X", "export", "exporter", 764),
        ("RX", "re-export", "exporter", 764),
        ("RM", "re-import", "importer", 392),
        ("Re-Export", "re-export", "exporter", 764),
        ("Exports", "export", "exporter", 764),
    ],
)
def test_flows_are_kept_apart(tmp_path: Path, flow: str, name: str, side: str, exporter: int) -> None:
    (got,) = comtrade(tmp_path, row(flowCode=flow)).rows
    assert (got["flow"], got["reporter_side"], got["exporter"]) == (name, side, exporter)
    assert {got["exporter"], got["importer"]} == {392, 764}


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"partnerCode": "0"}, "aggregate"),
        ({"partnerCode": "97"}, "aggregate"),
        ({"reporterCode": "97"}, "aggregate"),
        ({"partner2Code": "410"}, "breakdown"),
        ({"motCode": "1000"}, "breakdown"),
        ({"customsCode": "C01"}, "breakdown"),
        ({"mosCode": "1"}, "breakdown"),
        ({"flowCode": "DX"}, "breakdown"),
        ({"freqCode": "M", "period": "202001"}, "not_annual"),
        ({"classificationCode": "S4"}, "not_hs"),
        ({"classificationCode": "B5"}, "not_hs"),
        ({"cmdCode": "TOTAL"}, "total"),
        ({"typeCode": "S"}, "services"),
        ({"partnerCode": "0", "primaryValue": "", "cifvalue": ""}, "aggregate"),
    ],
)
def test_what_no_sum_may_hold_is_set_aside(tmp_path: Path, changes: dict[str, str], reason: str) -> None:
    got = comtrade(tmp_path, row(), row(**changes))
    assert aside(got) == {reason: 1}
    assert len(got.rows) == 1


@pytest.mark.parametrize(("flow", "end"), [("M", "exporter"), ("X", "importer")])
def test_remainders_are_flows_and_no_repeats_of_one_another(tmp_path: Path, flow: str, end: str) -> None:
    """Areas, bunkers and free zones with the same goods and value: parts of the reporter's total."""
    codes = ("899", "568", "837", "838", "839")
    got = comtrade(tmp_path, *(row(flowCode=flow, partnerCode=code) for code in codes))
    assert aside(got) == {}
    assert [one[end] for one in got.rows] == [2899, 2568, 2837, 2838, 2839]


def test_a_remainder_reports_nothing(tmp_path: Path) -> None:
    got = comtrade(tmp_path, row(), row(reporterCode="899"))
    assert (len(got.rows), got.reasons) == (1, ["unknown reporter 899"])


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"refYear": "0"}, "year out of range"),
        ({"refYear": ""}, "year is not a number"),
        ({"refYear": "20200"}, "year out of range"),
        ({"primaryValue": "-3"}, "negative value"),
        ({"primaryValue": "n/a"}, "value is not a number"),
        ({"primaryValue": "", "cifvalue": ""}, "value is not a number"),
        ({"reporterCode": "THA"}, "reporter is not a code: THA"),
        ({"partnerCode": ""}, "partner is not a code: "),
        ({"partnerCode": "1"}, "unknown partner 1"),
        ({"reporterCode": "996"}, "unknown reporter 996"),
        ({"flowCode": "Q"}, "unknown flow Q"),
        ({"classificationCode": "H7"}, "unknown edition of the HS: H7"),
        ({"classificationCode": "HS"}, "unknown edition of the HS: HS"),
        ({"cmdCode": "8542311"}, "not an HS code of 2, 4 or 6 digits"),
        ({"cmdCode": ""}, "not an HS code of 2, 4 or 6 digits"),
        ({"typeCode": "A"}, "type is neither C nor S: are the columns shifted?"),
    ],
)
def test_a_bad_row_is_quarantined_and_the_others_count(
    tmp_path: Path, changes: dict[str, str], reason: str
) -> None:
    got = comtrade(tmp_path, row(), row(**changes), row(partnerCode="156"))
    assert [(one["line"], one["reason"], one["raw"]) for one in got.quarantine] == [
        (3, reason, row(**changes))
    ]
    assert [one["source_line"] for one in got.rows] == [2, 4]


def test_rows_of_another_length_are_quarantined_with_their_lines(tmp_path: Path) -> None:
    whole = row(partnerCode="156")
    got = comtrade(tmp_path, row(), whole[:-200], whole + '"1",', "", whole)
    assert [one["line"] for one in got.quarantine] == [3, 4]
    assert all("fields where the header has 47" in reason for reason in got.reasons)
    assert [one["source_line"] for one in got.rows] == [2, 6]


def test_with_or_without_the_spare_comma_the_columns_are_the_same(tmp_path: Path) -> None:
    spare = comtrade(tmp_path, row(), row(partnerCode="156")).rows
    none = comtrade(tmp_path, row()[:-1], row(partnerCode="156")[:-1]).rows
    both = comtrade(tmp_path, row(), row(partnerCode="156"), header=PLUS_HEADER + ",").rows
    assert spare == none == both


def test_a_file_saved_with_shifted_columns_gives_no_rows(tmp_path: Path) -> None:
    # what pandas.read_csv makes of the spare comma: the first field becomes the index
    shifted = row().split(",", 1)[1].rstrip(",") + ",,"
    got = comtrade(tmp_path, shifted)
    assert got.rows == []
    assert got.reasons == ["type is neither C nor S: are the columns shifted?"]


@pytest.mark.parametrize("encoding", ["latin-1", "utf-8", "utf-8-sig", "cp1252"])
def test_encodings_do_not_matter(tmp_path: Path, encoding: str) -> None:
    got = comtrade(tmp_path, row(partnerCode="384", partnerDesc="Côte d'Ivoire"), row(), encoding=encoding)
    assert sorted(one["exporter"] for one in got.rows) == [384, 392]


def test_utf_16_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="UTF-16"):
        comtrade(tmp_path, row(), encoding="utf-16")


def test_values_are_exact_and_fall_back_on_their_side(tmp_path: Path) -> None:
    got = comtrade(
        tmp_path,
        row(primaryValue="9389778348.49"),
        row(partnerCode="156", primaryValue="", cifvalue="7", fobvalue="6"),
        row(partnerCode="410", flowCode="X", primaryValue="", cifvalue="7", fobvalue="6"),
        row(partnerCode="276", primaryValue="0.0284999999"),
    )
    assert [one["value"] for one in got.rows] == [9_389_778_348_490, 7_000, 6_000, 28]


@pytest.mark.parametrize(
    ("net", "tonnes"), [("0", None), ("", None), ("-1", None), ("N/A", None), ("2", 0.002)]
)
def test_a_weight_counts_if_there_is_one(tmp_path: Path, net: str, tonnes: float | None) -> None:
    (got,) = comtrade(tmp_path, row(netWgt=net)).rows
    assert got["quantity_t"] == tonnes


@pytest.mark.parametrize(
    ("code", "level", "hs6"),
    [("8542", "4", "8542"), ("10121", "6", "010121"), ("101", "4", "0101"), ("1", "2", "01"),
     ("102", "", "0102"), ("1012", "6", "001012"), ("9999AA", "6", "9999AA"), ("999999", "6", "999999")],
)  # fmt: skip
def test_codes_get_their_zeros_back(tmp_path: Path, code: str, level: str, hs6: str) -> None:
    (got,) = comtrade(tmp_path, row(cmdCode=code, aggrLevel=level)).rows
    assert got["hs6"] == hs6


def test_a_country_trades_with_itself_and_490_is_taiwan(tmp_path: Path) -> None:
    got = comtrade(tmp_path, row(partnerCode="764"), row(partnerCode="490"))
    assert [(one["exporter"], one["importer"]) for one in got.rows] == [(764, 764), (158, 764)]


@pytest.mark.parametrize("batch_rows", [1, 100])
def test_rows_that_come_again(tmp_path: Path, batch_rows: int) -> None:
    got = comtrade(
        tmp_path,
        row(),
        row(netWgt="7"),
        row(primaryValue="13"),
        row(classificationCode="H6"),
        row(refYear="2021", period="2021"),
        row(flowCode="RM"),
        batch_rows=batch_rows,
    )
    assert aside(got) == {"repeat": 1}
    assert [(one["line"], one["reason"]) for one in got.quarantine] == [
        (4, "the same flow comes again with another value")
    ]
    assert [one["source_line"] for one in got.rows] == [2, 5, 6, 7]


def test_the_legacy_layout(tmp_path: Path) -> None:
    rows = [
        LEGACY,
        LEGACY | {"Trade Flow": "Re-Export", "Trade Flow Code": "3"},
        LEGACY | {"Partner Code": "0"},
        LEGACY | {"Customs Proc. Code": "C01"},
        LEGACY | {"Period": "201603", "Partner Code": "156"},
    ]
    got = comtrade(tmp_path, *(",".join(one.values()) for one in rows), header=LEGACY_HEADER)
    assert aside(got) == {"aggregate": 1, "breakdown": 1, "not_annual": 1}
    first, second = got.rows
    assert (first["exporter"], first["importer"], first["hs_revision"]) == (840, 380, "HS12")
    assert (first["value"], first["quantity_t"]) == (1_887_000, None)
    assert (second["flow"], second["exporter"]) == ("re-export", 380)


@pytest.mark.parametrize("column", ["refYear", "flowCode,flowDesc", "primaryValue", "cmdCode"])
def test_a_missing_column_is_named(tmp_path: Path, column: str) -> None:
    header = PLUS_HEADER
    for name in column.split(","):
        header = header.replace(f"{name},", f"x{name},")
    with pytest.raises(
        SchemaError, match=f"TradeData.csv: line 1 lacks the column {column.replace(',', ' or ')} "
    ):
        comtrade(tmp_path, row(), header=header)


def test_a_column_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SchemaError, match="cmdCode twice"):
        comtrade(tmp_path, row(), header=PLUS_HEADER.replace("cmdDesc", "cmdCode"))


def test_an_empty_file_is_a_warning_and_another_table_an_error(tmp_path: Path) -> None:
    (tmp_path / "TradeData.csv").write_text("")
    assert read(tmp_path / "TradeData.csv", name="comtrade").warnings == {"empty_file": 1}
    with pytest.raises(SchemaError, match="reporterCode"):
        comtrade(tmp_path, "1,2", header="year,share")


def test_packed_files_read_the_same_and_bombs_do_not(tmp_path: Path) -> None:
    text = f"{PLUS_HEADER}\n{row()}\n".encode("latin-1")
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(text))
    with zipfile.ZipFile(tmp_path / "b.zip", "w") as archive:
        archive.writestr("TradeData.csv", text)
    assert [one["value"] for one in read(tmp_path, name="comtrade").rows] == [12_500, 12_500]
    with zipfile.ZipFile(tmp_path / "c.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("TradeData.csv", text + b"0" * (1 << 22))
    with pytest.raises(InputError, match="bomb"):
        read(tmp_path / "c.zip", name="comtrade", max_ratio=20, ratio_from=1 << 16)


def test_a_folder_is_searched_for_exports_only(tmp_path: Path) -> None:
    (tmp_path / "result.csv").write_text("year,share\n2014,22.8\n")
    with pytest.raises(InputError, match="nothing found"):
        feed("comtrade").discover([tmp_path])
    comtrade(tmp_path, row())
    (unit,) = feed("comtrade").discover([tmp_path])
    assert unit.files[0].path.name == "TradeData.csv"


def published(name: str) -> list[dict[str, Any]]:
    with shared_data("comtrade", name).open(encoding="utf-8") as opened:
        return list(csv.DictReader(opened))


def test_imports_of_thailand_give_the_published_shares() -> None:
    got = read(shared_data("comtrade", "TradeData.csv"), name="comtrade")
    (counts,) = got.counts.values()
    assert (counts.read, counts.quarantined, dict(counts.set_aside)) == (1178, 0, {"aggregate": 11})
    flows = pl.DataFrame(got.rows)
    assert flows.group_by("hs_revision").len().sort("hs_revision").rows() == [
        ("HS12", 316),
        ("HS17", 540),
        ("HS22", 311),
    ]
    assert flows.filter(pl.col("exporter") == 2899).height == 8
    assert flows.filter(pl.col("exporter") == pl.col("importer")).height == 11
    share = flows.group_by("year").agg(
        share=100 * pl.col("value").filter(pl.col("exporter") == 158).sum() / pl.col("value").sum(),
        taiwan=pl.col("value").filter(pl.col("exporter") == 158).sum(),
    )
    by_year = {year: (percent, value) for year, percent, value in share.rows()}
    for line in published("taiwan_dependency_index.csv"):
        percent, value = by_year[int(line["year"])]
        assert percent == pytest.approx(float(line["taiwan_proxy_dependency_pct"]), abs=1e-7)
        assert value == round(float(line["other_asia_nes_taiwan_proxy_import_usd"]) * 1000)
    assert round(by_year[2014][0], 3) == 22.805
    assert round(by_year[2024][0], 3) == 43.613


def test_imports_of_thailand_add_up_to_the_world_row_of_each_year() -> None:
    """Within the rounding of the rows: single dollars in 2014, where "Areas, nes" hold 9,504."""
    path = shared_data("comtrade", "TradeData.csv")
    with path.open(encoding="latin-1") as opened:
        world = {
            int(line["refYear"]): round(float(line["primaryValue"]) * 1000)
            for line in csv.DictReader(opened)
            if line["partnerCode"] == "0"
        }
    flows = pl.DataFrame(read(path, name="comtrade").rows)
    sums = dict(flows.group_by("year").agg(pl.col("value").sum()).rows())
    assert sums.keys() == world.keys() == set(range(2014, 2025))
    for year, value in sums.items():
        assert abs(value - world[year]) <= (3000 if year == 2014 else 10)


def test_imports_of_thailand_give_the_published_suppliers() -> None:
    flows = pl.DataFrame(read(shared_data("comtrade", "TradeData.csv"), name="comtrade").rows)
    for year in range(2014, 2025):
        want = [line for line in published("top_suppliers_by_year.csv") if int(line["year"]) == year]
        ours = flows.filter(pl.col("year") == year).sort("value", descending=True)["value"].to_list()
        assert ours[: len(want)] == [round(float(line["trade_value_usd"]) * 1000) for line in want]


def test_the_legacy_export_of_equipment_holds_the_world_only() -> None:
    path = shared_data("comtrade", "semiconductor_equipment_legacy_2016_2020.csv")
    got = read(path, name="comtrade")
    assert aside(got) == {"aggregate": 2863}
    assert got.rows == got.quarantine == []


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
def test_a_pipe_in_a_folder_is_refused_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "TradeData.csv")
    for path in (tmp_path, tmp_path / "*.csv"):
        with pytest.raises(InputError, match=r"TradeData\.csv: neither a file nor a folder"):
            feed("comtrade").discover([path])
