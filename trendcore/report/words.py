"""How numbers are written and published things are called, on a terminal and on a page alike."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

SMALL: Final = 5  # joint works below which a rate is marked
_LEAST_P: Final = 0.001  # below it a p is written as such
#: what a page does not show as it is: control characters, surrogates, and marks that turn the order of a line
_UNSEEN: Final = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]"
)
#: marginal system -> what the totals count
MARGINALS: Final = {
    "docs_int": "international works",
    "docs_all": "works",
    "links": "links",
    "matrix": "links",
}

#: (source, role) -> what its table is called
_TITLES: Final = {
    ("openalex", "author"): "Papers (OpenAlex, countries of authors)",
    ("openalex-concepts", "author"): "Papers (OpenAlex records of before 2024, fields by concepts)",
    ("patentsview", "inventor"): "Patents (PatentsView, countries of inventors)",
    ("patentsview", "applicant"): "Patents (PatentsView, countries of owners)",
    ("patentsview", "inventor-applicant"): "Patents (PatentsView, invented in one, owned in the other)",
    ("baci", "reconciled"): "Trade (CEPII BACI, reconciled by CEPII)",
    ("comtrade", "importer"): "Trade (UN Comtrade, as importers report)",
    ("comtrade", "exporter"): "Trade (UN Comtrade, as exporters report)",
}


def title_of(source: str, role: str | None) -> str:
    """Return what the numbers of a source in a role are called.

    Examples
    --------
    >>> title_of("openalex", "author"), title_of("other", "author")
    ('Papers (OpenAlex, countries of authors)', 'other, author')
    """
    return _TITLES.get((source, role or ""), f"{source}, {role}")


def money(dollars: float | None) -> str:
    """Write US dollars with three digits or so.

    Examples
    --------
    >>> money(12_345_678_901), money(9_870), money(None), money(0)
    ('12.3 bn', '9.9 k', '–', '0')
    """
    if dollars is None:
        return "–"
    for size, unit in ((1e9, " bn"), (1e6, " m"), (1e3, " k")):
        if abs(dollars) >= size:
            return f"{dollars / size:,.1f}{unit}"
    return f"{dollars:,.0f}"


def number(value: float | None, digits: int) -> str:
    """Write a number with a fixed count of decimals, a dash where there is none.

    Examples
    --------
    >>> number(0.12345, 3), number(None, 3)
    ('0.123', '–')
    """
    return "–" if value is None else f"{value:,.{digits}f}"


def percent(value: float | None) -> str:
    """Write a fraction in per cent.

    Examples
    --------
    >>> percent(0.1821)
    '18.2 %'
    """
    return "–" if value is None else f"{100 * value:.1f} %"


def between(values: Sequence[float]) -> str:
    """Write from where to where fractions go, in per cent.

    Examples
    --------
    >>> between([0.1, 0.25]), between([0.1, 0.1])
    ('10.0 % to 25.0 %', '10.0 %')
    """
    low, high = percent(min(values)), percent(max(values))
    return low if low == high else f"{low} to {high}"


def interval(lo: float | None, hi: float | None, digits: int) -> str:
    """Write an interval; a dash where there is none, or for an end that is not finite.

    Examples
    --------
    >>> interval(0.1, 0.25, 2), interval(None, None, 2), interval(-1.5, None, 1)
    ('[0.10, 0.25]', '–', '[-1.5, –]')
    """
    return "–" if lo is None and hi is None else f"[{number(lo, digits)}, {number(hi, digits)}]"


def p_value(p: float) -> str:
    """Write a p value; a very small one only as such.

    Examples
    --------
    >>> p_value(0.0123), p_value(1e-9)
    ('0.012', '<0.001')
    """
    return "<0.001" if p < _LEAST_P else number(p, 3)


def plain(text: str) -> str:
    r"""Return a text with a mark in the place of each character that cannot be seen but may mislead.

    Examples
    --------
    >>> plain("a\x00b"), plain("gpj.\u202efdp"), plain("Zürich")
    ('a�b', 'gpj.�fdp', 'Zürich')
    """
    return _UNSEEN.sub("\ufffd", text)
