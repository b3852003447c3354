"""Where settings come from, which one wins, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from trendcore.config import Settings, settings
from trendcore.errors import UsageError


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(f"TRENDCORE_{name.upper()}", raising=False)


def test_argument_over_environment_over_file_over_default(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert settings(tmp_path).policy == "default"
    (tmp_path / "trendcore.toml").write_text('policy = "territories-apart"\nbreadth = "wide"\n')
    assert settings(tmp_path).policy == "territories-apart"
    monkeypatch.setenv("TRENDCORE_POLICY", "hk-mo-with-cn")
    found = settings(tmp_path)
    assert (found.policy, found.breadth) == ("hk-mo-with-cn", "wide")
    assert settings(tmp_path, policy="historic-merged").policy == "historic-merged"


def test_lists_in_the_environment_have_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRENDCORE_BLOCS", "Quad, g7,quad")
    assert settings().blocs == ("quad", "g7")


def test_an_empty_variable_says_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "trendcore.toml").write_text('blocs = ["g7"]\n')
    for name in ("TAXONOMY", "POLICY", "BLOCS"):
        monkeypatch.setenv(f"TRENDCORE_{name}", "")
    found = settings(tmp_path)
    assert (found.taxonomy, found.policy, found.blocs) == (None, "default", ("g7",))


def test_a_variable_that_sets_nothing_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRENDCORE_POLCY", "hk-mo-with-cn")
    with pytest.raises(UsageError, match=r"TRENDCORE_POLCY; there are .*TRENDCORE_POLICY"):
        settings()


def test_a_settings_file_that_is_a_folder(tmp_path: Path) -> None:
    (tmp_path / "trendcore.toml").mkdir()
    with pytest.raises(UsageError, match=r"trendcore.toml: cannot be read: "):
        settings(tmp_path)


def test_paths_of_the_file_are_meant_from_its_folder(tmp_path: Path) -> None:
    (tmp_path / "trendcore.toml").write_text('taxonomy = "mine.toml"\npolicy = "own/policy.toml"\n')
    found = settings(tmp_path)
    assert found.taxonomy == tmp_path / "mine.toml"
    assert found.policy == str(tmp_path / "own" / "policy.toml")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("polcy = 'x'", "no setting is called 'polcy'"),
        ("breadth = 'broad'", "setting breadth"),
        ("max_quarantined = 1.5", "setting max_quarantined"),
        ("blocs = 3", "setting blocs"),
        ("max_quarantined = true", "setting max_quarantined"),
        ("max_quarantined = nan", "setting max_quarantined"),
        ("policy = ", "not TOML"),
    ],
)
def test_a_wrong_file_is_named_with_what_is_wrong(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "trendcore.toml"
    path.write_text(text)
    with pytest.raises(UsageError) as caught:
        settings(tmp_path)
    assert words in str(caught.value)
    assert str(path) in str(caught.value)


def test_an_unknown_argument_lists_those_there_are() -> None:
    with pytest.raises(UsageError, match=r"no setting is called 'plicy'; there are taxonomy, .*policy"):
        settings(plicy="x")


def test_settings_are_frozen() -> None:
    with pytest.raises(ValueError, match="frozen"):
        Settings().policy = "x"


@pytest.mark.parametrize("text", ["seed = " + "9" * 5000, "blocs = " + "[" * 9000])
def test_what_no_parser_can_hold_is_an_error_in_words(tmp_path: Path, text: str) -> None:
    (tmp_path / "trendcore.toml").write_text(text)
    with pytest.raises(UsageError, match=r"trendcore\.toml: not TOML"):
        settings(tmp_path)
