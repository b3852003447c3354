"""The two layouts of UN Comtrade exports: which column is what.

Comtrade Plus (since 2022) has 47 columns and ends its rows, but not its header, in a spare comma; the legacy
export has 35. Names are compared without regard to case; columns may come in any order.
"""

from __future__ import annotations

from typing import Final

from trendcore.errors import SchemaError
from trendcore.sources.base import InputFile
from trendcore.sources.delimited import Layout

#: our name -> the names in Comtrade Plus, in the legacy export, and whether it must be there
COLUMNS: Final[dict[str, tuple[tuple[str, ...], tuple[str, ...], bool]]] = {
    "year": (("refYear",), ("Year",), True),
    "period": (("period",), ("Period",), False),
    "freq": (("freqCode",), (), False),
    "type": (("typeCode",), (), False),
    "flow": (("flowCode", "flowDesc"), ("Trade Flow", "Trade Flow Code"), True),
    "reporter": (("reporterCode",), ("Reporter Code",), True),
    "partner": (("partnerCode",), ("Partner Code",), True),
    "partner2": (("partner2Code",), ("2nd Partner Code",), False),
    "customs": (("customsCode",), ("Customs Proc. Code",), False),
    "transport": (("motCode",), ("Mode of Transport Code",), False),
    "supply": (("mosCode",), (), False),
    "classification": (("classificationCode",), ("Classification",), True),
    "code": (("cmdCode",), ("Commodity Code",), True),
    "level": (("aggrLevel",), ("Aggregate Level",), False),
    "net_kg": (("netWgt",), ("Netweight (kg)",), False),
    "value": (("primaryValue",), ("Trade Value (US$)",), True),
    "cif": (("cifvalue",), ("CIF Trade Value (US$)",), False),
    "fob": (("fobvalue",), ("FOB Trade Value (US$)",), False),
}


def layout_of(file: InputFile, header: list[str]) -> Layout:
    """Find the columns of either layout.

    Raises
    ------
    SchemaError
        The header is of neither, or lacks a column; the message names it.

    Examples
    --------
    >>> from pathlib import Path
    >>> plus = "refYear flowCode reporterCode partnerCode classificationCode cmdCode primaryValue".split()
    >>> found = layout_of(InputFile(Path("a.csv"), "a.csv"), plus)
    >>> found["value"], found["net_kg"]
    ('primaryValue', None)
    """
    there = {name.casefold(): name for name in header}
    if len(there) != len(header):
        twice = sorted({name for name in header if [n.casefold() for n in header].count(name.casefold()) > 1})
        raise SchemaError(f"{file.path}: line 1 has the column {twice[0]} twice")
    legacy = "reporter code" in there
    layout: dict[str, str | None] = {}
    missing = []
    for ours, (plus, old, needed) in COLUMNS.items():
        names = old if legacy else plus
        layout[ours] = next((there[name.casefold()] for name in names if name.casefold() in there), None)
        if needed and layout[ours] is None:
            missing.append(" or ".join(names))
    if missing:
        raise SchemaError(
            f"{file.path}: line 1 lacks the column{'s'[: len(missing) > 1]} {', '.join(missing)} of a"
            f" {'legacy' if legacy else 'Comtrade Plus'} export; found: {', '.join(header)[:400]}."
            " Export the file again with all columns"
        )
    return layout
