"""Country policies: what they map, that once is enough, and that bad files are refused by key."""

from __future__ import annotations

from pathlib import Path

import pytest

from trendcore import taxonomy
from trendcore.errors import TaxonomyError
from trendcore.taxonomy.policies import SHIPPED

LABELS = taxonomy.countries().labels()
CODES = {label: code for code, label in LABELS.items()}
HEAD = 'format = 1\nname = "mine"\nversion = "1"\nsource = "me"\n'


def mapped(name: str, label: str) -> str | None:
    code = taxonomy.policy(name).apply(CODES[label])
    return None if code is None else LABELS[code]


def test_default_counts_territories_with_their_state_and_keeps_the_rest() -> None:
    assert [mapped("default", label) for label in ("PR", "GU", "VI")] == ["US"] * 3
    assert [mapped("default", label) for label in ("RE", "GP", "MQ", "GF", "YT")] == ["FR"] * 5
    apart = ["HK", "MO", "TW", "CN", "FO", "GL", "AX", "GG", "JE", "IM", "XK", "SU", "BELU", "CSXX"]
    assert [mapped("default", label) for label in apart] == apart


def test_other_shipped_policies() -> None:
    assert mapped("hk-mo-with-cn", "HK") == mapped("hk-mo-with-cn", "MO") == "CN"
    assert mapped("hk-mo-with-cn", "TW") == "TW"
    assert mapped("hk-mo-with-cn", "PR") == "US"
    assert taxonomy.policy("territories-apart").mapping == {}
    assert mapped("historic-merged", "SU") == "RU"
    assert mapped("historic-merged", "SDSS") == "SD"


@pytest.mark.parametrize("name", SHIPPED)
def test_twice_is_once_and_codes_are_known(name: str) -> None:
    policy = taxonomy.policy(name)
    assert policy.name == name
    assert policy.version
    for code in LABELS:
        assert policy.apply(policy.apply(code)) == policy.apply(code)
    assert set(policy.mapping) <= set(LABELS)
    assert set(policy.mapping.values()) <= set(LABELS)
    assert policy.apply(None) is None


def test_hash_follows_the_content_only(tmp_path: Path) -> None:
    hashes = {taxonomy.policy(name).sha256 for name in SHIPPED}
    assert len(hashes) == len(SHIPPED)
    path = tmp_path / "mine.toml"
    path.write_text(HEAD + '[map]\nHK = "CN"\nMO = "CN"\n')
    first = taxonomy.policy(path).sha256
    path.write_text("# a note\r\n" + HEAD + '[map]\nMO = "CN"\n\nHK = "CN"\n')
    assert taxonomy.policy(str(path)).sha256 == first
    path.write_text(HEAD + '[map]\nHK = "CN"\n')
    assert taxonomy.policy(path).sha256 != first


def test_unknown_is_a_target(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(HEAD + '[map]\nAQ = "unknown"\n')
    assert taxonomy.policy(path).mapping == {10: None}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (HEAD + '[map]\nZZ = "US"\n', r"map\.ZZ.*'ZZ'"),
        (HEAD + '[map]\nPR = "USA"\n', r"map\.PR.*'USA'"),
        (HEAD + '[map]\nunknown = "US"\n', "map.unknown"),
        (HEAD + '[map]\nunknown = "unknown"\n', "map.unknown"),
        (HEAD + '[map]\nHK = "MO"\nMO = "CN"\n', r"map\.HK.*mapped on"),
        (HEAD + '[map]\nUS = "US"\n', r"map\.US"),
        (HEAD + "[map]\nPR = 840\n", r"map\.PR.*text"),
        (HEAD + '[map]\nPR = "US"\nPR = "US"\n', "not valid TOML"),
        (HEAD, "map: missing"),
        (HEAD + 'map = "US"\n', "map: must be a table"),
        (HEAD + "extra = 1\n[map]\n", "extra: unknown key"),
        (HEAD.replace("format = 1", "format = 2") + "[map]\n", "format"),
        (HEAD.replace('source = "me"', "") + "[map]\n", "source: missing"),
        ("", "format: missing"),
    ],
)
def test_bad_files_are_refused_by_file_and_key(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(text)
    with pytest.raises(TaxonomyError, match=message) as caught:
        taxonomy.policy(path)
    assert "mine.toml" in str(caught.value)


def test_no_such_policy_lists_the_shipped_ones(tmp_path: Path) -> None:
    with pytest.raises(TaxonomyError, match="hk-mo-with-cn"):
        taxonomy.policy("hongkong")
    with pytest.raises(TaxonomyError, match=r"absent\.toml: cannot be read"):
        taxonomy.policy(tmp_path / "absent.toml")
