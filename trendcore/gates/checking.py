"""Running the gates, and the rules that a workspace declares."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final

import polars as pl

from trendcore.errors import UsageError
from trendcore.gates import change, integrity, plausibility
from trendcore.gates.cells import CELL, Seen, Tables, failing
from trendcore.gates.declaration import DEFAULTS, Limits, Rule, expression
from trendcore.gates.results import ACCEPTABLE, Found, GateResult, Measure

_MEASURES: Final[dict[str, Measure]] = {
    **dict.fromkeys(
        ("quarantine", "unknown_countries", "unknown_rise", "countries", "change", "totals"), "share"
    ),
    "jump": "times",
    "ceiling": "US$",
}
_FAILS: Final = "__fails"


def check(
    tables: Tables,
    *,
    before: Tables | None = None,
    limits: Limits = DEFAULTS,
    accepted: str = "",
    whole: Callable[[str], pl.DataFrame] | None = None,
) -> list[GateResult]:
    """Run every gate.

    Parameters
    ----------
    tables
        Tables of the new release; those by cell may hold only the cells that were made anew, where there is a
        last release.
    before
        The tables of `COMPARED` of the last release, flows of the same cells as in `tables`; None: there is
        none.
    limits
        What the gates allow.
    accepted
        Why a change is right, in words: gates of change (`ACCEPTABLE`) that fail are marked as accepted.
    whole
        Gives a table with all of its cells, by its name: rules look at it. None: `tables` holds all.

    Raises
    ------
    UsageError
        A rule names a table or column that is not there, or says neither true nor false.

    Examples
    --------
    >>> pairs = pl.DataFrame({"source": "s", "role": "r", "field": "f", "year": 1, "a": ["US"], "b": ["JP"]})
    >>> [result.detail for result in check({"pairs": pairs}) if not result.ok]
    ['pairs: source s, role r, field f, year 1, a US, b JP']
    """
    seen = Seen(tables, before)
    reason = accepted.strip()
    results = [_result(name, gate(seen)) for name, gate in integrity.GATES.items()]
    for name, weigh in (*plausibility.GATES.items(), *change.GATES.items()):
        if name not in limits.off:
            limit = limits.gates[name]
            result = _result(name, weigh(seen, limit), limit.get("at_most", 0))
            accepted_now = bool(reason) and not result.ok and name in ACCEPTABLE
            results.append(replace(result, declared=True, accepted=accepted_now))
    return results + [_by_rule(rule, tables, whole) for rule in limits.rules]


def _result(name: str, found: Found, limit: float = 0) -> GateResult:
    return GateResult(
        name,
        found.failed == 0,
        found.checked,
        found.failed,
        limit=limit,
        figure=found.figure,
        measure=_MEASURES.get(name, "rows"),
        cases=found.cases,
    )


def _by_rule(rule: Rule, tables: Tables, whole: Callable[[str], pl.DataFrame] | None) -> GateResult:
    """Run a rule of the workspace."""
    if rule.table not in tables:
        there = ", ".join(sorted(tables))
        raise UsageError(f"gate {rule.name}: no table is called {rule.table!r}; there are {there}")
    frame = tables[rule.table] if whole is None else whole(rule.table)
    try:
        # a lone number or text would fail no row, or every one
        judged = frame.lazy().with_columns(expression(rule).alias(_FAILS)).collect()
    except pl.exceptions.PolarsError as error:
        said = " ".join(str(error).split())
        raise UsageError(
            f"gate {rule.name}: {rule.fails!r} does not fit the table {rule.table}: {said}"
        ) from error
    if judged.schema[_FAILS] != pl.Boolean:
        raise UsageError(f"gate {rule.name}: {rule.fails!r} is {judged.schema[_FAILS]}, not true or false")
    shown = [name for name in frame.columns if name in CELL] or frame.columns[:4]
    used = [name for name in expression(rule).meta.root_names() if name not in shown]
    found = failing(judged, rule.table, pl.col(_FAILS).fill_null(value=False), [*shown, *dict.fromkeys(used)])
    figure = found.failed / max(found.checked, 1) if rule.as_share else float(found.failed)
    ok = figure <= rule.at_most
    return GateResult(
        rule.name,
        ok,
        found.checked,
        found.failed,
        limit=rule.at_most,
        figure=figure,
        measure="share" if rule.as_share else "rows",
        declared=True,
        why=rule.why,
        cases=() if ok else found.cases,
    )
