"""Country policies: which codes are counted as which country before anything is tallied.

A policy is data with a version and a hash, written beside each result, because it flips results: Hong Kong
apart or with China, overseas territories, former states.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from trendcore.errors import TaxonomyError
from trendcore.taxonomy._data import content_hash
from trendcore.taxonomy._toml import Node, check_format, read_toml
from trendcore.taxonomy.country_table import countries

SHIPPED: Final = ("default", "hk-mo-with-cn", "territories-apart", "historic-merged")
#: what a country is mapped to that shall count as unknown
UNKNOWN: Final = "unknown"


@dataclass(frozen=True)
class CountryPolicy:
    """A map of country codes, applied before tallies; get one from `policy`.

    Attributes
    ----------
    name, version
        As the file says.
    sha256
        Hash of the content: two policies with the same hash do the same.
    mapping
        Code to the code that it is counted as, or None for unknown. Codes not in it stand for themselves.
        No target is mapped itself, so applying the policy twice is applying it once.
    """

    name: str
    version: str
    sha256: str
    mapping: dict[int, int | None] = field(repr=False)

    def apply(self, code: int | None) -> int | None:
        """Return the code that a code is counted as; None stays None.

        Examples
        --------
        >>> policy("default").apply(630), policy("default").apply(344), policy("hk-mo-with-cn").apply(344)
        (840, 344, 156)
        """
        return None if code is None else self.mapping.get(code, code)


def policy(name: str | Path = "default") -> CountryPolicy:
    """Read a country policy: one that comes with the package, or a TOML file of your own.

    Parameters
    ----------
    name
        ``default``, ``hk-mo-with-cn``, ``territories-apart``, ``historic-merged``, or the path of a file.

    Returns
    -------
    CountryPolicy
        The map of codes, checked.

    Raises
    ------
    TaxonomyError
        No such policy or file; a label that the country table lacks; a chain of maps.

    Examples
    --------
    >>> policy("territories-apart").mapping
    {}
    """
    if isinstance(name, str) and name in SHIPPED:
        root = read_toml(None, f"policy-{name}.toml")
    elif isinstance(name, str) and "." not in name and "/" not in name and not Path(name).exists():
        raise TaxonomyError(
            f"no country policy {name!r}; one of {', '.join(SHIPPED)}, or the path of a TOML file"
        )
    else:
        root = read_toml(name, "")
    check_format(root)
    title, version = root.text("name"), root.text("version")
    root.text("source")
    if not root.has("map"):
        root.fail("map", "missing; give a table [map], empty if nothing is mapped")
    table = root.table("map")
    mapping = _mapping(table)
    table.done()
    root.done()
    return CountryPolicy(title, version, content_hash(root.data), mapping)


def _mapping(table: Node) -> dict[int, int | None]:
    codes = {label: code for code, label in countries().labels().items()}
    mapping: dict[int, int | None] = {}
    for label in table.names():
        target = table.text(label)
        strange = [name for name in (label, target) if name not in codes]
        if target == UNKNOWN:
            strange.remove(UNKNOWN)
        if strange:
            table.fail(label, f"no country has the label {strange[0]!r}; see taxonomy.countries().labels()")
        if target in table.data:
            table.fail(label, f"is mapped to {target}, which is mapped on; map it to where it ends")
        mapping[codes[label]] = codes.get(target)
    return dict(sorted(mapping.items()))
