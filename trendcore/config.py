"""Settings of a workspace: frozen, read once, from arguments, environment and the workspace's own file.

The only reader of environment variables, of which an empty one says nothing. What is not given takes the
default below.
"""

from __future__ import annotations

import configparser
import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, BeforeValidator, Field, InstanceOf, ValidationError, ValidationInfo
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict

from trendcore.errors import UsageError
from trendcore.gates import DEFAULTS, Limits, limits
from trendcore.redaction import register

#: the file in a workspace that holds its settings; written by the user, never by trendcore
FILE: Final = "trendcore.toml"
#: the file that makes a folder a workspace
MARK: Final = "workspace.json"
_PREFIX: Final = "TRENDCORE_"
#: a taxonomy, policy or bloc file in the workspace's own file is meant from the workspace's folder
_PATHS: Final = ("taxonomy", "policy", "bloc_file")


def _names(value: Any) -> Any:
    """Take names as a list, or as one text with commas between, as environment variables have it."""
    if isinstance(value, str):
        value = [name for name in value.split(",") if name.strip()]
    names = isinstance(value, (list, tuple)) and all(isinstance(name, str) for name in value)
    return tuple(dict.fromkeys(name.strip().lower() for name in value)) if names else value


def _no_bool(value: Any) -> Any:
    """Refuse true, which would mean 1."""
    if isinstance(value, bool):
        raise ValueError("Input should be a number")
    return value


def _limits(value: Any, info: ValidationInfo) -> Limits:
    """Read limits of gates; of a feed as many rows may be quarantined as of a file, if nothing is said."""
    declared = {} if value == DEFAULTS else value
    said = declared.get("quarantine", {}) if isinstance(declared, dict) else None
    if isinstance(said, dict) and "max_quarantined" in info.data:
        declared = {**declared, "quarantine": {"at_most": info.data["max_quarantined"], **said}}
    try:
        return limits(declared)
    except UsageError as error:
        raise ValueError(str(error)) from error


def _replicates(value: int) -> int:
    """Refuse a single replicate, of which no interval can be made."""
    if value == 1:
        raise ValueError("Input should be 0 (the delta method) or at least 2 replicates")
    return value


class Settings(BaseSettings):
    """What decides the numbers of a workspace beside its inputs.

    Attributes
    ----------
    taxonomy
        TOML file of technology fields; None: the packaged one.
    breadth
        ``core``, ``wide`` (core and wide under the same names) or ``both`` (wide ones as further fields).
    proxies
        Whether goods that merely stand for a field (AI, QIS have no HS code) count in trade.
    policy
        Country policy: ``default``, ``hk-mo-with-cn``, ``territories-apart``, ``historic-merged`` or a file.
    bloc_file
        TOML file of blocs; None: the packaged one.
    blocs
        Blocs that are published.
    self_flows
        Trade of a country with itself: ``in_total`` (part of denominators) or ``drop``.
    max_quarantined
        Largest share of an input's rows that may be quarantined; above, `update` refuses. Up to 100 rows of
        an input are never too many.
    bootstrap
        Replicates of the bootstrap by which intervals are made; 0: the delta method, which draws nothing.
    seed
        Seed of the bootstrap.
    intervals
        Indices that get intervals, by name: ``all``, or those of a list.
    trend_years
        How many of the last complete years a trend is over.
    gates
        What the quality gates allow: a ``[gates]`` table, see ``trendcore/gates/gates.toml``. It decides
        what is published, and no number.

    Examples
    --------
    >>> Settings().breadth, Settings(policy="hk-mo-with-cn").policy
    ('core', 'hk-mo-with-cn')
    """

    model_config = SettingsConfigDict(env_prefix=_PREFIX, env_ignore_empty=True, frozen=True, extra="forbid")

    taxonomy: Path | None = None
    breadth: Literal["core", "wide", "both"] = "core"
    proxies: bool = False
    policy: str = "default"
    bloc_file: Path | None = None
    blocs: Annotated[tuple[str, ...], NoDecode, BeforeValidator(_names)] = (
        "quad", "g7", "five_eyes", "aukus", "chip4", "eu27_2020", "eu_members", "oecd_members",
        "asean_members",
    )  # fmt: skip
    self_flows: Literal["in_total", "drop"] = "in_total"
    max_quarantined: Annotated[float, BeforeValidator(_no_bool), Field(ge=0, le=1)] = 0.05
    bootstrap: Annotated[
        int, BeforeValidator(_no_bool), AfterValidator(_replicates), Field(ge=0, le=1_000_000)
    ] = 0
    # a table holds it as a signed number
    seed: Annotated[int, BeforeValidator(_no_bool), Field(ge=0, lt=1 << 63)] = 0
    intervals: Annotated[tuple[str, ...], NoDecode, BeforeValidator(_names)] = ("all",)
    # below 5 years no series has a trend
    trend_years: Annotated[int, BeforeValidator(_no_bool), Field(ge=5, le=200)] = 10
    # judged after `max_quarantined`
    gates: Annotated[InstanceOf[Limits], NoDecode, BeforeValidator(_limits), Field(validate_default=True)] = (
        DEFAULTS
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Take arguments first, then the environment; no dotenv file and no folder of secrets is read."""
        return init_settings, env_settings


def settings(folder: Path | None = None, **given: Any) -> Settings:
    """Read settings of a workspace: arguments, then ``TRENDCORE_*`` variables, then its ``trendcore.toml``.

    Parameters
    ----------
    folder
        The workspace's folder; None: no file is read.
    **given
        Attributes of `Settings`; None stands for not given.

    Raises
    ------
    UsageError
        A setting is unknown or not valid; the message names it and where it is from.

    Examples
    --------
    >>> settings(breadth="wide").breadth
    'wide'
    >>> settings(breadth="broad")
    Traceback (most recent call last):
    trendcore.errors.UsageError: setting breadth: Input should be 'core', 'wide' or 'both'
    """
    path = None if folder is None else folder / FILE
    return _settled({} if path is None else _filed(path), str(path), given)


def remote_settings(name: str, data: bytes, given: Mapping[str, Any]) -> Settings:
    """Read settings of a workspace that is in no folder; see `settings`.

    Parameters
    ----------
    name
        Of its ``trendcore.toml``, for messages.
    data
        The bytes of that file; none where there is no file.
    given
        Attributes of `Settings`.

    Raises
    ------
    UsageError
        A setting is unknown or not valid, or names a file by a path that is not absolute.
    """
    filed = _parsed(data, name)
    for setting in _PATHS:
        value = str(filed.get(setting))
        if _is_path(setting, filed.get(setting)) and not Path(value).is_absolute():
            raise UsageError(
                f"{name}: setting {setting}: {value!r} is no absolute path; a file that it names is read from"
                " this machine"
            )
    return _settled(filed, name, given)


def _settled(filed: dict[str, Any], path: str, given: Mapping[str, Any]) -> Settings:
    """Put arguments above the environment, and that above the workspace's own file."""
    given = {name: value for name, value in given.items() if value is not None}
    unknown = sorted(set(given) - set(Settings.model_fields))
    if unknown:
        raise UsageError(f"no setting is called {unknown[0]!r}; there are {', '.join(Settings.model_fields)}")
    _check_environment()
    # a default of the model stands below the environment, an argument above it: so the file goes in between
    try:
        from_environment = Settings().model_fields_set
        lower = {name: value for name, value in filed.items() if name not in from_environment}
        return Settings(**{**lower, **given})
    except ValidationError as error:
        raise UsageError(_in_words(error, path, filed)) from error


def s3_options() -> dict[str, str]:
    """Return how to reach S3, in the names that polars, deltalake and obstore share; never part of a message.

    Keys are secrets to `trendcore.redaction` from then on: those libraries put what they like into messages.

    Taken from the usual ``AWS_*`` variables, then from the profile (``AWS_PROFILE``) of the usual files.
    Without keys in either, those libraries ask the machine for its role.

    Raises
    ------
    UsageError
        A file of profiles cannot be read.
    """
    said = {name: value for name, value in os.environ.items() if name.startswith("AWS_") and value}
    profile = _profile(said)
    # a pair of keys is taken whole from one place
    keys = said if "AWS_ACCESS_KEY_ID" in said else {name.upper(): value for name, value in profile.items()}
    endpoint = (
        said.get("AWS_ENDPOINT_URL_S3") or said.get("AWS_ENDPOINT_URL") or profile.get("endpoint_url", "")
    )
    region = said.get("AWS_REGION") or said.get("AWS_DEFAULT_REGION") or profile.get("region", "us-east-1")
    options = {
        "aws_region": region,
        "aws_endpoint": endpoint,
        # an address without encryption was asked for in so many words
        "aws_allow_http": "true" if endpoint.startswith("http://") else "",
        "aws_access_key_id": keys.get("AWS_ACCESS_KEY_ID", ""),
        "aws_secret_access_key": keys.get("AWS_SECRET_ACCESS_KEY", ""),
        "aws_session_token": keys.get("AWS_SESSION_TOKEN", ""),
    }
    for name in ("aws_secret_access_key", "aws_session_token"):
        register(options[name])
    return {name: value for name, value in options.items() if value}


def _profile(said: Mapping[str, str]) -> dict[str, str]:
    """Read a profile from the files of AWS: the one named in the environment, or ``default``."""
    name = said.get("AWS_PROFILE", "default")
    home = Path("~/.aws").expanduser()
    config = Path(said.get("AWS_CONFIG_FILE", home / "config"))
    credentials = Path(said.get("AWS_SHARED_CREDENTIALS_FILE", home / "credentials"))
    found: dict[str, str] = {}
    for path, section in ((config, name if name == "default" else f"profile {name}"), (credentials, name)):
        parser = configparser.RawConfigParser(default_section="")
        try:
            parser.read(path.expanduser(), encoding="utf-8")
        except (configparser.Error, OSError, UnicodeDecodeError) as error:
            # what the parser says quotes the line, which may be a key
            raise UsageError(f"{path}: not a file of AWS profiles ({type(error).__name__})") from None
        if parser.has_section(section):
            found |= dict(parser[section])
    return found


def _check_environment() -> None:
    """Refuse a variable that sets nothing: a slip of the pen would go unnoticed."""
    for name in sorted(os.environ):
        if name.upper().startswith(_PREFIX) and name[len(_PREFIX) :].lower() not in Settings.model_fields:
            there = ", ".join(f"{_PREFIX}{field.upper()}" for field in Settings.model_fields)
            raise UsageError(f"no setting is given by the environment variable {name}; there are {there}")


def _filed(path: Path) -> dict[str, Any]:
    """Read a workspace's own file, with its paths made absolute; none where there is no file."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror or error}") from error
    filed = _parsed(data, str(path))
    for name in _PATHS:
        if _is_path(name, filed.get(name)):
            filed[name] = str(path.parent / filed[name])
    return filed


def _parsed(data: bytes, path: str) -> dict[str, Any]:
    try:
        filed = tomllib.loads(data.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise UsageError(f"{path}: cannot be read: {error}") from error
    # a number of thousands of digits and a list as deep are no TOMLDecodeError
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{path}: not TOML: {error}") from error
    unknown = sorted(set(filed) - set(Settings.model_fields))
    if unknown:
        there = ", ".join(Settings.model_fields)
        raise UsageError(f"{path}: no setting is called {unknown[0]!r}; there are {there}")
    return filed


def _is_path(name: str, value: Any) -> bool:
    """Whether a setting is given as a path: that of a policy may be a name."""
    return isinstance(value, str) and (name != "policy" or value.endswith(".toml"))


def _in_words(error: ValidationError, path: str, filed: dict[str, Any]) -> str:
    first = error.errors()[0]
    name = str(first["loc"][0]) if first["loc"] else ""
    origin = f" (of {path})" if name in filed else ""
    return f"setting {name}{origin}: {first['msg'].removeprefix('Value error, ')}"
