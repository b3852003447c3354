"""Raw files for the benchmarks of reading: simulated feeds, the works filled up to the size of real ones.

`trendcore.simulate` writes of a work only what trendcore reads, some 1.3 kB. A work of OpenAlex takes ten
times that: abstracts, references, concepts, locations. Those are added here with invented content, in the
order and about the size in which the feed of 2025 has them, so that readers have as much to skip as in life.
"""

from __future__ import annotations

import gzip
import json
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from trendcore.simulate import write_sample
from trendcore.sources import patentsview_tables

#: raw JSON of the works of a sample of scale 1, filled up
MB_AT_SCALE_1 = 279
PARTS = 4

Record = dict[str, Any]


#: MB of the tables of a sample of scale 1, unpacked
BACI_MB_AT_SCALE_1, PATENTSVIEW_MB_AT_SCALE_1 = 1.19, 4.5
#: tables of PatentsView and the columns that are read of each
TABLES = {name: list(columns) for name, columns in patentsview_tables.TABLES.values()}


def write_openalex(folder: Path, json_mb: float) -> tuple[list[Path], float]:
    """Write gzip JSON lines of about this many MB; return the files and the MB of JSON in them.

    No line is broken: Polars stops at one.
    """
    sample = write_sample(
        folder / "sample", scale=json_mb / MB_AT_SCALE_1, feeds=["openalex"], irregular=False
    )
    works = [path for path in sample if path.name.startswith("part_")]
    filler = _Filler(11)
    paths, size = [], 0
    for path in works:
        lines = gzip.decompress(path.read_bytes()).splitlines()
        n_parts = PARTS if "2024-06-24" in str(path) else 1
        for part in range(n_parts):
            begin, end = len(lines) * part // n_parts, len(lines) * (part + 1) // n_parts
            text = b"".join(filler.lines(lines[begin:end]))
            out = folder / "works" / path.parent.name / f"{path.stem}{part}.gz"
            out.parent.mkdir(parents=True, exist_ok=True)
            out.write_bytes(gzip.compress(text, 6, mtime=0))
            paths.append(out)
            size += len(text)
    return paths, size / 1e6


def write_baci(folder: Path, mb: float) -> tuple[list[Path], float]:
    """Write year files of about this many MB; return them and their MB."""
    written = write_sample(folder, scale=mb / BACI_MB_AT_SCALE_1, feeds=["baci"], irregular=False)
    paths = [path for path in written if path.name.startswith("BACI_")]
    return paths, sum(path.stat().st_size for path in paths) / 1e6


def write_patentsview(folder: Path, mb: float) -> tuple[list[Path], float]:
    """Write tables of about this many MB, unpacked as Polars needs them; return them and their MB."""
    written = write_sample(
        folder, scale=mb / PATENTSVIEW_MB_AT_SCALE_1, feeds=["patentsview"], irregular=False
    )
    paths = []
    for path in written:
        if path.suffix == ".zip":
            with zipfile.ZipFile(path) as archive:
                (member,) = archive.namelist()
                paths.append(Path(archive.extract(member, folder / "plain")))
        else:
            paths.append(Path(shutil.copy(path, folder / "plain")))
    return paths, sum(path.stat().st_size for path in paths) / 1e6


class _Filler:
    """Fills works up."""

    def __init__(self, seed: int) -> None:
        self._rng = np.random.Generator(np.random.PCG64(seed))
        letters = np.array(list("etaoinshrdlucmfwypvbgk"))
        weights = np.linspace(3, 1, len(letters))
        self._words = [
            "".join(self._rng.choice(letters, size, p=weights / weights.sum()))
            for size in self._rng.integers(2, 12, 5000)
        ]

    def lines(self, lines: list[bytes]) -> Iterator[bytes]:
        for line in lines:
            work = self._fill(json.loads(line))
            yield json.dumps(work, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"

    def _number(self, most: int = 9_999_999_999) -> int:
        return int(self._rng.integers(1_000_000, most))

    def _text(self, n_words: int) -> str:
        ranks = np.minimum(self._rng.zipf(1.3, n_words) - 1, len(self._words) - 1)
        return " ".join(self._words[int(rank)] for rank in ranks)

    def _fill(self, work: Record) -> Record:
        rng = self._rng
        legacy = "topics" not in work
        title = self._text(12)
        place = self._location()
        n_references = int(rng.poisson(22)) if rng.random() < 0.6 else 0
        for key in ("primary_topic", "topics"):
            if work.get(key):
                found = work[key] if key == "topics" else [work[key]]
                work[key] = [topic | _above() for topic in found]
                work[key] = work[key] if key == "topics" else work[key][0]
        cited = [{"year": year, "cited_by_count": int(rng.integers(1, 40))} for year in range(2025, 2015, -1)]
        added: Record = {
            "title": title,
            "display_name": title,
            "ids": {"openalex": work["id"], "doi": work["doi"], "mag": str(self._number())},
            "primary_location": place,
            "indexed_in": ["crossref"],
            "open_access": {
                "is_oa": True, "oa_status": "gold", "oa_url": place["landing_page_url"],
                "any_repository_has_fulltext": False,
            },
            "authorships": [self._authorship(one) for one in work["authorships"]],
            "institutions_distinct_count": 2,
            "corresponding_author_ids": [f"https://openalex.org/A{self._number()}"],
            "corresponding_institution_ids": [f"https://openalex.org/I{self._number()}"],
            "apc_list": None,
            "fwci": round(float(rng.random() * 4), 4),
            "has_fulltext": False,
            "citation_normalized_percentile": {
                "value": float(rng.random()), "is_in_top_1_percent": False, "is_in_top_10_percent": True
            },
            "cited_by_percentile_year": {"min": 89, "max": 97},
            "biblio": {"volume": "12", "issue": "3", "first_page": "101", "last_page": "119"},
            "keywords": [self._label("keywords/") | {"score": float(rng.random())} for _ in range(8)],
            "mesh": [],
            "locations_count": 2,
            "locations": [place, self._location()],
            "best_oa_location": place,
            "sustainable_development_goals": [],
            "referenced_works_count": n_references,
            "referenced_works": [f"https://openalex.org/W{self._number()}" for _ in range(n_references)],
            "related_works": [f"https://openalex.org/W{self._number()}" for _ in range(10)],
            "abstract_inverted_index": self._abstract() if rng.random() < 0.6 else None,
            "cited_by_api_url": f"https://api.openalex.org/works?filter=cites:{work['id'][-11:]}",
            "counts_by_year": cited,
        }  # fmt: skip
        if not legacy:
            added["concepts"] = [self._concept(rank) for rank in range(12)]
        filled = work | added
        return {key: filled[key] for key in _ORDER if key in filled} | filled

    def _label(self, path: str) -> Record:
        return {"id": f"https://openalex.org/{path}{self._number()}", "display_name": self._text(2)}

    def _concept(self, rank: int) -> Record:
        score = max(0.0, float(self._rng.random()) - 0.05 * rank)
        wiki = f"https://www.wikidata.org/wiki/Q{self._number(9_999_999)}"
        return self._label("C") | {"wikidata": wiki, "level": rank % 4, "score": score}

    def _location(self) -> Record:
        url = f"https://doi.org/10.5555/{self._number()}"
        return {
            "id": url, "is_oa": True, "landing_page_url": url, "pdf_url": None,
            "source": self._label("S") | {
                "issn_l": "0000-0000", "issn": ["0000-0000", "1111-1111"], "is_oa": True, "is_in_doaj": False,
                "is_core": True, "host_organization": f"https://openalex.org/P{self._number()}",
                "host_organization_name": self._text(3), "type": "journal",
            },
            "license": "cc-by", "license_id": "https://openalex.org/licenses/cc-by",
            "version": "publishedVersion", "is_accepted": True, "is_published": True,
            "raw_source_name": self._text(4), "raw_type": "journal-article",
        }  # fmt: skip

    def _authorship(self, one: Record) -> Record:
        address = f"{self._text(5)}, {self._text(3)}"
        name = one["author"]["display_name"]
        places = [
            place | {"ror": f"https://ror.org/{self._number()}", "lineage": [place["id"]]}
            for place in one["institutions"]
        ]
        held = {
            "author_position": one["author_position"],
            "author": one["author"] | {"orcid": f"https://orcid.org/0000-0002-{self._number()}"},
            "institutions": places,
        }
        if "countries" in one:
            held["countries"] = one["countries"]
        affiliations = [{"raw_affiliation_string": address, "institution_ids": [p["id"] for p in places]}]
        return held | {
            "is_corresponding": False, "raw_author_name": name, "raw_affiliation_strings": [address],
            "affiliations": affiliations,
        }  # fmt: skip

    def _abstract(self) -> dict[str, list[int]]:
        out: dict[str, list[int]] = {}
        for at, word in enumerate(self._text(int(self._rng.integers(80, 250))).split()):
            out.setdefault(word, []).append(at)
        return out


def _above() -> Record:
    return {
        "subfield": {"id": "https://openalex.org/subfields/2208", "display_name": "Electrical Engineering"},
        "field": {"id": "https://openalex.org/fields/22", "display_name": "Engineering"},
        "domain": {"id": "https://openalex.org/domains/3", "display_name": "Physical Sciences"},
    }


_ORDER = (
    "id", "doi", "title", "display_name", "publication_year", "publication_date", "ids", "language",
    "primary_location", "type", "indexed_in", "open_access", "authorships", "countries_distinct_count",
    "institutions_distinct_count", "corresponding_author_ids", "corresponding_institution_ids", "apc_list",
    "fwci", "has_fulltext", "cited_by_count", "citation_normalized_percentile", "cited_by_percentile_year",
    "biblio", "is_retracted", "is_paratext", "is_xpac", "primary_topic", "topics", "keywords", "concepts",
    "mesh", "locations_count", "locations", "best_oa_location", "sustainable_development_goals",
    "referenced_works_count", "referenced_works", "related_works", "abstract_inverted_index",
    "cited_by_api_url", "counts_by_year", "updated_date", "created_date",
)  # fmt: skip
