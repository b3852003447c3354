"""Reading TOML with errors that name the file and the key; a key that nobody asked for is refused."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

from trendcore.errors import TaxonomyError, TrendcoreError
from trendcore.taxonomy._data import packaged_text

#: a taxonomy is a page or two; anything larger is not one
MAX_BYTES = 4 * 2**20


class Node:
    """A table of a TOML file, read key by key; `done` refuses the keys that were not read."""

    def __init__(
        self, file: str, path: str, data: dict[str, Any], error: type[TrendcoreError] = TaxonomyError
    ) -> None:
        self.file = file
        self.path = path
        self.data = data
        self.error = error
        self._read: set[str] = set()

    def fail(self, key: str, message: str) -> NoReturn:
        """Raise an error that names file and key."""
        where = f"{self.path}.{key}" if self.path and key else self.path or key
        raise self.error(f"{self.file}: {where or 'top level'}: {message}")

    def has(self, key: str) -> bool:
        """Whether the key is there."""
        return key in self.data

    def _get(self, key: str, kind: type | tuple[type, ...], what: str) -> Any:
        self._read.add(key)
        if key not in self.data:
            self.fail(key, f"missing; give {what}")
        value = self.data[key]
        # bool is an int in Python and never one in a taxonomy
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            self.fail(key, f"must be {what}, not {value!r:.60}")
        return value

    def text(self, key: str, default: str | None = None) -> str:
        """Return a string; without a default it must be there and not be blank."""
        if default is not None and key not in self.data:
            return default
        value = str(self._get(key, str, "a text"))
        if default is None and not value.strip():
            self.fail(key, "must not be blank")
        return value

    def flag(self, key: str, default: bool) -> bool:
        """Return true or false."""
        return bool(self._get(key, bool, "true or false")) if key in self.data else default

    def year(self, key: str) -> int | None:
        """Return a calendar year, None if it is not there."""
        if key not in self.data:
            return None
        value = int(self._get(key, int, "a year"))
        if not 1000 <= value <= 3000:
            self.fail(key, f"must be a year, not {value}")
        return value

    def integer(self, key: str) -> int:
        """Return a whole number that is not negative."""
        value = int(self._get(key, int, "a whole number"))
        if value < 0:
            self.fail(key, f"must not be negative, is {value}")
        return value

    def fraction(self, key: str) -> float:
        """Return a number from 0 to 1."""
        value = float(self._get(key, (int, float), "a number from 0 to 1"))
        if not 0.0 <= value <= 1.0:
            self.fail(key, f"must be a number from 0 to 1, not {value}")
        return value

    def values(self, key: str, *, optional: bool = False) -> list[Any]:
        """Return a list, of whatever; an empty one if it is optional and not there."""
        if optional and key not in self.data:
            return []
        return list(self._get(key, list, "a list"))

    def texts(self, key: str, *, optional: bool = False) -> list[str]:
        """Return a list of different strings."""
        values = self.values(key, optional=optional)
        for value in values:
            if not isinstance(value, str) or not value.strip():
                self.fail(key, f"must hold texts only, not {value!r:.60}")
        twice = sorted({value for value in values if values.count(value) > 1})
        if twice:
            self.fail(key, f"given twice: {', '.join(twice)}")
        return values

    def table(self, key: str) -> Node:
        """Return a table below this one; an empty one if it is not there."""
        data = self._get(key, dict, "a table") if key in self.data else {}
        return Node(self.file, f"{self.path}.{key}" if self.path else key, data, self.error)

    def tables(self, key: str) -> Iterator[Node]:
        """Yield the tables of a ``[[key]]`` list, numbered from 1 in messages."""
        path = f"{self.path}.{key}" if self.path else key
        for number, item in enumerate(self.values(key, optional=True), start=1):
            if not isinstance(item, dict):
                self.fail(key, f"must be tables written [[{path}]], not {item!r:.60}")
            yield Node(self.file, f"{path}[{number}]", item, self.error)

    def names(self) -> list[str]:
        """Return the keys that have not been read yet."""
        return [key for key in self.data if key not in self._read]

    def done(self) -> None:
        """Refuse the keys that were not read."""
        if self.names():
            self.fail(self.names()[0], "unknown key; see the packaged file for the keys there are")


def read_toml(
    source: str | Path | None,
    packaged: str,
    *,
    package: str = "trendcore.taxonomy",
    error: type[TrendcoreError] = TaxonomyError,
) -> Node:
    """Read a user's TOML file, or the one in the ``data`` folder of a package where no path is given.

    Raises
    ------
    TaxonomyError
        Or the ``error`` asked for: no such file, not UTF-8, too large, or not TOML (then with the line).
    """
    if source is None:
        name, text = packaged, packaged_text(packaged, package)
    else:
        name, text = str(source), _user_text(Path(source), error)
    try:
        return Node(name, "", tomllib.loads(text), error)
    except (tomllib.TOMLDecodeError, RecursionError, ValueError) as reason:
        raise error(f"{name}: not valid TOML: {reason}") from None


def _user_text(path: Path, error: type[TrendcoreError]) -> str:
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            what = "taxonomy" if error is TaxonomyError else "declaration"
            raise error(f"{path}: {size} bytes is no {what}; at most {MAX_BYTES}")
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as reason:
        raise error(f"{path}: not UTF-8 (byte {reason.start}); save it as UTF-8") from None
    except (OSError, ValueError) as reason:
        raise error(f"{path}: cannot be read: {reason}") from None


def check_format(root: Node) -> None:
    """Refuse a file of a later format than this release knows.

    Raises
    ------
    TaxonomyError
        ``format`` is missing or not 1.
    """
    if root.integer("format") != 1:
        root.fail("format", "this release reads format 1; install a newer one")
