"""What a gate found, and what it takes to refuse a release."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Final, Literal

from trendcore.errors import GateError

#: so many cases of a gate are written down
MOST_CASES: Final = 5

#: gates of which a person may accept a failure: data do change
ACCEPTABLE: Final = frozenset({"years", "gaps", "countries", "change", "totals", "jump", "unknown_rise"})

#: what numbers are counts of
Unit = Literal["", "works", "US$", "share", "rows"]
#: how a limit is meant: a share, a number of rows, a ratio of two years, or US dollars
Measure = Literal["rows", "share", "times", "US$"]


@dataclass(frozen=True)
class Case:
    """One case in which a gate fails.

    Attributes
    ----------
    what
        Which row, cell or country.
    before, now
        Amounts in the last release (or the year before) and in this one; None where there is none.
    unit
        Of both.
    """

    what: str
    before: float | None = None
    now: float | None = None
    unit: Unit = ""


@dataclass(frozen=True)
class Found:
    """What a gate's function returns: the worst cases first, and the worst figure, failing or not."""

    checked: int = 0
    failed: int = 0
    figure: float = 0
    cases: tuple[Case, ...] = ()


@dataclass(frozen=True)
class GateResult:
    """What a gate found.

    Attributes
    ----------
    gate
        Its name.
    ok
        Whether the tables pass.
    checked, failed
        Rows or cells that were looked at, and that fail.
    limit, figure
        What is allowed, and the worst that was found.
    measure
        How both are meant: ``rows`` that fail, a ``share``, ``times`` as much, or ``US$``.
    accepted
        Whether it fails and a person has accepted that.
    declared
        Whether its limit is declared in TOML: gates of correctness have none.
    why
        Why there is the gate, if a rule says so.
    cases
        The worst cases.
    """

    gate: str
    ok: bool
    checked: int
    failed: int
    limit: float = 0
    figure: float = 0
    measure: Measure = "rows"
    accepted: bool = False
    declared: bool = False
    why: str = ""
    cases: Sequence[Case] = field(default=())

    @property
    def detail(self) -> str:
        """The worst case with its numbers, in words; blank where none fails."""
        if not self.cases:
            return ""
        worst = self.cases[0]
        if worst.before is None and worst.now is None:
            return worst.what
        before, now = (amount(value, worst.unit) for value in (worst.before, worst.now))
        return f"{worst.what}: {now}" if worst.before is None else f"{worst.what}: {before}, now {now}"

    def as_dict(self) -> dict[str, Any]:
        """Return the result as a release records it."""
        return asdict(self) | {"cases": [asdict(case) for case in self.cases]}


def amount(value: float | None, unit: Unit | Measure) -> str:
    """Write a number of a case or a limit.

    Examples
    --------
    >>> amount(1234.5, "US$"), amount(0.051, "share"), amount(20, "times"), amount(12, "works")
    ('1,234.50 US$', '5.1 %', '20 times', '12 works')
    >>> amount(None, "works")
    '-'
    """
    if value is None:
        return "-"
    if unit == "share":
        return f"{100 * value:,.1f} %"
    number = f"{value:,.0f}" if float(value).is_integer() else f"{value:,.2f}"
    return f"{number} {unit}".strip()


def refuse(results: Sequence[GateResult]) -> None:
    """Raise if a gate failed, unless that was accepted.

    Parameters
    ----------
    results
        What `check` returned.

    Raises
    ------
    GateError
        Names the gates and the first case; ``results`` holds the results that failed.

    Examples
    --------
    >>> refuse([GateResult("bounds", False, 10, 1, cases=(Case("indices: salton 1.5"),))])
    Traceback (most recent call last):
    trendcore.errors.GateError: nothing was published, a gate refused: bounds (1 of 10; indices: salton 1.5);
    check the inputs
    """
    bad = [each for each in results if not each.ok and not each.accepted]
    if not bad:
        return
    first, others = bad[0], [each.gate for each in bad[1:]]
    named = f"{first.gate} ({first.failed:,} of {first.checked:,}; {first.detail})"
    also = f", and also {', '.join(others)}" if others else ""
    hint = "check the inputs"
    if all(each.gate in ACCEPTABLE for each in bad):
        hint += ", or publish it all the same with `trendcore update --accept-change REASON`"
    elif all(each.gate in ACCEPTABLE or each.declared for each in bad):
        hint += ", or what [gates] of trendcore.toml allows"
    who = "a gate refused" if len(bad) == 1 else f"{len(bad)} gates refused"
    raise GateError(f"nothing was published, {who}: {named}{also}; {hint}", bad)
