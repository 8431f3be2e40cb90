"""A tool that is missing skips tests locally, with a reason, and fails them in CI."""

import pytest

from tools.engines import require_root, require_tool


def test_require_tool_missing_is_skipped_locally_and_fails_in_ci(monkeypatch):
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="no-such-tool is not installed: on Debian 12, `sudo"):
        require_tool("no-such-tool")
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="no-such-tool is not installed"):
        require_tool("no-such-tool")


def test_require_root_other_user_is_named_in_the_reason(monkeypatch):
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    with pytest.raises(pytest.skip.Exception, match="dockerd needs root, but the tests run as user 1000"):
        require_root("dockerd")
