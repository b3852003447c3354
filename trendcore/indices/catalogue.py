"""The registry of indices, and how a request names one: index, marginal system and counting scheme."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from trendcore.errors import UnknownIndexError, UsageError
from trendcore.indices import (
    aoer,
    association,
    association_raw,
    calibrated,
    coinvention,
    complementarity,
    disparity,
    equivalence,
    export_similarity,
    grubel_lloyd,
    harmonic,
    import_share,
    inclusion,
    jaccard,
    joint,
    nature_cs,
    ncses,
    npmi,
    oer,
    orc,
    ownership,
    pmi,
    rca,
    ric,
    rsca,
    salton,
    shai,
    share,
    shia,
    shii,
    steijn,
    supplier_hhi,
    trade_intensity,
    trade_intensity_drysdale,
    value,
    z,
)
from trendcore.indices.model import DOCS, MARGINALS, Index

if TYPE_CHECKING:
    from trendcore.tallies import TallyMeta

_MODULES = (
    joint,
    share,
    salton,
    equivalence,
    jaccard,
    inclusion,
    association,
    association_raw,
    steijn,
    ncses,
    oer,
    aoer,
    ric,
    orc,
    pmi,
    npmi,
    z,
    disparity,
    calibrated,
    nature_cs,
    harmonic,
    coinvention,
    ownership,
    shii,
    shia,
    shai,
    value,
    rca,
    rsca,
    trade_intensity,
    trade_intensity_drysdale,
    grubel_lloyd,
    import_share,
    supplier_hhi,
    complementarity,
    export_similarity,
)
_REGISTRY: Mapping[str, Index] = MappingProxyType({module.INDEX.name: module.INDEX for module in _MODULES})

#: how a caller names what to compute: "ric", "ric:links", ("ric", "links"), ("joint", "newman")
IndexName = str | tuple[str, ...]


@dataclass(frozen=True)
class Request:
    """One index in one marginal system and one counting scheme: a column of a wide table."""

    index: Index
    marginals: str
    counting: str

    @property
    def column(self) -> str:
        """Name of the wide column: the index, then what differs from its default."""
        parts = [self.index.name]
        if self.marginals != self.index.marginals[0]:
            parts.append(self.marginals)
        if self.counting != self.index.countings[0]:
            parts.append(self.counting)
        return ":".join(parts)


def registry() -> dict[str, Index]:
    """Every index by name, in the order of the documentation.

    Examples
    --------
    >>> registry()["ric"].directed, registry()["ric"].marginals
    (True, ('docs_int', 'docs_all', 'links', 'matrix'))
    """
    return dict(_REGISTRY)


def index(name: str) -> Index:
    """Look an index up by name.

    Raises
    ------
    UnknownIndexError
        If no index has this name; the message names the nearest ones.

    Examples
    --------
    >>> index("salton").formula
    'c / sqrt(x y)'
    """
    if name in _REGISTRY:
        return _REGISTRY[name]
    near = difflib.get_close_matches(name, _REGISTRY, n=3)
    hint = f" Did you mean {' or '.join(near)}?" if near else f" There are: {', '.join(_REGISTRY)}."
    raise UnknownIndexError(f"no index is named {name!r}.{hint}")


def request(wanted: IndexName) -> Request:
    """Read one request, filling the index's default marginals and counting.

    Raises
    ------
    UnknownIndexError
        If no index has this name.
    UsageError
        If the marginal system or counting scheme makes no sense for the index.

    Examples
    --------
    >>> request("salton").marginals, request(("salton", "links")).column, request("joint:newman").counting
    ('docs_int', 'salton:links', 'newman')
    """
    parts = tuple(wanted.split(":")) if isinstance(wanted, str) else tuple(wanted)
    found = index(parts[0]) if parts else index("")
    marginals, counting = found.marginals[0], found.countings[0]
    for part in parts[1:]:
        if part in MARGINALS:
            if part not in found.marginals:
                raise UsageError(
                    f"{found.name} is not defined for marginals {part!r}: use {_or(found.marginals)}."
                )
            marginals = part
        elif part in found.countings:
            counting = part
        else:
            raise UsageError(
                f"{found.name} has neither marginals nor counting {part!r}: marginals are "
                f"{_or(found.marginals)}, countings {_or(found.countings)}."
            )
    if marginals in DOCS and found.docs_countings and counting not in found.docs_countings:
        raise UsageError(
            f"{found.name} over documents counts works whole, not by {counting!r}: leave that out, or "
            f"ask for {found.name}:links:{counting}."
        )
    return Request(found, marginals, counting)


def requests(meta: TallyMeta, wanted: Sequence[IndexName] | None) -> list[Request]:
    """Read the requests for a tally, sorted by their key; None stands for every index that the tally feeds.

    Raises
    ------
    UsageError
        If an index needs another kind of tally or a weighting that the tally does not hold.
    """
    if wanted is None:
        missing = skipped(meta)
        chosen = [
            request(name)
            for name, found in _REGISTRY.items()
            if meta.kind in found.kinds and name not in missing
        ]
    else:
        if isinstance(wanted, str):
            raise UsageError(f"indices is a list of names: write indices=[{wanted!r}].")
        chosen = [request(each) for each in wanted]
        for each in chosen:
            _check(each, meta)
    unique = {each.column: each for each in chosen}
    return sorted(unique.values(), key=lambda each: (each.index.name, each.counting, each.marginals))


def skipped(meta: TallyMeta) -> dict[str, str]:
    """List the indices of the tally's kind that ``indices=None`` leaves out, each with the reason.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> meta = SimpleNamespace(kind="works", by=("field", "year"), counting=("full",))
    >>> skipped(meta)["harmonic"]
    "needs the weighting 'harmonic': tally(..., counting=[..., 'harmonic'])"
    """
    reasons = {}
    for name, found in _REGISTRY.items():
        if meta.kind not in found.kinds:
            continue
        if found.drawn:
            reasons[name] = f"needs draws: {found.drawn}"
        elif found.countings[0] != "full" and found.countings[0] not in meta.counting:
            scheme = found.countings[0]
            reasons[name] = f"needs the weighting {scheme!r}: tally(..., counting=[..., {scheme!r}])"
        elif found.roles and "role" not in meta.by:
            reasons[name] = f"speaks of {_or(found.roles)} tallies: tally by 'role', or ask for it by name"
    return reasons


def _check(each: Request, meta: TallyMeta) -> None:
    if meta.kind not in each.index.kinds:
        raise UsageError(
            f"{each.index.name} needs a tally of kind {_or(each.index.kinds)}; this one is of kind "
            f"{meta.kind!r}."
        )
    if each.index.drawn:
        raise UsageError(f"{each.index.name} needs draws: {each.index.drawn} gives it.")
    if each.counting != "full" and each.counting not in meta.counting:
        raise UsageError(
            f"{each.column} needs the weighting {each.counting!r}, which the tally does not hold: "
            f"tally again with counting=[..., {each.counting!r}]."
        )


def _or(names: Sequence[str]) -> str:
    return " or ".join(repr(name) for name in names)
