"""Quality gates: what the tables of a release must satisfy before it is published.

A gate looks at tables only, and never mends them.

==================  ==================================================================================
module              what is there
==================  ==================================================================================
``integrity``       gates of correctness: whatever the inputs are, the tables must agree
``plausibility``    gates of one release: quarantine, unknown countries, gaps and jumps in series
``change``          gates against the last release: years, countries, cells and sources
``declaration``     what the gates allow (``gates.toml``, ``[gates]`` of a workspace), and declared rules
``checking``        runs them all
``results``         what a gate found; refusing
==================  ==================================================================================
"""

from __future__ import annotations

from trendcore.gates.change import COMPARED
from trendcore.gates.checking import check
from trendcore.gates.declaration import DEFAULTS, Limits, Rule, limits
from trendcore.gates.results import ACCEPTABLE, Case, GateResult, amount, refuse

__all__ = [
    "ACCEPTABLE",
    "COMPARED",
    "DEFAULTS",
    "Case",
    "GateResult",
    "Limits",
    "Rule",
    "amount",
    "check",
    "limits",
    "refuse",
]
