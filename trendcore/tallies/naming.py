"""How members are displayed: codes by their labels, after a country policy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from trendcore.arrays import Raw
from trendcore.errors import InputError

if TYPE_CHECKING:
    from trendcore.taxonomy import CountryPolicy


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
        """Name of a value; None: unknown. A blank string is unknown.

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
            return self._mapped_name(value) or None
        code = value if self.policy is None else self.policy.mapping.get(value, value)
        return None if code is None else self.label(code)

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

    def _mapped_name(self, name: str) -> str | None:
        if self.policy is None:
            return name
        return _policy_names(self.policy).get(name, name)


def _policy_names(policy: CountryPolicy) -> dict[str, str | None]:
    """Country policy in terms of what the country table displays."""
    from trendcore import taxonomy

    labels = taxonomy.countries().labels()
    return {
        labels[code]: None if target is None else labels[target] for code, target in policy.mapping.items()
    }
