"""Simulated flows as CEPII BACI files and as UN Comtrade exports, current and legacy layout."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from trendcore.simulate.chance import Chance
from trendcore.simulate.files import write_text
from trendcore.simulate.flows import TRADERS, Flows, flows
from trendcore.simulate.products import products

BACI_YEARS = (*((year, "HS07") for year in range(2017, 2023)), (2022, "HS22"), (2023, "HS22"))
_BACI_ROWS = 4_000
_VERSION = "V202501"
_EDITION_OF_YEAR = {2019: "H5", 2020: "H5", 2021: "H5", 2022: "H6", 2023: "H6"}
_REPORTERS = ("JPN", "USA")
_LEGACY_YEARS = (2020,)
_LEGACY_REPORTERS = ("JPN", "KOR", "USA")
_TEXT = {"8542": "Electronic integrated circuits"}
_EQUIPMENT = {
    "848620": "Machines and apparatus of a kind used solely or principally for the manufacture of semiconductor devices or of electronic integrated circuits",  # noqa: E501
    "903082": "Instruments and apparatus for measuring or checking semiconductor wafers or devices",
    "903141": "Optical instruments and appliances for inspecting semiconductor wafers or devices",
}

PLUS_HEADER = (
    "typeCode,freqCode,refPeriodId,refYear,refMonth,period,reporterCode,reporterISO,reporterDesc,"
    "flowCode,flowDesc,partnerCode,partnerISO,partnerDesc,partner2Code,partner2ISO,partner2Desc,"
    "classificationCode,classificationSearchCode,isOriginalClassification,cmdCode,cmdDesc,aggrLevel,"
    "isLeaf,customsCode,customsDesc,mosCode,motCode,motDesc,qtyUnitCode,qtyUnitAbbr,qty,"
    "isQtyEstimated,altQtyUnitCode,altQtyUnitAbbr,altQty,isAltQtyEstimated,netWgt,"
    "isNetWgtEstimated,grossWgt,isGrossWgtEstimated,cifvalue,fobvalue,primaryValue,"
    "legacyEstimationFlag,isReported,isAggregate"
)
LEGACY_HEADER = (
    "Classification,Year,Period,Period Desc.,Aggregate Level,Is Leaf Code,Trade Flow Code,"
    "Trade Flow,Reporter Code,Reporter,Reporter ISO,Partner Code,Partner,Partner ISO,"
    "2nd Partner Code,2nd Partner,2nd Partner ISO,Customs Proc. Code,Customs,Mode of Transport Code,"
    "Mode of Transport,Commodity Code,Commodity,Qty Unit Code,Qty Unit,Qty,Alt Qty Unit Code,"
    "Alt Qty Unit,Alt Qty,Netweight (kg),Gross weight (kg),Trade Value (US$),CIF Trade Value (US$),"
    "FOB Trade Value (US$),Flag"
)


def write_baci(folder: Path, seed: int, scale: float = 1.0, *, irregular: bool = True) -> list[Path]:
    """Write one BACI file for each year and edition, and the two code tables, and return the files."""
    paths = []
    for year, edition in BACI_YEARS:
        drawn = flows(year, edition, seed, rows=max(200, round(_BACI_ROWS * scale)))
        path = folder / f"BACI_{edition}_Y{year}_{_VERSION}.csv"
        paths.append(write_text(path, _baci_text(drawn, seed, irregular)))
    paths.append(_baci_countries(folder))
    for edition in ("HS07", "HS22"):
        rows = [f'{int(good.code)},"{good.description}"\n' for good in products(edition)]  # no leading zeros
        path = folder / f"product_codes_{edition}_{_VERSION}.csv"
        paths.append(write_text(path, "code,description\n" + "".join(rows)))
    return paths


def _baci_text(drawn: Flows, seed: int, irregular: bool) -> str:
    """Return a file's text: thousands of US dollars with three decimals, tonnes or NA."""
    weight = Chance(seed, f"baci: tonnes {drawn.year} {drawn.edition}").below(2000, len(drawn.value))
    lost = irregular and drawn.edition == "HS07"  # some tools write 10290 for 010290
    codes = [str(int(good.code)) if lost else good.code for good in drawn.goods]
    lines = ["t,i,j,k,v,q\n"]
    for row in range(len(drawn.value)):
        exporter = TRADERS[int(drawn.exporter[row])].trade_code
        importer = TRADERS[int(drawn.importer[row])].trade_code
        value = int(drawn.value[row]) // 1000  # US dollars, so thousands have three decimals
        tonnes = value * (int(weight[row]) + 1) // 10_000
        quantity = "NA" if irregular and weight[row] < 30 else f"{tonnes // 1000}.{tonnes % 1000:03d}"
        amount = f"{value // 1000}.{value % 1000:03d}"
        lines.append(
            f"{drawn.year},{exporter},{importer},{codes[int(drawn.product[row])]},{amount},{quantity}\n"
        )
    return "".join(lines)


def _baci_countries(folder: Path) -> Path:
    rows = ["country_code,country_name,country_iso2,country_iso3\n"]
    for country in TRADERS:
        alpha2, alpha3 = ("N/A", "N/A") if country.trade_code == 490 else (country.alpha2, country.alpha3)
        rows.append(f'{country.trade_code},"{country.name}",{alpha2},{alpha3}\n')
    return write_text(folder / f"country_codes_{_VERSION}.csv", "".join(rows))


def write_comtrade(folder: Path, seed: int, scale: float = 1.0, *, irregular: bool = True) -> list[Path]:
    """Write an export in the current layout (8542) and one in the legacy layout (equipment); return them.

    The current one is latin-1, ends each row in a spare comma, mixes World rows in and has flows of a
    country with itself; the legacy one holds imports from single partners and World rows.
    """
    current, legacy = [PLUS_HEADER + "\n"], [LEGACY_HEADER + "\n"]
    for year, edition in _EDITION_OF_YEAR.items():
        drawn = flows(
            year, "HS07" if edition == "H5" else "HS22", seed, rows=max(2000, round(40_000 * scale))
        )
        for reporter in _REPORTERS:
            current += _plus_rows(drawn, edition, reporter, irregular)
        if year in _LEGACY_YEARS:
            legacy += _legacy_rows(drawn, edition)
    return [
        write_text(folder / "TradeData.csv", "".join(current), "latin-1" if irregular else "utf-8"),
        write_text(folder / "semiconductor_equipment_legacy.csv", "".join(legacy)),
    ]


def _imports(drawn: Flows, reporter: str, heading: str) -> dict[int, int]:
    """Return what a country imports under a heading: position of the partner -> US dollars."""
    found: dict[int, int] = {}
    for row in range(len(drawn.value)):
        if TRADERS[int(drawn.importer[row])].alpha3 != reporter:
            continue
        if drawn.goods[int(drawn.product[row])].code.startswith(heading):
            partner = int(drawn.exporter[row])
            found[partner] = found.get(partner, 0) + int(drawn.value[row]) // 1000
    return found


def _plus_rows(drawn: Flows, edition: str, reporter: str, irregular: bool) -> list[str]:
    """Return a reporter's imports of 8542 in a year, the World row first."""
    (own,) = (country for country in TRADERS if country.alpha3 == reporter)
    found = _imports(drawn, reporter, "8542")
    partners = [
        (TRADERS[at].trade_code, TRADERS[at].alpha3, TRADERS[at].name, value) for at, value in found.items()
    ]
    if irregular:
        partners.append(
            (own.trade_code, own.alpha3, own.name, sum(found.values()) // 40)
        )  # goods that came back
        partners.append((899, "_X ", "Areas, nes", 1234))
    partners = sorted(
        (code, "S19" if code == 490 else iso, name, value) for code, iso, name, value in partners
    )
    if irregular:
        partners.insert(0, (0, "W00", "World", sum(partner[3] for partner in partners)))
    rows = []
    for code, iso, name, value in partners:
        cells = [
            "C", "A", f"{drawn.year}0101", drawn.year, 52, drawn.year, own.trade_code, own.alpha3, own.name,
            "M", "Import", code, iso, name, 0, "W00", "World", edition, "HS", "true", "8542", _TEXT["8542"],
            4, "false", "C00", "TOTAL CPC", 0, 0, "TOTAL MOT", -1, "N/A", None, "false", -1, "N/A", None,
            "false", None, "false", None, "false", value, None, value, 0, "true", "false",
        ]  # fmt: skip
        text = ",".join("" if cell is None else f'"{cell}"' for cell in cells)
        rows.append(text + (",\n" if irregular else "\n"))
    return rows


def _legacy_rows(drawn: Flows, edition: str) -> list[str]:
    """Return imports of equipment by each country from single partners, and its World row."""
    buffer = io.StringIO()
    out = csv.writer(buffer, lineterminator="\n")
    sums: dict[tuple[int, str], int] = {}
    body = []
    for row in range(len(drawn.value)):
        code = drawn.goods[int(drawn.product[row])].code
        if code in _EQUIPMENT and TRADERS[int(drawn.importer[row])].alpha3 in _LEGACY_REPORTERS:
            importer, value = int(drawn.importer[row]), int(drawn.value[row]) // 1000
            sums[importer, code] = sums.get((importer, code), 0) + value
            body.append((importer, int(drawn.exporter[row]), code, value))
    for importer, code in sums:
        body.append((importer, -1, code, sums[importer, code]))
    for importer, exporter, code, value in sorted(body, key=lambda entry: (entry[0], entry[2], entry[1])):
        own = TRADERS[importer]
        partner = (0, "World", "WLD")
        if exporter >= 0:
            partner = (TRADERS[exporter].trade_code, TRADERS[exporter].name, TRADERS[exporter].alpha3)
        out.writerow(
            [edition, drawn.year, drawn.year, drawn.year, 6, 1, 1, "Import", own.trade_code, own.name,
             own.alpha3, *partner, *[""] * 7, code, _EQUIPMENT[code], 1, "No Quantity", 0, "", "", "",
             value // 90, "", value, "", "", 2]
        )  # fmt: skip
    return [buffer.getvalue()]
