"""Tables of PatentsView for tests: written small, and read back whole."""

from __future__ import annotations

import gzip
import zipfile
from pathlib import Path

from support.openalex import Read, read

TABLES = {
    "patent": ("g_patent", "patent_id patent_type patent_date patent_title withdrawn"),
    "inventor": ("g_inventor_disambiguated", "patent_id inventor_sequence inventor_id location_id"),
    "assignee": ("g_assignee_disambiguated", "patent_id assignee_sequence assignee_id location_id"),
    "location": ("g_location_disambiguated", "location_id disambig_city disambig_country"),
    "cpc": ("g_cpc_current", "patent_id cpc_subclass cpc_group"),
    "application": ("g_application", "patent_id application_id filing_date"),
    "priority": ("g_foreign_priority", "patent_id filing_date foreign_country_filed"),
}
Row = tuple[str, ...]
PLACES: list[Row] = [
    ("l_us", "", "US"),
    ("l_jp", "", "JP"),
    ("l_na", "", "NA"),
    ("l_zz", "", "ZZ"),
    ("l_no", "", ""),
]


def write(folder: Path, ending: str = "", **tables: list[Row]) -> Path:
    """Write tables as TSV, packed by their ending; patent, inventor and location are always there."""
    for role, rows in ({"patent": [], "inventor": [], "location": PLACES} | tables).items():
        name, header = TABLES[role]
        text = "".join("\t".join(row) + "\n" for row in [tuple(header.split()), *rows]).encode()
        path = folder / f"{name}.tsv{ending}"
        if ending == ".zip":
            with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
                archive.writestr(f"{name}.tsv", text)
        else:
            path.write_bytes(gzip.compress(text) if ending == ".gz" else text)
    return folder


def patent(number: str, day: str = "2020-01-07", kind: str = "utility", gone: str = "0") -> Row:
    return (number, kind, day, "A title", gone)


def patents(folder: Path, keep: str = "all", **tables: list[Row]) -> Read:
    return read(write(folder, **tables), name="patentsview", keep=keep)


def aside(got: Read, role: str) -> dict[str, int]:
    (counts,) = (one for name, one in got.counts.items() if TABLES[role][0] in name)
    return (
        {**counts.set_aside, "quarantined": counts.quarantined}
        if counts.quarantined
        else dict(counts.set_aside)
    )
