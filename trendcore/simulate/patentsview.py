"""Simulated grants as PatentsView tables: zipped TSV files joined by patent and location ids."""

from __future__ import annotations

import hashlib
from pathlib import Path

from trendcore.simulate.chance import Chance, Ints
from trendcore.simulate.draw import UNKNOWN, Works, dates, works
from trendcore.simulate.files import write_text, write_zip
from trendcore.simulate.world import COUNTRIES, FIELDS, POSITION

FULL_SIZE = 8_000
YEARS = (2014, 2024)
_FIRST_ID = 99_000_001  # far above the numbers in use
_CITIES = 3

#: a few CPC groups of each field; the last row is outside all fields
_CPC = (
    ("H01L21/768", "H01L23/5226", "H10D30/62", "H10D84/85", "H10B12/30", "H01L21/67017",
     "G11C16/10", "G03F7/70033"),
    ("G06N3/08", "G06N20/00", "G06N3/045", "G06V10/82", "G06F40/30", "G10L15/16", "G06F18/2413"),
    ("G06N10/40", "G06N10/20", "H04L9/0852", "H04B10/70"),
    ("H04W72/04", "H04W24/10", "H04L5/0048", "H04B7/0456", "H04W36/0085"),
    ("B64G1/10", "B64G1/24", "B64G1/40"),
    ("A61K31/519", "B60L50/64", "H02J7/0047", "G06Q10/06", "E21B43/26", "B62M27/02"),
)  # fmt: skip

#: owners that are drawn when an owner is not of the first inventor's country
_OWNERS = ("US", "US", "US", "JP", "DE", "KR", "CN", "TW", "NL", "CH", "FR", "GB", "SE", "FI")

Table = list[str]

_INVENTOR_HEADER = (
    "patent_id inventor_sequence inventor_id disambig_inventor_name_first disambig_inventor_name_last "
    "gender_code location_id"
).replace(" ", "\t")
_ASSIGNEE_HEADER = (
    "patent_id assignee_sequence assignee_id disambig_assignee_individual_name_first "
    "disambig_assignee_individual_name_last disambig_assignee_organization assignee_type location_id"
).replace(" ", "\t")
_LOCATION_HEADER = (
    "location_id disambig_city disambig_state disambig_country latitude longitude "
    "county state_fips county_fips"
).replace(" ", "\t")


def write(folder: Path, seed: int, scale: float = 1.0, *, irregular: bool = True) -> list[Path]:
    """Write the tables under a folder and return their files.

    Parameters
    ----------
    folder
        Gets `g_patent.tsv.zip` and the inventor, assignee, location and CPC tables.
    seed, scale
        As in `write_sample`.
    irregular
        Also repeated rows, blank locations, locations that are not in the table, withdrawn grants and symbols
        cut to the subclass.
    """
    drawn = works(max(40, round(FULL_SIZE * scale)), seed, kind="patents", years=YEARS)
    chance = Chance(seed, "patents: tables")
    number = [str(_FIRST_ID + row) for row in range(len(drawn))]
    if irregular:  # a few designs and plants, which have numbers of their own
        number = [f"D{980_000 + row}" if row % 151 == 7 else name for row, name in enumerate(number)]
    tables = {
        "g_patent": _patents(drawn, number, chance, irregular),
        "g_inventor_disambiguated": _inventors(drawn, number, chance, irregular),
        "g_assignee_disambiguated": _assignees(drawn, number, chance, irregular),
        "g_location_disambiguated": _locations(),
        "g_cpc_current": _cpc(drawn, number, chance, irregular),
    }
    paths = []
    for name, rows in tables.items():
        text = "".join(row + "\n" for row in rows)
        if name == "g_location_disambiguated":  # the one small table is left unzipped
            paths.append(write_text(folder / f"{name}.tsv", text))
        else:
            paths.append(write_zip(folder / f"{name}.tsv.zip", f"{name}.tsv", text))
    return paths


def location_id(country: int, city: int) -> str:
    """Return an id in the shape of PatentsView's: a version 1 UUID."""
    text = hashlib.sha256(f"{country}/{city}".encode()).hexdigest()
    return f"{text[:8]}-16c8-11ed-9b5f-{text[8:20]}"


def _locations() -> Table:
    rows = [_LOCATION_HEADER]
    for position, country in enumerate(COUNTRIES):
        for city in range(_CITIES):
            state = "CA" if country.alpha2 == "US" else ""
            place = f"Sampleville {city + 1}"
            latitude, longitude = f"{10 + position % 50}.{city}", f"{position * 2}.{city}"
            key = location_id(position, city)
            rows.append(f"{key}\t{place}\t{state}\t{country.alpha2}\t{latitude}\t{longitude}\t\t\t")
    return rows


def _patents(drawn: Works, number: list[str], chance: Chance, irregular: bool) -> Table:
    rows = ["patent_id\tpatent_type\tpatent_date\tpatent_title\twipo_kind\tnum_claims\twithdrawn\tfilename"]
    day = dates(chance, drawn.year, YEARS[1])
    claims = chance.below(30, len(drawn))
    for row, name in enumerate(number):
        kind = "design" if name[0] == "D" else "utility"
        withdrawn = int(irregular and row % 499 == 11)
        wipo = "S1" if name[0] == "D" else "B2"
        title = f"Synthetic invention {row}"
        rows.append(f"{name}\t{kind}\t{day[row]}\t{title}\t{wipo}\t{int(claims[row]) + 1}\t{withdrawn}\t")
    return rows


def _place(country: int, city: int, fate: int, irregular: bool) -> str:
    if country == UNKNOWN or (irregular and fate < 3):
        return ""  # no location
    if irregular and fate == 3:
        return location_id(country, 99)  # a location that the table lacks
    return location_id(country, city % _CITIES)


def _inventors(drawn: Works, number: list[str], chance: Chance, irregular: bool) -> Table:
    rows = [_INVENTOR_HEADER]
    n = len(drawn.country)
    who, city, fate = chance.below(3_000, n), chance.below(_CITIES, n), chance.below(1000, n)
    for row, name in enumerate(number):
        begin, end = int(drawn.offsets[row]), int(drawn.offsets[row + 1])
        sequence = 0
        for seat in range(begin, end):
            person = int(who[seat])
            place = _place(int(drawn.country[seat]), int(city[seat]), int(fate[seat]), irregular)
            again = 2 if irregular and fate[seat] >= 970 else 1  # the same inventor once more
            for _ in range(again):
                rows.append(
                    f"{name}\t{sequence}\tfl:in_ln:sample-{person}\tInventor\tSample {person}\t\t{place}"
                )
                sequence += 1
    return rows


def _assignees(drawn: Works, number: list[str], chance: Chance, irregular: bool) -> Table:
    rows = [_ASSIGNEE_HEADER]
    n = len(drawn)
    house, fate, abroad = chance.below(40, n), chance.below(1000, n), chance.below(100, n)
    other = chance.below(len(_OWNERS), n)
    for row, name in enumerate(number):
        if fate[row] > 970:
            continue  # owned by its inventors: no assignee
        home = int(drawn.country[drawn.offsets[row]])
        owners = [POSITION[_OWNERS[int(other[row])]] if abroad[row] < 9 else home]
        if abroad[row] >= 97:  # owned together
            owners.append(POSITION[_OWNERS[int(other[row])]])
        for sequence, owner in enumerate(owners):
            key = hashlib.sha256(f"{owner}:{int(house[row])}".encode()).hexdigest()
            company = f"{key[:8]}-{key[8:12]}-{key[12:16]}-{key[16:20]}-{key[20:32]}"
            place = _place(owner, int(house[row]), int(fate[row]) if fate[row] < 40 else 500, irregular)
            kind = "2" if owner == POSITION["US"] else "3"
            title = (
                f"Sample Devices {int(house[row])} {COUNTRIES[owner].alpha2 if owner >= 0 else ''}".rstrip()
            )
            rows.append(f"{name}\t{sequence}\t{company}\t\t\t{title}\t{kind}\t{place}")
    return rows


def _cpc(drawn: Works, number: list[str], chance: Chance, irregular: bool) -> Table:
    rows = ["patent_id\tcpc_sequence\tcpc_section\tcpc_class\tcpc_subclass\tcpc_group\tcpc_type"]
    n = len(drawn)
    count = chance.pick((45, 35, 20), n) + 1
    draws: Ints = chance.below(1 << 20, 3 * n).reshape(n, 3)
    fate = chance.below(1000, n)
    for row, name in enumerate(number):
        if name[0] == "D":
            continue  # designs have no CPC
        for sequence in range(int(count[row])):
            draw = int(draws[row, sequence])
            field = int(drawn.field[row]) if sequence == 0 or draw % 5 else len(FIELDS)
            symbol = _CPC[field][(draw >> 3) % len(_CPC[field])]
            group = "" if irregular and fate[row] < 6 else symbol
            kind = "inventional" if sequence == 0 else "additional"
            rows.append(f"{name}\t{sequence}\t{symbol[0]}\t{symbol[:3]}\t{symbol[:4]}\t{group}\t{kind}")
    return rows
