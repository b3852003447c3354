"""How members are displayed: codes by their labels, after a country policy."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

import polars as pl

from trendcore.arrays import Raw
from trendcore.errors import InputError

if TYPE_CHECKING:
    from trendcore.taxonomy import CountryPolicy

#: what `str.isspace` holds to be space
_BLANK: Final = r"^[\s\x1c-\x1f]*$"


@dataclass(frozen=True)
class Naming:
    """Turns the values of a column of members into what is displayed.

    Attributes
    ----------
    labels
        Code to displayed name; None: strings as they are, codes as their digits.
    policy
        Code to the code that it counts as, first of all; None: each for itself. For strings it goes by the
        labels of the country table.
    """

    labels: Mapping[int, str] | None = None
    policy: CountryPolicy | None = None

    def __call__(self, value: Raw) -> str | None:
        """Name of a value; None: unknown. A blank string is unknown, and so is a code with a blank label.

        Raises
        ------
        InputError
            A code has no label.

        Examples
        --------
        >>> Naming({840: "US"})(840), Naming()("US"), Naming()(840), Naming()("")
        ('US', 'US', '840', None)
        """
        if isinstance(value, str):
            name = self._policy_names.get(value, value) if self.policy else value
        else:
            code = value if self.policy is None else self.policy.mapping.get(value, value)
            name = None if code is None else self.label(code)
        return name if name and not name.isspace() else None

    def names(self, values: pl.Series) -> pl.Series:
        """Name each of many values; null: unknown.

        Raises
        ------
        InputError
            A code has no label.

        Examples
        --------
        >>> Naming().names(pl.Series(["US", " "])).to_list(), Naming().names(pl.Series([840])).to_list()
        (['US', None], ['840'])
        """
        if self.policy is None and values.dtype == pl.String:
            return values.set(values.str.contains(_BLANK), None)
        if self.policy is None and self.labels is None:
            return values.cast(pl.String)
        return pl.Series([self(value) for value in values.to_list()], dtype=pl.String)

    def names_of(self, *, coded: bool) -> Callable[[int], frozenset[str]]:
        """Return what turns the code of a country into what it may be displayed as.

        Parameters
        ----------
        coded
            Whether the columns hold codes: then labels name them. Strings are labels of the country table, or
            digits of codes.

        Examples
        --------
        >>> (
        ...     sorted(Naming().names_of(coded=False)(840)),
        ...     sorted(Naming({840: "USA"}).names_of(coded=True)(840)),
        ... )
        (['840', 'US'], ['USA'])
        """
        labels = self.labels
        if coded and labels is not None:
            return lambda code: frozenset([labels[code]] if code in labels else [])
        from trendcore import taxonomy

        table = taxonomy.countries().labels()
        return lambda code: frozenset([str(code), *([table[code]] if code in table else [])])

    def label(self, code: int) -> str:
        """Name of a code, policy aside.

        Raises
        ------
        InputError
            It has none.

        Examples
        --------
        >>> Naming({840: "US"}).label(392)
        Traceback (most recent call last):
        trendcore.errors.InputError: code 392 has no label: add it to labels, or map it in the policy
        """
        if self.labels is None:
            return str(code)
        if code not in self.labels:
            raise InputError(f"code {code} has no label: add it to labels, or map it in the policy")
        return self.labels[code]

    @cached_property
    def _policy_names(self) -> Mapping[str, str | None]:
        """Country policy in terms of what the country table displays, and of the digits of codes."""
        from trendcore import taxonomy

        labels = taxonomy.countries().labels()
        shown: dict[str, str | None] = {}
        for code, target in (self.policy.mapping if self.policy else {}).items():
            shown[labels[code]] = None if target is None else labels[target]
            shown[str(code)] = None if target is None else str(target)
        return shown
