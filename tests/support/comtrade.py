"""Comtrade exports for tests: rows of both layouts, written and read back whole."""

from __future__ import annotations

from pathlib import Path

from support.openalex import Read, read

from trendcore.simulate.trade import LEGACY_HEADER, PLUS_HEADER

PLUS = {
    "typeCode": "C", "freqCode": "A", "refPeriodId": "20200101", "refYear": "2020", "refMonth": "52",
    "period": "2020", "reporterCode": "764", "reporterISO": "THA", "reporterDesc": "Thailand",
    "flowCode": "M", "flowDesc": "Import", "partnerCode": "392", "partnerISO": "JPN", "partnerDesc": "Japan",
    "partner2Code": "0", "partner2ISO": "W00", "partner2Desc": "World", "classificationCode": "H5",
    "classificationSearchCode": "HS", "isOriginalClassification": "true", "cmdCode": "854231",
    "cmdDesc": "Processors, and controllers", "aggrLevel": "6", "isLeaf": "true", "customsCode": "C00",
    "customsDesc": "TOTAL CPC", "mosCode": "0 ", "motCode": "0", "motDesc": "TOTAL MOT", "qtyUnitCode": "-1",
    "qtyUnitAbbr": "N/A", "qty": "", "isQtyEstimated": "false", "altQtyUnitCode": "-1",
    "altQtyUnitAbbr": "N/A", "altQty": "", "isAltQtyEstimated": "false", "netWgt": "1500",
    "isNetWgtEstimated": "false", "grossWgt": "0", "isGrossWgtEstimated": "false", "cifvalue": "12.5",
    "fobvalue": "", "primaryValue": "12.5", "legacyEstimationFlag": "0", "isReported": "true",
    "isAggregate": "false",
}  # fmt: skip
LEGACY = dict.fromkeys(LEGACY_HEADER.split(","), "") | {
    "Classification": "H4", "Year": "2016", "Period": "2016", "Aggregate Level": "6", "Trade Flow Code": "1",
    "Trade Flow": "Import", "Reporter Code": "381", "Partner Code": "842", "Partner": "USA",
    "Commodity Code": "848620", "Netweight (kg)": "0", "Trade Value (US$)": "1887",
}  # fmt: skip


def row(**changes: str) -> str:
    assert set(changes) <= set(PLUS)
    return ",".join(f'"{value}"' if value else "" for value in (PLUS | changes).values()) + ","


def comtrade(
    folder: Path, *rows: str, header: str = PLUS_HEADER, encoding: str = "latin-1", **limits: int
) -> Read:
    path = folder / "TradeData.csv"
    path.write_text("".join(line + "\n" for line in (header, *rows)), encoding=encoding)
    return read(path, name="comtrade", **limits)


def aside(got: Read) -> dict[str, int]:
    (counts,) = got.counts.values()
    assert counts.read == counts.accepted + counts.quarantined + sum(counts.set_aside.values())
    return dict(counts.set_aside)
