"""Types of declared values: those made in Python are held to the same ones as those read from a file."""

from __future__ import annotations

from functools import cache
from math import isfinite
from typing import Any, Final

import msgspec
import numpy as np

from trendcore.errors import DeclarationError

#: larger numbers overflow once they are squared or multiplied
LARGEST: Final = 1e100
#: a smaller spread is none: what is divided by it overflows
SMALLEST: Final = 1 / LARGEST


def check_types(declared: msgspec.Struct, where: str = "") -> None:
    """Refuse values of another type than the field's, and numbers too large to compute with.

    Lists are taken as tuples, and NumPy's scalars as Python's.
    Without this a misspelled choice would pass for the last alternative.

    Parameters
    ----------
    declared
        A part of a declaration, just made.
    where
        What stands before the name of the field in an error.

    Raises
    ------
    DeclarationError
        Naming the field.

    Examples
    --------
    >>> from trendcore.composite import Normalise
    >>> Normalise(scale=[1, 100]).scale
    (1.0, 100.0)
    >>> Normalise(method="minmax")
    Traceback (most recent call last):
    trendcore.errors.DeclarationError: normalise.method: Invalid enum value 'minmax'
    """
    for name, kind in _fields(type(declared)):
        place = f"{where}.{name}" if where else name
        try:
            value = msgspec.convert(_plain(getattr(declared, name)), kind)
        except msgspec.ValidationError as error:
            message, _, path = str(error).partition(" - at `$")
            raise DeclarationError(f"{place}{path.rstrip('`')}: {message}") from None
        for number in value if isinstance(value, tuple) else (value,):
            if isinstance(number, float) and isfinite(number) and abs(number) > LARGEST:
                raise DeclarationError(f"{place}: {number:g} is beyond {LARGEST:g}")
        msgspec.structs.force_setattr(declared, name, value)


@cache
def _fields(kind: type[msgspec.Struct]) -> tuple[tuple[str, Any], ...]:
    return tuple((each.name, each.type) for each in msgspec.structs.fields(kind))


def _plain(value: Any) -> Any:
    if isinstance(value, np.generic):
        return value.item()
    return tuple(_plain(each) for each in value) if isinstance(value, (list, tuple)) else value
