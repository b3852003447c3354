"""The data files that travel inside the package, and the hash that names a content."""

from __future__ import annotations

import csv
import hashlib
import json
from importlib import resources
from typing import Any


def packaged_text(name: str, package: str = "trendcore.taxonomy") -> str:
    """Text of a file of a package's ``data`` folder, also from inside a zipped wheel."""
    return resources.files(package).joinpath("data", name).read_text(encoding="utf-8")


def packaged_rows(name: str) -> list[dict[str, str]]:
    """Rows of a packaged CSV; lines that start with ``#`` are its notes. Every value stays a string."""
    lines = [line for line in packaged_text(name).splitlines() if not line.startswith("#")]
    return list(csv.DictReader(lines))


def content_hash(content: Any) -> str:
    """sha256 of a parsed content, so that comments, blanks and line ends of a file do not matter.

    Examples
    --------
    >>> content_hash({"b": 1, "a": [2]}) == content_hash({"a": [2], "b": 1})
    True
    """
    text = json.dumps(content, sort_keys=True, ensure_ascii=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode("ascii")).hexdigest()
