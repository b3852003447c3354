"""Secrets of the environment, of addresses and of files are in nothing that trendcore writes."""

from __future__ import annotations

import base64
import shutil
from pathlib import Path
from urllib.parse import quote

import pytest
from support.workspaces import SAMPLE, qis, write_works
from typer.testing import CliRunner, Result

from trendcore.cli.app import app
from trendcore.config import s3_options
from trendcore.redaction import redact

KEY_ID = "AKIAIOSFODNN7EXAMPLE"
SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
TOKEN = "FwoGZXIvYXdzEBYaDHqa0AP1x9sK4hL2zSLIAUexample=="
#: not found by their surroundings, nor by being registered
PLANTED = {
    "AWS_ACCESS_KEY_ID": KEY_ID,
    "AWS_SECRET_ACCESS_KEY": SECRET,
    "AWS_SESSION_TOKEN": TOKEN,
    "OPENALEX_API_KEY": "oa-0123456789abcdef",
    "AWS_ENDPOINT_URL": "http://minio:p4ssw0rd-of-minio@127.0.0.1:9",
}
HIDDEN = [KEY_ID, SECRET, TOKEN, PLANTED["OPENALEX_API_KEY"], "p4ssw0rd-of-minio", "p4ssw0rd-of-file"]


@pytest.fixture
def planted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trendcore.redaction._known", set())
    for name, value in PLANTED.items():
        monkeypatch.setenv(name, value)


def forms(secret: str) -> list[bytes]:
    """A secret as it could be written."""
    return [
        secret.encode(),
        quote(secret, safe="").encode(),
        quote(secret).encode(),
        base64.b64encode(secret.encode()).rstrip(b"="),
        secret.replace("/", "\\/").encode(),
        secret.encode("utf-16-le"),
    ]


def shown(text: bytes) -> list[str]:
    return [secret for secret in HIDDEN if any(form in text for form in forms(secret))]


def run(*args: str | Path) -> Result:
    out = CliRunner().invoke(app, [str(arg) for arg in args])
    assert not shown(out.stdout.encode() + out.stderr.encode()), (args, out.output)
    return out


def check_files(*folders: Path) -> None:
    paths = [path for folder in folders for path in (folder, *folder.rglob("*")) if path.is_file()]
    assert paths
    for path in paths:
        assert not shown(path.read_bytes() + str(path).encode()), path


def test_the_search_finds_what_is_there() -> None:
    assert shown(f"x {SECRET} y".encode()) == [SECRET]
    assert shown(quote(TOKEN, safe="").encode()) == [TOKEN]
    assert shown(b"nothing") == []


@pytest.mark.usefixtures("planted")
def test_a_whole_run_and_its_workspace_hold_no_secret(tmp_path: Path) -> None:
    place, out = tmp_path / "ws", tmp_path / "out"
    out.mkdir()
    write_works(
        tmp_path / "in" / "works.jsonl", *(qis(n, "JP", "US", publication_year=2010 + n) for n in range(9))
    )
    baci = tmp_path / "in" / "BACI_HS22_Y2022_V202501.csv"
    shutil.copy(SAMPLE / "baci" / baci.name, baci)
    for feed, path in (("openalex", tmp_path / "in" / "works.jsonl"), ("baci", baci)):
        done = run("--debug", "ingest", feed, path, "-w", place)
        assert done.exit_code == 0, done.output
    (place / "trendcore.toml").write_text("trend_years = 5\n")
    told = ["--log-format", "json", "--summary", out / "s.json", "--metrics", out / "m.prom"]
    assert run("--debug", "update", "-w", place, *told).exit_code == 0
    for form in ("csv", "parquet", "xlsx"):
        assert run("--debug", "export", out / f"a.{form}", "-w", place).exit_code == 0
    for command in (["show", "JP", "US"], ["releases"], ["doctor"], ["releases", "--json"]):
        run("--debug", *command, "-w", place)
    check_files(place, out)


@pytest.mark.usefixtures("planted")
@pytest.mark.parametrize("more", [[], ["--debug"]])
def test_what_fails_shows_no_secret(tmp_path: Path, more: list[str]) -> None:
    place = tmp_path / "ws"
    address = f"s3://{KEY_ID}:{quote(SECRET, safe='')}@bucket/ws"
    loose = f"s3://{KEY_ID}:{SECRET}@bucket/ws"
    signed = (
        f"https://b.s3.amazonaws.com/BACI.csv?X-Amz-Security-Token={quote(TOKEN)}&X-Amz-Credential={KEY_ID}"
    )
    path = write_works(tmp_path / "works.jsonl", qis(1, "JP", "US"))
    for where in (address, loose):
        for command in (["ingest", "openalex", path], ["releases"], ["show", "JP", "US"]):
            assert run(*more, *command, "-w", where).exit_code == 2
        for told in ([], ["--log-format", "json"], ["--summary", tmp_path / "s.json"]):
            assert run(*more, "update", "-w", where, *told).exit_code == 2
        assert run(*more, "ingest", "openalex", where, "-w", place).exit_code == 2
        assert run(*more, "export", where, "-w", place).exit_code != 0
    assert run(*more, "ingest", "baci", signed, "-w", place).exit_code == 2
    assert run(*more, "withdraw", signed, "-w", place).exit_code != 0
    assert run(*more, f"--token={TOKEN}", "update", "-w", place).exit_code == 2
    assert run(*more, "ingest", "openalex", path, "-w", place).exit_code == 0
    for text in (
        f'aws_secret_access_key = "{SECRET}"\n',
        'password = "p4ssw0rd-of-file"\nbreadth = 7\n',
        f"aws_secret_access_key = {SECRET}\n",
        'seed = "password=p4ssw0rd-of-file"\n',
    ):
        (place / "trendcore.toml").write_text(text)
        for told in ([], ["--log-format", "json"], ["--summary", place / "s.json"]):
            assert run(*more, "update", "-w", place, *told).exit_code == 2
        (place / "trendcore.toml").unlink()
        check_files(place)
    check_files(tmp_path / "s.json")


@pytest.mark.usefixtures("planted")
def test_keys_of_the_environment_and_of_files_are_secrets_once_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert SECRET in redact(f"what a library says of {SECRET}")
    s3_options()
    assert redact(f"what a library says of {SECRET} and {quote(TOKEN, safe='')}") == (
        "what a library says of *** and ***"
    )
    (tmp_path / "credentials").write_text(
        "[default]\naws_access_key_id = mine\naws_secret_access_key = from-a-file\n"
    )
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name)
    s3_options()
    assert redact("said from-a-file") == "said ***"


@pytest.mark.usefixtures("planted")
def test_a_bucket_that_does_not_answer_shows_no_secret(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    obstore = pytest.importorskip("obstore", reason="S3 needs obstore: pip install trendcore[s3]")
    from datetime import timedelta

    assert obstore
    quick = {"max_retries": 0, "retry_timeout": timedelta(seconds=1)}
    monkeypatch.setattr("trendcore.store.volumes.s3._RETRIES", quick)
    path = write_works(tmp_path / "works.jsonl", qis(1, "JP", "US"))
    for command in (["ingest", "openalex", path], ["releases"], ["update", "--log-format", "json"]):
        out = run("--debug", *command, "-w", "s3://bucket/ws")
        assert out.exit_code == 6
        assert "bucket" in out.stderr
