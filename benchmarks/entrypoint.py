"""Measures the entrypoint with 1,000,000 files, each command in alternating runs with a comparable program.

`make bench-entrypoint` prints the table; docs/performance.md contains the latest table.
"""

import argparse
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from datacontainer.entrypoint.gobuild import GO_ENVIRONMENT, find_go
from measure import Command, alternate
from table import Figure, markdown, megabytes, seconds

HERE = Path(__file__).parent
HELLO = 'package main\n\nimport "os"\n\nfunc main() { os.Stdout.WriteString("hello\\n") }\n'
MEMORY_SPARE_BYTES = 20e6


def main() -> None:
    """Builds the inputs, measures, and prints the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=1_000_000)
    parser.add_argument("--times", type=int, default=15)
    parser.add_argument("--work", type=Path, default=HERE / "work")
    options = parser.parse_args()
    large, small = options.work / str(options.files), options.work / "2"
    for folder, files in ((small, 2), (large, options.files)):
        # In a separate process: the memory of this process counts for each measured command.
        subprocess.run([sys.executable, HERE / "catalogs.py", str(files), folder], check=True)
    measured = Measured(large, small, options.times)
    print(markdown(list(measured.figures())), end="")


class Measured:
    """The entrypoints of a large and a small dataset, and the inputs of the programs to compare them with."""

    def __init__(self, large: Path, small: Path, times: int) -> None:
        """large, small: folders that catalogs.py has filled."""
        self.times = times
        self.large, self.small = large, small
        self.binary = large / "entrypoint"
        self.index_bytes = (large / "render/index.bin").stat().st_size
        self.listing, self.names, self.output = large / "listing.txt", large / "names.txt", large / "output.txt"
        self._keep(self.listing)
        self._keep(self.names, "-ls")
        with open(self.names, "rb") as names:
            self.files = sum(1 for _ in names)
            names.seek(-200, os.SEEK_END)
            self.last = names.read().splitlines()[-1].decode()
        self.hello = self._hello()

    def figures(self) -> Iterator[Figure]:
        """The rows of the table."""
        yield self._start(f"-get {self.last[:16]}…", "-get", self.last)
        yield self._start("-metric size -limit 10", "-metric", "size", "-limit", "10")
        yield self._listing("-ls", self.names, "-ls")
        yield self._listing("listing", self.listing)
        yield self._search("-get run-00999", "run-00999", "-get", "run-00999")
        yield self._search("-get qqq (no match)", "qqq", "-get", "qqq")
        yield self._search("-metric size -search 777", "777", "-metric", "size", "-search", "777")
        yield self._search("-metric sha256 -search abcde", "abcde", "-metric", "sha256", "-search", "abcde")
        for arguments in (
            (),
            ("-ls",),
            ("-get", self.last),
            ("-metric", "size"),
            ("-where", "size > 100 and name ~ '9'"),
        ):
            yield self._memory(*arguments)
        yield from self._sizes()
        yield self._compile()

    def _keep(self, path: Path, *arguments: str) -> None:
        with open(path, "wb") as file:
            subprocess.run([self.binary, *arguments], stdout=file, check=True)

    def _hello(self) -> Path:
        folder = self.large / "hello"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        (folder / "go.mod").write_text("module hello\n")
        (folder / "main.go").write_text(HELLO)
        _go(folder, "build", "-ldflags=-s -w", "-o", "hello", ".")
        return folder / "hello"

    def _start(self, title: str, *arguments: str) -> Figure:
        ours, peer = alternate([Command([self.binary, *arguments]), Command([self.hello])], 3 * self.times)
        more = (ours.seconds - peer.seconds) * 1000
        return Figure(title, seconds(ours.seconds), f"hello world {seconds(peer.seconds)}", more, 3, "ms more")

    def _listing(self, title: str, same: Path, *arguments: str) -> Figure:
        ours, peer = alternate(
            [Command([self.binary, *arguments], self.output), Command(["cat", same], self.output)], self.times
        )
        ratio = ours.seconds / peer.seconds
        return Figure(f"{title}, to a file", seconds(ours.seconds), f"cat {seconds(peer.seconds)}", ratio, 1.5)

    def _search(self, title: str, term: str, *arguments: str) -> Figure:
        grep = ["sh", "-c", 'grep -F -- "$1" "$2" || true', "grep", term, str(self.listing)]
        entrypoint = ["sh", "-c", '"$@" || true', "entrypoint", str(self.binary), *arguments]
        ours, peer = alternate([Command(entrypoint, self.output), Command(grep, self.output)], self.times)
        ratio = ours.seconds / peer.seconds
        return Figure(title, seconds(ours.seconds), f"grep -F {seconds(peer.seconds)}", ratio, 1)

    def _memory(self, *arguments: str) -> Figure:
        (ours,) = alternate([Command([self.binary, *arguments], self.output)], 3)
        over = (ours.memory_bytes - self.index_bytes) / 1e6
        title = f"memory of {' '.join(arguments) or 'the listing'}".replace(self.last, "a path")
        peer = f"index {megabytes(self.index_bytes)}"
        return Figure(title, megabytes(ours.memory_bytes), peer, over, MEMORY_SPARE_BYTES / 1e6, "MB more")

    def _sizes(self) -> Iterator[Figure]:
        each = self.index_bytes / self.files
        yield Figure("index, bytes a file", f"{each:.1f}", "", each, 110, "bytes")
        text = self.listing.stat().st_size
        yield Figure("index", megabytes(self.index_bytes), f"plain text {megabytes(text)}", self.index_bytes / text, 1)

    def _compile(self) -> Figure:
        folders = [self.large / "render", self.small / "render"]
        times = [[_compile_seconds(folder) for folder in folders] for _ in range(5)]
        ours, peer = (sorted(column)[2] for column in zip(*times, strict=True))
        title = f"compile, {self.files:,} files, without linking"
        return Figure(title, seconds(ours), f"2 files {seconds(peer)}", ours / peer, 1.5)


def _compile_seconds(folder: Path) -> float:
    """Changes and compiles the main package; Go does not link because the output is os.devnull."""
    with open(folder / "main.go", "a") as source:
        source.write(f"// {time.time_ns()}\n")
    began = time.perf_counter()
    _go(folder, "build", "-o", os.devnull, ".")
    return time.perf_counter() - began


def _go(folder: Path, *arguments: str) -> None:
    subprocess.run([find_go(), *arguments], cwd=folder, env={**os.environ, **GO_ENVIRONMENT}, check=True)


if __name__ == "__main__":
    main()
