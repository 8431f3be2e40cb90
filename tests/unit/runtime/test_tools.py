"""The environment in which programs run."""

from pathlib import Path

import pytest

from datacontainer.entrypoint.gobuild import go_cache


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home folder; the environment sets no other place for Go's build cache."""
    for name in ("GOCACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    (tmp_path / "home").mkdir()
    return tmp_path / "home"


def test_go_cache_by_default_is_in_the_home(home, tmp_path):
    assert go_cache(tmp_path / "fallback") == home / ".cache/go-build"


def test_go_cache_variable_in_the_environment_sets_the_folder(home, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(home / "xdg"))
    assert go_cache(tmp_path / "fallback") == home / "xdg/go-build"
    monkeypatch.setenv("GOCACHE", str(home / "go"))
    assert go_cache(tmp_path / "fallback") == home / "go"


def test_go_cache_without_a_usable_home_is_the_fallback(home, tmp_path, monkeypatch):
    (home / "file").touch()
    monkeypatch.setenv("HOME", str(home / "file"))
    assert go_cache(tmp_path / "fallback") == tmp_path / "fallback"
    monkeypatch.delenv("HOME")
    assert go_cache(tmp_path / "fallback") == tmp_path / "fallback"
