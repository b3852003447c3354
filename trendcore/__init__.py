"""trendcore: country-pair collaboration indices from papers, patents and trade.

The public names below are loaded on first use, so that importing the package costs only the standard
library. ``import trendcore as tc`` is the convention.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from trendcore import composite, indices, taxonomy, trends, uncertainty
    from trendcore.tallies import Tally, TradeTally, tally, tally_trade
    from trendcore.workspace import Workspace

#: public name -> module that holds it; a value without an attribute is the module itself
_PUBLIC = {
    "Tally": "trendcore.tallies",
    "TradeTally": "trendcore.tallies",
    "Workspace": "trendcore.workspace",
    "composite": "trendcore.composite",
    "indices": "trendcore.indices",
    "tally": "trendcore.tallies",
    "tally_trade": "trendcore.tallies",
    "taxonomy": "trendcore.taxonomy",
    "trends": "trendcore.trends",
    "uncertainty": "trendcore.uncertainty",
}

__all__ = [
    "Tally",
    "TradeTally",
    "Workspace",
    "__version__",
    "composite",
    "indices",
    "tally",
    "tally_trade",
    "taxonomy",
    "trends",
    "uncertainty",
]


def __getattr__(name: str) -> Any:
    if name not in _PUBLIC:
        raise AttributeError(f"module 'trendcore' has no attribute {name!r}")
    module = import_module(_PUBLIC[name])
    value = module if _PUBLIC[name] == f"trendcore.{name}" else getattr(module, name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *_PUBLIC])
