"""The tools that the tests need: all of them in CI; a missing tool skips tests locally, with a reason."""

import pytest

from tools.engines import Tool, require_root, require_tool

# Each tool with the argument for a call that shows that the tool starts.
TOOLS = {
    "apptainer": "--version",
    "busybox": "--list",
    "chromium": "--version",
    "containerd": "--version",
    "docker": "--version",
    "docker-compose": "--version",
    "dockerd": "--version",
    "mksquashfs": "-version",
    "openssl": "version",
    "podman": "--version",
    "qemu-aarch64-static": "--version",
    "skopeo": "--version",
    "squashfuse": None,
    "umoci": "--version",
    "unsquashfs": "-version",
    "zstd": "--version",
}


@pytest.mark.parametrize("name", TOOLS)
def test_tool_is_installed_and_starts(name):
    tool = Tool((require_tool(name),))
    if TOOLS[name] is not None:
        assert tool.run(TOOLS[name], status=None).stdout


def test_docker_client_and_engine_have_the_same_version():
    client, engine = (Tool((require_tool(name),)).text("--version") for name in ("docker", "dockerd"))
    assert client.split(",")[0] == engine.split(",")[0]


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
