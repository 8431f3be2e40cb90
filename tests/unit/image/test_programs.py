"""Programs of commands: the files that are accepted, their places, and commands.json."""

import json
import struct
import subprocess
from pathlib import Path

import pytest

from datacontainer.image.commands import write_commands
from datacontainer.image.programs import check_programs, programs_of
from datacontainer.runtime.errors import UsageError
from tools.engines import require_tool
from tools.settings import read


def commands_of(program: str, more: str = ""):
    (dataset,) = read(
        f"datasets: {{fruit: {{path: a, {more} commands: {{count: {{description: x, program: {program}}}}}}}}}"
    ).datasets.values()
    return dataset


def refused(program: Path | str, more: str = "") -> str:
    with pytest.raises(UsageError) as caught:
        check_programs(commands_of(str(program), more), static=True)
    assert "\n" not in str(caught.value)
    return str(caught.value).removeprefix("datasets.fruit.commands.count.program: ")


def test_check_programs_static_program_is_accepted():
    busybox = require_tool("busybox")
    done = subprocess.run(["ldd", busybox], capture_output=True, text=True, check=False, env={"LC_ALL": "C"})
    assert "not a dynamic executable" in done.stderr
    check_programs(commands_of(busybox), static=True)


def test_check_programs_program_for_each_platform_is_accepted(tmp_path):
    busybox = Path(require_tool("busybox"))
    # EM_AARCH64 in elf.h.
    (tmp_path / "arm64").write_bytes((content := busybox.read_bytes())[:18] + struct.pack("<H", 183) + content[20:])
    programs = f"{{linux/amd64: {busybox}, linux/arm64: {tmp_path / 'arm64'}}}"
    check_programs(commands_of(programs, "platforms: [linux/amd64, linux/arm64],"), static=True)


def test_check_programs_other_file_is_refused(tmp_path):
    (tmp_path / "script").write_text("#!/bin/sh\n")
    busybox = Path(require_tool("busybox")).read_bytes()
    (tmp_path / "short").write_bytes(busybox[:70])
    (tmp_path / "other").write_bytes(busybox[:18] + struct.pack("<H", 40) + busybox[20:])
    dynamic = "'/bin/true' is dynamically linked, and the image has no libraries: link it statically, or set `base`"
    assert refused("/bin/true") == dynamic
    assert refused(tmp_path / "script").startswith(
        f"{str(tmp_path / 'script')!r} is no ELF program, and the image has no"
    )
    assert refused(tmp_path / "short") == f"{str(tmp_path / 'short')!r} is a damaged ELF program: build it again"
    assert refused(tmp_path / "other").endswith("is a program for arm, expected linux/amd64: build it for linux/amd64")
    assert refused("missing") == "there is no file 'missing': correct the path, or build the program"
    assert refused(tmp_path) == f"there is no file {str(tmp_path)!r}: correct the path, or build the program"
    both = f"{{linux/amd64: {require_tool('busybox')}, linux/arm64: {require_tool('busybox')}}}"
    assert "is a program for amd64, expected linux/arm64" in refused(both, "platforms: [linux/amd64, linux/arm64],")


def test_check_programs_with_a_base_accepts_scripts_and_dynamic_programs(tmp_path):
    (tmp_path / "script").write_text("#!/bin/sh\n")
    for program in (tmp_path / "script", "/bin/true"):
        check_programs(commands_of(str(program)), static=False)
    check_programs(commands_of("missing"), static=True, must_exist=False)


def test_write_commands_equal_programs_share_a_file_and_no_path_of_this_machine(tmp_path):
    (tmp_path / "one").write_bytes(b"program")
    (tmp_path / "two").write_bytes(b"program")
    given = {
        name: {"description": name, "program": str(tmp_path / file)} for name, file in (("b", "one"), ("a", "two"))
    }
    programs = programs_of(given, ["linux/amd64"])
    file = tmp_path / "commands.json"
    assert write_commands(given, programs, file) == {"commands.json": file}
    assert str(tmp_path) not in file.read_text()
    sha256 = subprocess.run(["sha256sum", tmp_path / "one"], capture_output=True, text=True, check=True).stdout[:64]
    packed = {"path": "/.datacontainer/programs/a", "sha256": sha256, "size": 7}
    found = json.loads(file.read_text())["commands"]
    assert found["a"] == {"description": "a", "programs": {"linux/amd64": packed | {"name": "two"}}}
    assert found["b"] == {"description": "b", "programs": {"linux/amd64": packed | {"name": "one"}}}
    assert write_commands({}, {}, file) == {}
    assert not file.exists()
