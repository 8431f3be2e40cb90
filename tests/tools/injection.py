"""Makes single system calls of a stage fail with strace: each write, sync, close, rename and link of its products.

Run by `make faults`; tests/workflow/test_injection.py tries a sample.
"""

import argparse
import dataclasses
import json
import os
import random
import re
import shlex
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

from tools.engines import require_tool
from tools.trees import fill
from tools.workflow import Project

# The errors to inject into each call.
ERRORS = {
    "write": ("ENOSPC", "EIO"),
    "pwrite64": ("ENOSPC", "EIO"),
    "copy_file_range": ("ENOSPC", "EIO"),
    "sendfile": ("ENOSPC", "EIO"),
    "ftruncate": ("ENOSPC",),
    "openat": ("ENOSPC", "EROFS"),
    "mkdir": ("ENOSPC",),
    "fsync": ("EIO", "ENOSPC"),
    "fdatasync": ("EIO",),
    "close": ("EIO", "ENOSPC"),
    "rename": ("ENOSPC", "EIO"),
    "renameat": ("ENOSPC", "EIO"),
    "link": ("ENOSPC",),
}
# Files that only make a later run faster, locks, and messages: a stage can succeed without them.
SPARE = re.compile(r"/(\w+\.jobs|known|logs|go-cache|\.snakemake)/|\.lock$")
# The command of a stage in the output of Snakemake.
COMMAND = re.compile(r"^ *Shell command: exec (.*)$", re.MULTILINE)
# Calls whose file is their last name, and the place of the written file among the descriptors of a call.
NAMES = {"openat", "mkdir", "rename", "renameat", "renameat2", "link", "linkat"}
TARGETS = {"sendfile": 0, "copy_file_range": 1}
# Seals and reports contain times; an unfinished batch is recorded until its seal exists.
VARYING = (".seal", ".unfinished", ".html", ".tsv", ".snakemake_timestamp")
PARTIAL = re.compile(r"^\.(.*)\.[0-9A-Za-z]+\.partial$")
SECONDS = 120


@dataclass(frozen=True)
class Call:
    """A call of a thread on a file. writes: whether it can change the file. injected: whether a fault made it fail."""

    process: str
    name: str
    path: Path
    writes: bool
    injected: bool


@dataclass(frozen=True)
class Fault:
    """The calls with this name and number, by any thread of a stage, fail with an error."""

    stage: str
    call: str
    number: int
    error: str

    def options(self) -> list[str]:
        """The options of strace."""
        return ["-e", f"trace={self.call}", "-e", f"inject={self.call}:error={self.error}:when={self.number}"]


@dataclass
class Sweep:
    """A built project, whose stages run again with faults. wrong: the faults that were not handled, with the reason."""

    project: Project
    commands: dict[str, list[str]]
    expected: dict[str, str] = field(default_factory=dict)
    tried: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, project: Project) -> "Sweep":
        """Builds the project."""
        # strace follows Python itself, not the program that forks a process in place of it.
        found = [[sys.executable, *shlex.split(line)[1:]] for line in COMMAND.findall(project.build())]
        # hash and compile run once for each batch and platform, which the name of the log contains.
        sweep = cls(project, {Path(words[-1]).stem: words for words in found})
        sweep.expected = sweep.digests()
        return sweep

    @property
    def results(self) -> Path:
        """The folder of all results."""
        return self.project.folder / "results"

    def digests(self) -> dict[str, str]:
        """The sha256 of all products."""
        files = [path for path in self.results.rglob("*") if path.is_file() and is_product(path)]
        return {str(path): sha256(path.read_bytes()).hexdigest() for path in files if not path.name.endswith(VARYING)}

    def seal(self, stage: str) -> Path:
        """The seal of a stage."""
        name = "packer" if stage == "compile_packer" else stage
        (found,) = self.results.rglob(f"{name}.seal")
        return found

    def faults(self, stage: str) -> list[Fault]:
        """All faults of a stage that concern a product, from a run without faults."""
        clear(self.sealed(stage))
        self.start(stage, "-e", f"trace={','.join(ERRORS)}")
        numbers: Counter[tuple[str, str]] = Counter()
        found, opened = set[tuple[str, int]](), set[Path]()
        for call in self.calls():
            numbers[call.process, call.name] += 1
            if call.name == "openat" and not call.writes:
                opened.discard(call.path)
            elif call.name == "openat":
                opened.add(call.path)
            if call.writes and is_product(call.path) and (call.name != "close" or call.path in opened):
                found.add((call.name, numbers[call.process, call.name]))
        return [Fault(stage, *one, error) for one in sorted(found) for error in ERRORS[one[0]]]

    def start(self, stage: str, *options: str) -> "subprocess.CompletedProcess[str]":
        """Runs a stage with strace."""
        strace = [require_tool("strace"), "-f", "-qq", "-y", "-s", "0", "--seccomp-bpf", "--output=trace"]
        return subprocess.run(
            [*strace, *options, *self.commands[stage]],
            cwd=self.project.folder,
            capture_output=True,
            text=True,
            errors="backslashreplace",
            timeout=SECONDS,
            check=False,
        )

    def calls(self) -> Iterator[Call]:
        """The calls of the last run."""
        waiting: dict[str, Call] = {}
        for line in (self.project.folder / "trace").read_text(errors="backslashreplace").splitlines():
            process, text = line.split(maxsplit=1)
            if text.startswith("<..."):
                if text.endswith("(INJECTED)"):
                    yield dataclasses.replace(waiting[process], injected=True)
            else:
                name, _, arguments = text.partition("(")
                writes = not (name == "openat" and "O_RDONLY" in arguments) and " = -1 EEXIST" not in arguments
                injected = text.endswith("(INJECTED)")
                waiting[process] = Call(process, name, self.file(name, arguments), writes, injected)
                yield waiting[process]

    def file(self, call: str, arguments: str) -> Path:
        """The file that a call writes, names or closes."""
        folders = re.findall(r"[0-9D]<([^>]*)>", arguments)
        if call in NAMES:
            name = re.findall(r'"([^"]*)"', arguments)[-1]
            return Path(self.project.folder, *folders[:1], name)
        place = TARGETS.get(call, 0)
        return Path(folders[place]) if len(folders) > place else Path()

    def sweep(self, stage: str, faults: Sequence[Fault]) -> None:
        """Runs a stage with each fault, checks how it ends, and at last lets the stage complete."""
        sealed, seal = self.sealed(stage), self.seal(stage)
        for fault in faults:
            clear(sealed)
            done = self.start(stage, *fault.options())
            files = [call.path for call in self.calls() if call.injected]
            # A call of another thread, such as one that prints, may have the same number.
            if files and all(map(is_product, files)):
                self.tried[stage] += 1
                self.wrong += [f"{fault}: {files[0]}: {one}" for one in self.problems(fault, done, files, seal)]
        clear(sealed)
        done = self.start(stage, "-e", "trace=none")
        if done.returncode != 0 or self.digests() != self.expected:
            self.wrong.append(f"{stage}: the next run does not complete: {done.stderr}")

    def sealed(self, stage: str) -> list[Path]:
        """The files of a stage: its seal, those that the seal names, and those of the seals among them."""
        found = [self.seal(stage)]
        for seal in found:
            if seal.suffix == ".seal":
                found += [Path(os.path.normpath(seal.parent / name)) for name in json.loads(seal.read_bytes())["files"]]
        return found

    def problems(
        self, fault: Fault, done: "subprocess.CompletedProcess[str]", files: Sequence[Path], seal: Path
    ) -> Iterator[str]:
        """The problems after a fault: each file has its complete content or is absent, and one line names the file."""
        lines = done.stderr.splitlines()
        if done.returncode == 0:
            # A file that cannot be linked or, by Go, renamed is copied.
            if not fault.call.startswith(("rename", "link")) or self.digests() != self.expected:
                yield f"the exit status is 0; printed {lines}"
        elif len(lines) != 1 or not any(product_of(file) in lines[0] for file in files):
            yield f"no line that names the file: {lines}"
        if done.returncode != 0 and seal.exists():
            yield "the stage is sealed"
        for name, digest in self.digests().items():
            if self.expected.get(name) != digest:
                yield f"{name} is left" if name not in self.expected else f"{name} is damaged"


def clear(files: Sequence[Path]) -> None:
    """Deletes files."""
    for file in files:
        file.unlink(missing_ok=True)


def is_product(path: Path) -> bool:
    """Whether a stage must fail if it cannot write a file."""
    return "/results/" in str(path) and not SPARE.search(str(path))


def product_of(file: Path) -> str:
    """The name that a file gets when it is complete."""
    found = PARTIAL.match(file.name)
    return found[1] if found else file.name


def main() -> int:
    """Tries all faults, or a number of them, and prints those that are not handled; returns 1 if there are any."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, help="the number of faults for each stage (default: all)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--compression", default="gzip")
    parser.add_argument("--stage", action="append", help="only these (default: all)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        sweep = Sweep.of(small_project(Path(folder), options.compression))
        for stage in options.stage or sweep.commands:
            faults = sweep.faults(stage)
            chosen = random.Random(options.seed).sample(faults, min(len(faults), options.count or len(faults)))
            before = len(sweep.wrong)
            sweep.sweep(stage, chosen)
            print(f"{stage}: {len(chosen)} of {len(faults)} faults", *sweep.wrong[before:], sep="\n", flush=True)
    print(f"{sum(sweep.tried.values())} faults of products, {len(sweep.wrong)} wrong")
    return 1 if sweep.wrong else 0


def small_project(folder: Path, compression: str) -> Project:
    """A project with all kinds of products."""
    fill(folder / "data", {b"a/one.txt": b"one\n", b"two": b"2" * 100_000, b"z": b""})
    project = Project(folder)
    documents: dict[str, Any] = {"attest": ["sbom"], "standards": ["datapackage"]}
    formats = ["docker", "sif", "oci-sif"]
    project.configure(small={"path": "data", "compression": compression, "formats": formats, **documents})
    return project


if __name__ == "__main__":
    sys.exit(main())
