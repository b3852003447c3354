"""What gates refused, as a table for people and as a record for programs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from trendcore.cli.output import print_json, print_table

if TYPE_CHECKING:
    from trendcore.errors import GateError
    from trendcore.gates import GateResult

#: so many cases of a gate are shown; the JSON record has those that a release records
_CASES = 3
_COLUMNS = (
    ("gate", "left"), ("what", "left"), ("before", "right"), ("now", "right"), ("limit", "right"),
    ("failing", "right"),
)  # fmt: skip


def show_refusal(error: GateError, *, json: bool) -> None:
    """Print what failed with the numbers; nothing where no gate of tables refused."""
    if json:
        print_json(refusal_record(error))
    elif error.results:
        rows = [row for result in error.results for row in _rows(result)]
        print_table(_COLUMNS, rows, title="Refused, nothing was published:")


def refusal_record(error: GateError) -> dict[str, Any]:
    """Return a refusal as a record.

    Examples
    --------
    >>> from trendcore.errors import GateError
    >>> refusal_record(GateError("the taxonomy has changed"))
    {'published': False, 'error': 'the taxonomy has changed', 'gates': []}
    """
    gates = [result.as_dict() for result in error.results]
    return {"published": False, "error": str(error), "gates": gates}


def _rows(result: GateResult) -> Iterator[list[str]]:
    """Return a row a case; what is said of the gate stands in the first."""
    from trendcore.gates import amount

    limit, failing = amount(result.limit, result.measure), f"{result.failed:,} of {result.checked:,}"
    for at, case in enumerate(result.cases[:_CASES]):
        numbers = [amount(value, case.unit) for value in (case.before, case.now)]
        of_gate = (result.gate, limit, failing) if at == 0 else ("", "", "")
        yield [of_gate[0], case.what, *numbers, *of_gate[1:]]
