"""What decides the numbers beside the inputs: taxonomy, country policy, blocs, and their hashes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from trendcore import __version__, taxonomy
from trendcore.config import Settings
from trendcore.errors import UsageError
from trendcore.store.settings import settings_at
from trendcore.taxonomy import Blocs, CountryPolicy, FieldTaxonomy
from trendcore.taxonomy.files import data_file
from trendcore.taxonomy.policies import SHIPPED
from trendcore.update.inputs import field_taxonomy
from trendcore.update.intervals import IntervalMethod, checked_names

#: raised when the published tables of the same inputs and settings become others
TABLES = 3


@dataclass(frozen=True)
class Method:
    """Data that settings name, read once for an update.

    Attributes
    ----------
    fields, policy, blocs
        Technology fields, country policy and blocs.
    bloc_names
        Blocs that are published.
    labels
        Country code to displayed code.
    self_flows
        See `trendcore.config.Settings`.
    intervals
        How intervals are made.
    trend_years
        How many of the last complete years a trend is over.
    files
        ``taxonomy``, ``policy``, ``blocs`` -> bytes of the file, so that a release can keep them.
    """

    fields: FieldTaxonomy
    policy: CountryPolicy
    blocs: Blocs
    bloc_names: tuple[str, ...]
    labels: Mapping[int, str]
    self_flows: Any
    intervals: IntervalMethod
    trend_years: int
    files: Mapping[str, bytes] = field(default_factory=dict, repr=False, compare=False)

    def versions(self) -> dict[str, Any]:
        """Return versions and hashes of all of it, as a release records them."""
        return {
            "trendcore": __version__,
            "tables": TABLES,
            "taxonomy": {
                "version": self.fields.version,
                "sha256": self.fields.sha256,
                "breadth": self.fields.breadth,
                "proxies": self.fields.proxies,
            },
            "policy": {
                "name": self.policy.name,
                "version": self.policy.version,
                "sha256": self.policy.sha256,
            },
            "blocs": {
                "version": self.blocs.version,
                "sha256": self.blocs.sha256,
                "names": list(self.bloc_names),
            },
            "countries": {"sha256": taxonomy.countries().sha256},
            "self_flows": self.self_flows,
            "intervals": self.intervals.versions(),
            "trend_years": self.trend_years,
        }


def package_versions() -> dict[str, str]:
    """Return the versions of the packages that a release was made with."""
    return {name: metadata.version(name) for name in ("polars", "pyarrow", "numpy", "numba", "deltalake")}


def method(settings: Settings) -> Method:
    """Read what settings name.

    Raises
    ------
    TaxonomyError, UsageError
        A file is not valid, or a bloc or an index is unknown.
    """
    blocs = taxonomy.blocs(settings.bloc_file)
    return Method(
        fields=field_taxonomy(settings),
        policy=taxonomy.policy(settings.policy),
        blocs=blocs,
        bloc_names=tuple(dict.fromkeys(blocs.get(name).name for name in settings.blocs)),
        labels=taxonomy.countries().labels(),
        self_flows=settings.self_flows,
        intervals=IntervalMethod(checked_names(settings.intervals), settings.bootstrap, settings.seed),
        trend_years=settings.trend_years,
        files={
            "taxonomy": data_file("taxonomy", settings.taxonomy),
            "policy": data_file("policy", settings.policy),
            "blocs": data_file("blocs", settings.bloc_file),
        },
    )


def rebuilt(said: Mapping[str, Any], files: Mapping[str, bytes]) -> Method:
    """Make a method from what `Method.versions` said of it and the bytes of its files.

    Where a file is not given that of the package serves. Whether the method is the same is for the caller to
    see: its versions say so.

    Raises
    ------
    TaxonomyError, UsageError
        A file is not valid, or a bloc or an index is unknown.
    KeyError
        Something is not said.

    Examples
    --------
    >>> how = method(Settings(trend_years=7))
    >>> rebuilt(how.versions(), how.files).versions() == how.versions()
    True
    """
    with TemporaryDirectory() as folder:
        paths = {name: Path(folder) / f"{name}.toml" for name in files}
        for name, path in paths.items():
            path.write_bytes(files[name])
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
        files=dict(files),
    )


def for_update(
    folder: str | Path, given: Mapping[str, Any], *, bootstrap: int | None = None, seed: int | None = None
) -> Settings:
    """Read the settings of a workspace, with replicates and seed for one update where they are given.

    Raises
    ------
    UsageError
        A setting is not valid, or a seed is given and nothing is drawn.
    """
    drawn = {"bootstrap": bootstrap, "seed": seed}
    how = settings_at(
        folder, **(dict(given) | {name: value for name, value in drawn.items() if value is not None})
    )
    if seed is not None and not how.bootstrap:
        raise UsageError("a seed is of the bootstrap: give its replicates too (--bootstrap N)")
    return how
