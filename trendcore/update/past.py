"""What a past release was made of: its inputs as a ledger, and its method."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from trendcore.errors import TrendcoreError, UsageError
from trendcore.store import Ledger, Manifest, Store, Unit
from trendcore.update.method import Method, rebuilt

#: files of a method, whatever names a manifest has
FILES: Final = ("taxonomy", "policy", "blocs")
#: what a release says of the program that made it, beside what it was told to do
OF_THE_PROGRAM: Final = ("trendcore", "tables")


def ledger_of(ledger: Ledger, manifest: Manifest) -> Ledger:
    """Return the ledger as it was for a release: the contents that counted, in their order.

    Parameters
    ----------
    ledger
        What is stored now.
    manifest
        Of the release.

    Raises
    ------
    UsageError
        The rows of an input are not stored any more.
    """
    contents = {}
    for place, each in enumerate(manifest.inputs):
        content = ledger.contents.get(each["id"])
        if content is None:
            raise UsageError(
                f"release {manifest.number} cannot be made again: the rows of {each['name']} are no longer "
                "stored (`trendcore gc` removes those that no kept release needs)"
            )
        contents[content.id] = msgspec.structs.replace(content, seq=place)
    units = [Unit(each["feed"], each["name"], [], each["id"], "") for each in manifest.inputs]
    return Ledger(units=units, contents=contents, next_seq=len(contents))


def method_of(store: Store, manifest: Manifest) -> Method:
    """Read the method of a release again, from the files that were kept with it.

    Of releases that kept none the files of the package serve, where they are the same ones.

    Raises
    ------
    UsageError
        It cannot be had: a file is not the same, or the country table has changed since.
    StorageError
        A file that was kept cannot be read.
    """
    said = manifest.settings
    try:
        kept = {name: manifest.method_files[name] for name in FILES if name in manifest.method_files}
        how = rebuilt(said, {name: store.kept_text(sha256) for name, sha256 in kept.items()})
        differs = changed(how.versions(), said)
    except (KeyError, TypeError, ValueError, TrendcoreError) as error:
        if isinstance(error, TrendcoreError) and error.exit_code != UsageError.exit_code:
            raise
        raise UsageError(
            f"the method of release {manifest.number} cannot be had again: {type(error).__name__}: {error}"
        ) from error
    if differs:
        raise UsageError(
            f"the method of release {manifest.number} cannot be had again: this trendcore has another "
            f"{', '.join(differs)}"
        )
    return how


def changed(now: Mapping[str, Any], before: Mapping[str, Any]) -> list[str]:
    """Name what differs between two methods, the program itself left out.

    Examples
    --------
    >>> changed({"policy": 1, "tables": 2}, {"policy": 3, "tables": 1, "seed": 0})
    ['policy', 'seed']
    """
    names = [name for name in dict.fromkeys([*now, *before]) if name not in OF_THE_PROGRAM]
    return [name for name in names if now.get(name) != before.get(name)]
