"""A composite declared in a TOML file: read and checked key by key.

What the keys mean is said in `trendcore.composite.declaration`; the packaged
``data/technology_cooperation.toml`` shows them in use.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeVar

import msgspec

from trendcore.composite.declaration import Composite, Group, Indicator, Vary
from trendcore.composite.declared_steps import Impute, Normalise, Reference, Treat
from trendcore.errors import DeclarationError
from trendcore.taxonomy._toml import Node, check_format, read_toml

_Struct = TypeVar("_Struct", bound=msgspec.Struct)


def load(path: str | Path | None = None) -> Composite:
    """Read a declared composite; the packaged one, technology cooperation, if no path is given.

    Raises
    ------
    DeclarationError
        With file and key: no TOML, a key is missing, unknown or of the wrong kind, or the choices contradict
        one another.

    Examples
    --------
    >>> load().name
    'technology_cooperation'
    """
    root = read_toml(
        path, "technology_cooperation.toml", package="trendcore.composite", error=DeclarationError
    )
    check_format(root)
    try:
        return _composite(root)
    except DeclarationError as error:
        if str(error).startswith(f"{root.file}: "):
            raise
        raise DeclarationError(f"{root.file}: {error}") from None


def _composite(root: Node) -> Composite:
    given: dict[str, Any] = {}
    for key in ("indicators", "groups"):
        tables = root.table(key)
        kind: type[Indicator | Group] = Indicator if key == "indicators" else Group
        given[key] = tuple(_read(tables.table(name), kind, name=name) for name in tables.names())
    for key, step in (
        ("impute", Impute),
        ("treat", Treat),
        ("normalise", Normalise),
        ("reference", Reference),
    ):
        if root.has(key):
            given[key] = _read(root.table(key), step)
    if root.has("vary"):
        given["vary"] = _read(root.table("vary"), Vary)
    given |= {key: root.data[key] for key in root.data if key not in given and key != "format"}
    return _convert(root, given, Composite)


def _read(node: Node, kind: type[_Struct], **named: str) -> _Struct:
    for key in named:
        if node.has(key):
            node.fail(key, "is the name of the table, and not given again")
    return _convert(node, {**node.data, **named}, kind)


def _convert(node: Node, given: dict[str, Any], kind: type[_Struct]) -> _Struct:
    """Check keys and types of a table."""
    try:
        return msgspec.convert(given, kind)
    except msgspec.ValidationError as error:
        message, _, path = str(error).partition(" - at `$.")
        node.fail(path.rstrip("`"), message)
