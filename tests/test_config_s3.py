"""How S3 is reached: from the usual variables, then from the usual files, and never told."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from trendcore.config import s3_options
from trendcore.errors import UsageError

CONFIG = (
    "[default]\nregion = eu-north-1\n[profile work]\nregion = eu-west-2\nendpoint_url = https://s3.example\n"
)
CREDENTIALS = "[default]\naws_access_key_id = D\naws_secret_access_key = d%d\n[work]\naws_access_key_id = W\n"
CREDENTIALS += "aws_secret_access_key = w\naws_session_token = t\n"


@pytest.fixture(autouse=True)
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


def write(home: Path, config: str = CONFIG, credentials: str = CREDENTIALS) -> None:
    (home / ".aws").mkdir()
    (home / ".aws" / "config").write_text(config)
    (home / ".aws" / "credentials").write_text(credentials)


def test_without_any_the_machine_is_asked_for_its_role() -> None:
    assert s3_options() == {"aws_region": "us-east-1"}


def test_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "K")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "S")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9000")
    keys = {"aws_access_key_id": "K", "aws_secret_access_key": "S"}
    there = {"aws_endpoint": "http://127.0.0.1:9000", "aws_allow_http": "true"}
    assert s3_options() == {"aws_region": "eu-central-1", **there, **keys}
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "https://s3.example")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "T")
    there = {"aws_endpoint": "https://s3.example", "aws_session_token": "T"}
    assert s3_options() == {"aws_region": "eu-west-1", **there, **keys}


def test_profiles(files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(files)
    default = {"aws_region": "eu-north-1", "aws_access_key_id": "D", "aws_secret_access_key": "d%d"}
    assert s3_options() == default
    monkeypatch.setenv("AWS_PROFILE", "work")
    keys = {"aws_access_key_id": "W", "aws_secret_access_key": "w", "aws_session_token": "t"}
    assert s3_options() == {"aws_region": "eu-west-2", "aws_endpoint": "https://s3.example", **keys}
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(files / "nowhere"))
    assert "aws_access_key_id" not in s3_options()


def test_keys_are_not_taken_half_from_here_and_half_from_there(
    files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(files)
    monkeypatch.setenv("AWS_PROFILE", "work")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "K")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "S")
    found = s3_options()
    assert "aws_session_token" not in found
    assert (found["aws_access_key_id"], found["aws_secret_access_key"]) == ("K", "S")


@pytest.mark.parametrize("damaged", ["aws_secret_access_key = SECRET", "[default\nSECRET", "[a]\nSECRET"])
def test_a_damaged_file_is_named_without_what_is_in_it(files: Path, damaged: str) -> None:
    write(files, credentials=damaged)
    with pytest.raises(UsageError, match=r"credentials: not a file of AWS profiles \(\w+\)") as caught:
        s3_options()
    assert "SECRET" not in str(caught.value)
    assert caught.value.__cause__ is None
