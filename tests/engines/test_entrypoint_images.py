"""Tests of the entrypoint on another platform, and without /proc."""

import shutil
from collections.abc import Callable
from functools import cache

import pyarrow as pa
import pytest

from datacontainer.entrypoint.gobuild import host_architecture
from tools.catalogs import nasty_catalog
from tools.engines import Tool, require_tool
from tools.fruit import SIX_USES, fruit_catalog

HOST = host_architecture()
QUERIES = [
    "",
    "-metric mean -desc",
    "-format json -where a.mean>0",
    "-metric count -search 9 -limit 7",
    "-format csv",
    "-schema",
]


@pytest.fixture(scope="module")
def foreign(entrypoint_of) -> Callable[..., Tool]:
    """Builds the entrypoint of the other platform, which runs in an emulator."""
    architecture, emulator = {"amd64": ("arm64", "aarch64"), "arm64": ("amd64", "x86_64")}[HOST]
    program = require_tool(f"qemu-{emulator}-static")
    return cache(lambda catalog: Tool((program, entrypoint_of(catalog(), platform=f"linux/{architecture}"))))


@pytest.mark.parametrize("arguments", SIX_USES)
def test_query_on_other_platform_prints_the_same(foreign, arguments):
    assert foreign(fruit_catalog)(*arguments.split()) == SIX_USES[arguments]


def unusual_catalog() -> pa.Table:
    return nasty_catalog(plain=False)


@pytest.mark.parametrize("arguments", QUERIES)
def test_query_unusual_values_on_other_platform_prints_the_same(foreign, entrypoint, arguments):
    assert foreign(unusual_catalog)(*arguments.split()) == entrypoint(unusual_catalog())(*arguments.split())


def test_run_without_proc_and_under_another_name_finds_the_index(entrypoint, tmp_path):
    """The program runs in a chroot without /proc, and through a symlink."""
    shutil.copy(entrypoint(fruit_catalog()).command[0], tmp_path / "program")
    (tmp_path / "entrypoint").symlink_to("program")
    ask = Tool((require_tool("unshare"), "--map-root-user", f"--root={tmp_path}", "/entrypoint"))
    assert {arguments: ask(*arguments.split()) for arguments in SIX_USES} == SIX_USES
