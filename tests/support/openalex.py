"""OpenAlex works for tests: written as JSON lines and read back whole."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from trendcore.sources import Batch, Counts, Limits, ReadContext, feed
from trendcore.taxonomy import countries, fields


@dataclass
class Read:
    """All that a feed gave for some paths."""

    batches: list[Batch] = field(default_factory=list)
    rows: list[dict[str, Any]] = field(default_factory=list)
    tombstones: list[dict[str, Any]] = field(default_factory=list)
    quarantine: list[dict[str, Any]] = field(default_factory=list)
    counts: dict[str, Counts] = field(default_factory=dict)

    @property
    def warnings(self) -> Counter[str]:
        total: Counter[str] = Counter()
        for counts in self.counts.values():
            total.update(counts.warnings)
        return total

    @property
    def ids(self) -> list[str]:
        return [row["id"] for row in self.rows]

    @property
    def reasons(self) -> list[str]:
        return [row["reason"] for row in self.quarantine]


FIELDS = fields()


def context(keep: Any = "all", **limits: Any) -> ReadContext:
    return ReadContext(countries(), FIELDS, keep=keep, limits=Limits(**limits))


def read(*paths: str | Path, keep: Any = "all", name: str = "openalex", **limits: Any) -> Read:
    """Read paths with a feed; the canonical batches check their own counts."""
    out = Read()
    source = feed(name)
    for unit in source.discover(paths):
        for batch in source.read(unit, context(keep, **limits)):
            batch.rows.validate(full=True)
            out.batches.append(batch)
            out.rows += batch.rows.to_pylist()
            out.tombstones += [] if batch.tombstones is None else batch.tombstones.to_pylist()
            out.quarantine += [] if batch.quarantine is None else batch.quarantine.to_pylist()
            counts = batch.counts
            out.counts[counts.file] = (
                out.counts[counts.file] + counts if counts.file in out.counts else counts
            )
    return out


def author(
    *codes: str | None, position: str = "middle", places: Sequence[str | None] | None = None
) -> dict[str, Any]:
    """Return an authorship; `places` are its institutions' countries, by default one a country."""
    held = codes if places is None else places
    return {
        "author_position": position,
        "countries": list(codes),
        "institutions": [{"id": "https://openalex.org/I1", "country_code": code} for code in held],
    }


def work(number: int = 1, **changes: Any) -> dict[str, Any]:
    """Return a work in the schema of 2025, on quantum information, by one Japanese author."""
    record: dict[str, Any] = {
        "id": f"https://openalex.org/W{number}",
        "title": "A title",
        "publication_year": 2020,
        "publication_date": "2020-03-01",
        "language": "en",
        "type": "article",
        "authorships": [author("JP", position="first")],
        "topics": [{"id": "https://openalex.org/T10020", "score": 0.98}],
        "primary_topic": {"id": "https://openalex.org/T10020", "score": 0.98},
        "is_retracted": False,
        "is_paratext": False,
        "cited_by_count": 3,
        "updated_date": "2024-05-01T01:02:03",
    }
    record |= changes
    return {key: value for key, value in record.items() if value is not ...}


def lines(*records: dict[str, Any]) -> bytes:
    return b"".join(json.dumps(record).encode() + b"\n" for record in records)


def read_works(folder: Path, *records: dict[str, Any], keep: Any = "all", **limits: Any) -> Read:
    path = folder / "works.jsonl"
    path.write_bytes(lines(*records))
    return read(path, keep=keep, **limits)
