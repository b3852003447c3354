"""What a past release was made of: its inputs as a ledger, and its method."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import msgspec

from trendcore import taxonomy
from trendcore.errors import TrendcoreError, UsageError
from trendcore.store import Ledger, Manifest, Store, Unit
from trendcore.taxonomy.policies import SHIPPED
from trendcore.update.intervals import IntervalMethod
from trendcore.update.method import Method

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
        how = _read(store, manifest, said)
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


def _read(store: Store, manifest: Manifest, said: Mapping[str, Any]) -> Method:
    with TemporaryDirectory() as folder:
        paths: dict[str, Path] = {}
        for name in ("taxonomy", "policy", "blocs"):
            if name in manifest.method_files:
                paths[name] = Path(folder) / f"{name}.toml"
                paths[name].write_bytes(store.kept_text(manifest.method_files[name]))
        name = said["policy"]["name"]
        breadth, proxies = said["taxonomy"]["breadth"], said["taxonomy"]["proxies"]
        fields = taxonomy.fields(paths.get("taxonomy"), breadth, proxies=proxies)
        policy = taxonomy.policy(paths.get("policy", name if name in SHIPPED else "default"))
        blocs = taxonomy.blocs(paths.get("blocs"))
    intervals = said["intervals"]
    return Method(
        fields=fields,
        policy=policy,
        blocs=blocs,
        bloc_names=tuple(said["blocs"]["names"]),
        labels=taxonomy.countries().labels(),
        self_flows=said["self_flows"],
        intervals=IntervalMethod(
            tuple(intervals["indices"]), intervals["replicates"], intervals["seed"] or 0
        ),
        trend_years=said["trend_years"],
    )
