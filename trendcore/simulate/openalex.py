"""Simulated works as an OpenAlex snapshot: gzip JSON lines in `updated_date=` folders."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from trendcore.simulate.chance import Chance
from trendcore.simulate.draw import UNKNOWN, Works, dates, works
from trendcore.simulate.files import write_gzip
from trendcore.simulate.world import COUNTRIES, FIELDS, OUT_OF_FIELD

FULL_SIZE = 22_000
YEARS = (2014, 2024)
_LEGACY, _BULK, _LATER = "2023-05-16", "2024-06-24", "2024-07-08"
_FIRST_ID = 9_900_000_000  # far above the ids in use
_AUTHORS = 4_000
_UNCLASSIFIED = (14423, 13154, 14235)

#: a few topics of each field, real OpenAlex ids; the last row is outside all fields
_TOPICS: tuple[tuple[tuple[int, str], ...], ...] = (
    ((10472, "Semiconductor materials and devices"), (11527, "3D IC and TSV technologies"),
     (10558, "Advancements in Semiconductor Devices and Circuit Design"),
     (11338, "Advancements in Photolithography Techniques"),
     (10502, "Advanced Memory and Neural Computing"),
     (10099, "GaN-based semiconductor devices and materials")),
    ((10036, "Advanced Neural Network Applications"), (10028, "Natural Language Processing Techniques"),
     (11273, "Advanced Graph Neural Networks"), (12026, "Explainable Artificial Intelligence (XAI)"),
     (10462, "Reinforcement Learning in Robotics"),
     (10181, "Natural Language Processing Techniques")),
    ((10020, "Quantum Information and Cryptography"),
     (10682, "Quantum Computing Algorithms and Architecture")),
    ((10714, "Software-Defined Networks and 5G"), (10148, "Advanced MIMO Systems Optimization"),
     (10936, "Millimeter-Wave Propagation and Modeling")),
    ((11082, "Spacecraft Dynamics and Control"), (12449, "Spacecraft Design and Technology"),
     (12513, "Rocket and propulsion systems research")),
    ((13438, "Environmental Conservation and Management"), (10841, "Economic and Environmental Valuation"),
     (10325, "Astro and Planetary Science"), (11276, "Solar Radiation and Photovoltaics"),
     (10624, "Silicon and Solar Cell Technologies")),
)  # fmt: skip
_CONCEPTS = (
    ((108225325, "Semiconductor"),),
    ((154945302, "Artificial intelligence"), (119857082, "Machine learning")),
    ((58053490, "Quantum computer"), (169699857, "Quantum information")),
    ((76155785, "Telecommunications"),),
    ((127413603, "Engineering"),),
    ((185592680, "Chemistry"),),
)
_TYPES = ("article", "preprint", "review", "book-chapter", "dissertation", "editorial", "paratext", "erratum")
_TYPE_WEIGHTS = (780, 90, 30, 60, 15, 10, 8, 7)

Record = dict[str, Any]


def write(folder: Path, seed: int, scale: float = 1.0, *, irregular: bool = True) -> list[Path]:
    """Write the snapshot under a folder and return its files.

    Parameters
    ----------
    folder
        Gets `updated_date=*/part_*.gz`, `merged_ids/works/*.csv.gz` and `manifest`.
    seed, scale
        As in `write_sample`.
    irregular
        Also a broken line and works without topics, countries or authors; without it every line is whole.
    """
    drawn = works(max(40, round(FULL_SIZE * scale)), seed, kind="papers", years=YEARS)
    records = list(_records(drawn, seed, irregular))
    chance = Chance(seed, "papers: versions")
    n = len(records)
    old = (drawn.year <= 2015) & (chance.below(100, n) < 12)  # known only by an old snapshot's record
    corrected = (chance.below(1000, n) < 12) & ~old
    merged = np.flatnonzero(~old & ~corrected & (chance.below(1000, n) < 3))
    lines: dict[str, list[str]] = {_LEGACY: [], _BULK: [], _LATER: []}
    for row, record in enumerate(records):
        if old[row]:
            lines[_LEGACY].append(_line(_as_legacy(record, int(drawn.field[row]))))
            continue
        if drawn.year[row] <= 2015 and row % 40 == 0:  # known by both: the topics replace the concepts
            lines[_LEGACY].append(_line(_as_legacy(record, int(drawn.field[row]))))
        lines[_BULK].append(_line(record))
        if corrected[row]:
            lines[_LATER].append(_line(_correct(record, row)))
    if irregular:
        half = len(lines[_BULK]) // 2
        lines[_BULK].insert(half, lines[_BULK][half][:200])  # a line cut by a broken transfer
    paths = _write_parts(folder, lines)
    return [*paths, _write_merged(folder, records, merged), _write_manifest(folder, lines)]


def _records(drawn: Works, seed: int, irregular: bool) -> Iterable[Record]:
    """Yield one record in the current schema for each work."""
    chance = Chance(seed, "papers: records")
    n = len(drawn)
    day = dates(chance, drawn.year, YEARS[1])
    kind = chance.pick(_TYPE_WEIGHTS, n)
    topics, scores = chance.below(1 << 30, 3 * n).reshape(n, 3), chance.below(1000, n)
    fate, cited = chance.below(1000, n), chance.below(60, n)
    people = chance.below(_AUTHORS, len(drawn.country))
    houses = chance.below(4, len(drawn.country))
    for row in range(n):
        begin, end = int(drawn.offsets[row]), int(drawn.offsets[row + 1])
        seats = range(begin, end)
        authorships = [
            _authorship(drawn, seat, begin, end, int(people[seat]), int(houses[seat])) for seat in seats
        ]
        if irregular and fate[row] < 4:
            authorships = []
        number = _FIRST_ID + row * 7
        found = _topics(
            int(drawn.field[row]), topics[row], int(scores[row]), int(fate[row]) if irregular else 999
        )
        seen = {code for authorship in authorships for code in authorship["countries"]}
        yield {
            "id": f"https://openalex.org/W{number}",
            "doi": f"https://doi.org/10.5555/trendcore.{row}",
            "title": _title(row),
            "publication_year": int(drawn.year[row]),
            "publication_date": day[row],
            "language": "en" if fate[row] % 17 else "zh",
            "type": _TYPES[int(kind[row])],
            "authorships": authorships,
            "countries_distinct_count": len(seen),
            "cited_by_count": int(cited[row]),
            "is_retracted": bool(fate[row] == 500),
            "is_paratext": _TYPES[int(kind[row])] == "paratext",
            "is_xpac": bool(510 <= fate[row] < 530),
            "primary_topic": found[0] if found else None,
            "topics": found,
            "updated_date": f"{_BULK}T02:11:09.000000",
            "created_date": day[row],
        }  # fmt: skip


def _title(row: int) -> str:
    if row % 997 == 3:
        return f'Étude synthétique nº {row}: "quoted", \\slashed,\nover two lines'
    return f"Synthetic work {row}"


def _authorship(drawn: Works, seat: int, begin: int, end: int, person: int, house: int) -> Record:
    """Return one authorship; a person of unknown country has no institution."""
    codes = [int(code) for code in (drawn.country[seat], drawn.second[seat]) if code != UNKNOWN]
    position = "first" if seat == begin else "last" if seat == end - 1 else "middle"
    return {
        "author_position": position,
        "author": {
            "id": f"https://openalex.org/A{5_900_000_000 + person}",
            "display_name": f"Author {person}",
        },
        "institutions": [
            {
                "id": f"https://openalex.org/I{4_900_000_000 + 10 * code + house}",
                "display_name": f"Synthetic University {house + 1}",
                "country_code": COUNTRIES[code].alpha2,
                "type": "education",
            }
            for code in codes
        ],
        "countries": [COUNTRIES[code].alpha2 for code in codes],
    }


def _topic(number: int, name: str, score: float) -> Record:
    return {"id": f"https://openalex.org/T{number}", "display_name": name, "score": score}


def _topics(field: int, draws: np.ndarray, score: int, fate: int) -> list[Record]:
    """Return topics by rank: mostly the work's field first, sometimes another field's after it."""
    if 4 <= fate < 14:
        return []
    if 14 <= fate < 44:  # what a classifier that gave up leaves behind
        return [
            _topic(number, "Unclassified works", 0.018 - 0.001 * rank)
            for rank, number in enumerate(_UNCLASSIFIED)
        ]
    first = _TOPICS[field][int(draws[0]) % len(_TOPICS[field])]
    found = [_topic(*first, round(0.7 + score * 0.0003, 4))]
    other = int(draws[1]) % 10
    if other < 7:
        pool = _TOPICS[other if other <= OUT_OF_FIELD and draws[2] % 4 == 0 else OUT_OF_FIELD]
        second = pool[int(draws[2]) % len(pool)]
        if second != first:
            found.append(_topic(*second, round(0.2 + score * 0.0005, 4)))
    return found


def _as_legacy(record: Record, field: int) -> Record:
    """Return the record as snapshots before 2024 had it: concepts, no topics, no `countries`."""
    old = {key: value for key, value in record.items() if key not in {"topics", "primary_topic", "is_xpac"}}
    old["type"] = {"article": "journal-article", "preprint": "posted-content"}.get(
        record["type"], record["type"]
    )
    old["concepts"] = [
        {
            "id": f"https://openalex.org/C{number}",
            "display_name": name,
            "level": 1,
            "score": 0.61 - 0.1 * rank,
        }
        for rank, (number, name) in enumerate(_CONCEPTS[field])
    ]
    old["authorships"] = [
        {key: value for key, value in authorship.items() if key != "countries"}
        for authorship in record["authorships"]
    ]
    old.pop("countries_distinct_count")
    old["updated_date"] = f"{_LEGACY}T14:50:18.726146"
    return old


def _correct(record: Record, row: int) -> Record:
    """Return a later version: another topic, a country found, or the work retracted."""
    new = dict(record)
    new["updated_date"] = f"{_LATER}T05:40:31.000000"
    if row % 3 == 0:
        new["topics"] = [_topic(*_TOPICS[row % len(_TOPICS)][0], 0.9312)]
        new["primary_topic"] = new["topics"][0]
    elif row % 3 == 1 and record["authorships"]:
        last = dict(record["authorships"][-1], countries=["JP"])
        last["institutions"] = [
            {"id": f"https://openalex.org/I{4_900_000_040}", "display_name": "Synthetic University 1",
             "country_code": "JP", "type": "education"}
        ]  # fmt: skip
        new["authorships"] = [*record["authorships"][:-1], last]
        new["countries_distinct_count"] = len({code for a in new["authorships"] for code in a["countries"]})
    else:
        new["is_retracted"] = True
    return new


def _line(record: Record) -> str:
    return json.dumps(record, separators=(",", ":"), ensure_ascii=False)


def _write_parts(folder: Path, lines: dict[str, list[str]]) -> list[Path]:
    """Write each snapshot date; the large one in two parts."""
    paths = []
    for date, rows in lines.items():
        cut = (len(rows) + 1) // 2 if date == _BULK else len(rows)
        parts = [part for part in (rows[:cut], rows[cut:]) if part]
        for number, part in enumerate(parts):
            path = folder / f"updated_date={date}" / f"part_{number:03d}.gz"
            paths.append(write_gzip(path, "".join(row + "\n" for row in part)))
    return paths


def _write_merged(folder: Path, records: list[Record], merged: np.ndarray) -> Path:
    """Write the list of ids that were merged into another work."""
    rows = ["merge_date,id,merge_into_id\n"]
    for row in merged:
        gone, kept = (records[int(at)]["id"].rsplit("/", 1)[1] for at in (row, row - 1))
        rows.append(f"{_LATER},{gone},{kept}\n")
    return write_gzip(folder / "merged_ids" / "works" / f"{_LATER}.csv.gz", "".join(rows))


def _write_manifest(folder: Path, lines: dict[str, list[str]]) -> Path:
    entries = [
        {
            "url": f"s3://openalex/data/works/updated_date={date}/part_000.gz",
            "meta": {"record_count": len(rows)},
        }
        for date, rows in lines.items()
    ]
    path = folder / "manifest"
    path.write_text(json.dumps({"entries": entries}, indent=1) + "\n", encoding="utf-8")
    return path


assert len(_TOPICS) == len(_CONCEPTS) == len(FIELDS) + 1
