from __future__ import annotations

import json
import string
import time
from urllib.parse import quote

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from typer.testing import CliRunner

from trendcore.cli.app import app
from trendcore.redaction import MASK, SHORTEST, redact, register

HIDDEN = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
KEY_ID = "AKIAIOSFODNN7EXAMPLE"


@pytest.mark.parametrize(
    "text",
    [
        f"AWS_SECRET_ACCESS_KEY={HIDDEN}",
        f"export AWS_SESSION_TOKEN={HIDDEN}; trendcore update",
        f"secret_access_key = '{HIDDEN}'",
        f"aws-secret-access-key: {HIDDEN}",
        f"{{'AWS_SECRET_ACCESS_KEY': '{HIDDEN}', 'HOME': '/root'}}",
        json.dumps({"secretAccessKey": HIDDEN}),
        json.dumps(json.dumps({"password": HIDDEN + " with blanks"})),
        f'"clientSecret" : "{HIDDEN}',
        f"password=b'{HIDDEN}'",
        f"passphrase={HIDDEN},",
        f"OPENALEX_API_KEY={HIDDEN}",
        f"OPENALEX_KEY={HIDDEN}",
        f"apikey: {HIDDEN}",
        f"/data/token={HIDDEN}/part_000.gz".replace(HIDDEN, HIDDEN.replace("/", "_")),
        f"s3://{KEY_ID}:{HIDDEN}@bucket/papers",
        f"/home/me/s3:/{KEY_ID}:{HIDDEN}@bucket/papers",
        f"tls://user:{HIDDEN}@scheduler:8786",
        f"https://{HIDDEN.replace('/', '').replace('+', '')}@example.org/works",
        f"https://b.s3.amazonaws.com/x?part=1&X-Amz-Signature={quote(HIDDEN)}&X-Amz-Expires=60",
        f"https://b.s3.amazonaws.com/x?X-Amz-Credential={KEY_ID}%2F{quote(HIDDEN)}",
        f"https://b.s3.amazonaws.com/x?x-amz-security-token={HIDDEN}",
        f"https://account.blob.core.windows.net/c?sv=2020&sig={quote(HIDDEN)}",
        f"Authorization: AWS4-HMAC-SHA256 Credential={KEY_ID}/2026/s3, Signature={HIDDEN}",
        f"authorization: Basic {HIDDEN}",
        f"sent with Bearer {HIDDEN}",
        f"-----BEGIN RSA PRIVATE KEY-----\nMIIE\n{HIDDEN}\n-----END RSA PRIVATE KEY-----",
        f"-----BEGIN PRIVATE KEY-----\n{HIDDEN}",
        f"a: b: c=d: password={HIDDEN}",
    ],
)
def test_secrets_are_taken_out(text: str) -> None:
    shown = redact(text)
    assert MASK in shown
    for part in (HIDDEN, quote(HIDDEN), HIDDEN[:12], HIDDEN[-12:], KEY_ID):
        assert part not in shown
    assert redact(shown) == shown


@pytest.mark.parametrize(
    "text",
    [
        "keep=fields",
        "gate keys: indices has 2 rows of one key (source=openalex, field=qis)",
        "gate keys refused: 3 rows; see --accept keys=reason",
        "unknown key 'colour' in declaration: key = colour",
        "sort_key: year, primary_key=id, Key: a-b",
        "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef-1a2b3c4d.parquet",
        "tables/papers/part-e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855.parquet",
        "works/updated_date=2024-06-24/part_000.gz",
        "s3://bucket/works/updated_date=2024-06-24/part_000.gz: breaks off",
        "https://developers.openalex.org/data?per-page=200&page=2",
        "tcp://scheduler:8786: no answer",
        "C:/Users/me/BACI_HS22_Y2022_V202401.csv",
        "secretary: Ban Ki-moon, bearer of news, basic statistics, a token of esteem",
        "authors of W1 <someone@example.org>: 3",
        "12:30:01 update: openalex: 22,000 rows, 3 quarantined",
        "AKIA is where ids of keys begin; ASIAN studies",
        "setting seed (of ws/trendcore.toml): Input should be less than 9223372036854775808",
        "https://host/x?part=1&key_figures=2",
    ],
)
def test_ordinary_messages_stay_as_they_are(text: str) -> None:
    assert redact(text) == text


SECRETS = st.text(string.ascii_letters + string.digits + "/+_-.", min_size=8, max_size=60)
PLAIN = st.text(st.characters(codec="utf-8"), max_size=40)


@given(
    st.sampled_from(
        [
            "AWS_SECRET_ACCESS_KEY={}",
            "'aws_session_token': '{}'",
            '"password":"{}"',
            "token: {} ",
            "s3://me:{}@bucket/x",
        ]
    ),
    SECRETS,
    PLAIN,
    PLAIN,
)
def test_no_surroundings_save_a_secret(form: str, secret: str, before: str, after: str) -> None:
    # marks at the end of a bare value may be the sentence's
    secret = "x" + secret.strip(".") + "x"
    assume(secret not in before + after + form)
    assert secret not in redact(f"{before}\n{form.format(secret)}\n{after}")


@given(st.text(st.characters(codec="utf-8", exclude_characters=":=?&;@-"), max_size=200))
def test_a_text_without_names_of_settings_stays_as_it_is(text: str) -> None:
    assume("earer" not in text)
    assert redact(text) == text


@given(PLAIN | st.text(":/@=&?\"\\'password keytokn*-", max_size=60))
def test_redacting_twice_changes_nothing_more(text: str) -> None:
    assert redact(redact(text)) == redact(text)


def test_registered_values_are_found_in_any_form(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trendcore.redaction._known", set())
    register('q"u/x+é')
    register("q" * (SHORTEST - 1))
    for form in ('q"u/x+é', quote('q"u/x+é'), quote('q"u/x+é', safe=""), json.dumps({"a": 'q"u/x+é'})):
        assert "u/x" not in redact(form)
        assert "q" not in redact(form)
    assert redact("qqq and q") == "qqq and q"


@pytest.mark.parametrize(
    "piece",
    ["a://", "a:", "a", "password='", "-----BEGIN ", "?token", "\\", "bearer ", " ", "a=b ", "?key=", '"'],
)
def test_long_texts_take_no_long_time(piece: str) -> None:
    start = time.perf_counter()
    redact(piece * 50_000)
    assert time.perf_counter() - start < 3


def test_an_error_line_and_a_traceback_hold_no_secret() -> None:
    place = f"s3://{KEY_ID}:{HIDDEN}@bucket/BACI.csv"
    for more in ([], ["--debug"]):
        out = CliRunner().invoke(app, [*more, "ingest", "baci", place, "-w", "nowhere"])
        assert out.exit_code == 2
        assert "bucket/BACI.csv" in out.stderr
        assert ("Traceback" in out.stderr) == bool(more)
        assert HIDDEN not in out.output
        assert KEY_ID not in out.output
