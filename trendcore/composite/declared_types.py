"""Types of declared values: those made in Python are held to the same ones as those read from a file."""

from __future__ import annotations

from functools import cache
from typing import Any

import msgspec
import numpy as np

from trendcore.errors import DeclarationError


def check_types(declared: msgspec.Struct, where: str = "") -> None:
    """Refuse a value of another type than the field's; take lists as tuples and NumPy's scalars as Python's.

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
        try:
            value = msgspec.convert(_plain(getattr(declared, name)), kind)
        except msgspec.ValidationError as error:
            message, _, path = str(error).partition(" - at `$")
            place = f"{where}.{name}" if where else name
            raise DeclarationError(f"{place}{path.rstrip('`')}: {message}") from None
        msgspec.structs.force_setattr(declared, name, value)


@cache
def _fields(kind: type[msgspec.Struct]) -> tuple[tuple[str, Any], ...]:
    return tuple((each.name, each.type) for each in msgspec.structs.fields(kind))


def _plain(value: Any) -> Any:
    if isinstance(value, np.generic):
        return value.item()
    return tuple(_plain(each) for each in value) if isinstance(value, (list, tuple)) else value
