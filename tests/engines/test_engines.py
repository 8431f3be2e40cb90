"""The tools that the tests drive: all of them in CI, and elsewhere a reason for each that is missing."""

import pytest

from tools.engines import Tool, require_root, require_tool

# Each with a call that shows it starts.
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


def test_docker_is_the_one_with_an_engine():
    client, engine = (Tool((require_tool(name),)).text("--version") for name in ("docker", "dockerd"))
    assert client.split(",")[0] == engine.split(",")[0]


def test_require_tool_missing_skips_here_and_fails_in_ci(monkeypatch):
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="no-such-tool is not installed: on Debian 12, `sudo"):
        require_tool("no-such-tool")
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="no-such-tool is not installed"):
        require_tool("no-such-tool")


def test_require_root_other_user_is_told_who_it_is(monkeypatch):
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    with pytest.raises(pytest.skip.Exception, match="dockerd needs root, but the tests run as user 1000"):
        require_root("dockerd")
