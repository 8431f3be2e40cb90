"""Rows of the entrypoint with very many files, each command in alternating runs with a comparable program."""

import os
import shutil
import statistics
from collections.abc import Iterator, Sequence
from pathlib import Path

from datacontainer.entrypoint.gobuild import GO_ENVIRONMENT, find_go
from measure import Command, alternate, peak_bytes, run
from pipeline import Bench
from table import Figure, megabytes, ratio, seconds
from workflow import Build

HELLO = 'package main\n\nimport "os"\n\nfunc main() { os.Stdout.WriteString("hello\\n") }\n'
SPARE_MEGABYTES = 20
SEARCHES: Sequence[tuple[str, ...]] = (
    ("run-00009", "-get", "run-00009"),
    ("qqq", "-get", "qqq"),
    ("777", "-metric", "size", "-search", "777"),
    ("abcde", "-metric", "sha256", "-search", "abcde"),
)

GROUPS = (("-values", "folder"), ("-count", "-by", "folder,suffix"))


def entrypoint(bench: Bench) -> Iterator[Figure]:
    """The time and memory of queries and listings, the size of the index, and the time to compile."""
    large, small = bench.small(2), bench.small(0)
    for build in (large, small):
        build.run("entrypoint")
    program = Program(large, bench.work / "entrypoint", bench.times)
    yield from program.starts()
    yield from program.listings()
    yield from map(program.search, SEARCHES)
    yield from map(program.groups, GROUPS)
    yield from program.memory()
    yield from program.sizes()
    yield compiled(large, small, bench)
    shutil.rmtree(program.folder)


class Program:
    """The entrypoint of a dataset, and the inputs of the programs to compare it with."""

    def __init__(self, build: Build, folder: Path, times: int) -> None:
        """folder: for listings and other programs."""
        self.binary, self.folder, self.times = build.entrypoint, folder, times
        folder.mkdir(exist_ok=True)
        self.index_bytes = sum(path.stat().st_size for path in (build.results / "stages/render").glob("index*.bin"))
        self.listing, self.names, self.output = folder / "listing", folder / "names", folder / "output"
        run(Command([self.binary], self.listing))
        run(Command([self.binary, "-ls"], self.names))
        with open(self.names, "rb") as names:
            self.files = sum(1 for _ in names)
            names.seek(-200, os.SEEK_END)
            self.last = names.read().splitlines()[-1].decode()

    def starts(self) -> Iterator[Figure]:
        """Queries with a short answer, compared with a program that prints a word."""
        (self.folder / "go.mod").write_text("module hello\n")
        (self.folder / "main.go").write_text(HELLO)
        _build(self.folder, "hello")
        hello = Command([self.folder / "hello"])
        for words in (["-get", self.last], ["-metric", "size", "-limit", "10"]):
            ours, peer = alternate([Command([self.binary, *words]), hello], 6 * self.times)
            more = [1000 * (one - other) for one, other in zip(ours, peer, strict=True)]
            title = " ".join(words).replace(self.last, "a path")
            yield Figure(
                title, seconds(ours), f"hello world {seconds(peer)}", statistics.median(more), 3, "ms more", more
            )

    def listings(self) -> Iterator[Figure]:
        """Listings to a file, compared with a program that writes the same bytes from its memory."""
        for title, same, words in (("-ls", self.names, ["-ls"]), ("listing", self.listing, [])):
            copy = Command(["dd", f"if={same}", f"of={self.output}", "bs=300k", "status=none"], removed=[self.output])
            listed = Command([self.binary, *words], self.output, removed=[self.output])
            ours, peer = alternate([listed, copy], 2 * self.times)
            yield ratio(f"{title}, to a file", ours, "dd bs=300k", peer, 1.2)

    def search(self, search: tuple[str, ...]) -> Figure:
        """A search of all paths or values, compared with grep. search: the term and the words of the command."""
        term, *words = search
        grep = ["sh", "-c", 'grep -F -- "$1" "$2" || true', "grep", term, str(self.listing)]
        found = ["sh", "-c", '"$@" || true', "entrypoint", str(self.binary), *words]
        ours, peer = alternate([Command(found, self.output), Command(grep, self.output)], 2 * self.times)
        return ratio(" ".join(words), ours, "grep -F", peer, 1)

    def groups(self, words: Sequence[str]) -> Figure:
        """The time to count the files of each value."""
        took = [run(Command([self.binary, *words], self.output)).seconds for _ in range(2 * self.times)]
        return Figure(" ".join(words), seconds(took), "", statistics.median(took), 0.5, "s", took)

    def memory(self) -> Iterator[Figure]:
        """The peak memory, compared with the size of the index."""
        condition = ["-where", "size > 90 and name ~ '9'"]
        queries = [[], ["-ls"], ["-get", self.last], ["-metric", "size"], condition]
        for words in (*queries, *GROUPS, ["-format", "parquet"]):
            peak = max(peak_bytes(Command([self.binary, *words], self.output)) for _ in range(3))
            title = f"memory of {' '.join(words) or 'the listing'}".replace(self.last, "a path")
            index, more = f"index {megabytes(self.index_bytes)}", (peak - self.index_bytes) / 1e6
            yield Figure(title, megabytes(peak), index, more, SPARE_MEGABYTES, "MB more")

    def sizes(self) -> Iterator[Figure]:
        """The size of the index, compared with the listing."""
        each, text = self.index_bytes / self.files, self.listing.stat().st_size
        yield Figure("index, bytes a file", f"{each:.1f}", "", each, 110, "bytes")
        plain = f"plain text {megabytes(text)}"
        yield Figure("index", megabytes(self.index_bytes), plain, self.index_bytes / text, 1)


def compiled(large: Build, small: Build, bench: Bench) -> Figure:
    """The time of the stage compile for a large dataset, compared with a small one."""
    ours, peer = alternate([build.stage("compile", build.entrypoint) for build in (large, small)], bench.times)
    return ratio(f"stage compile, {bench.counts[2]:,} files", ours, "2 files", peer, 1.5)


def _build(folder: Path, output: str) -> float:
    """The seconds to build a Go program."""
    words = [find_go(), "build", "-ldflags=-s -w", "-o", output, "."]
    return run(Command(words, folder=folder, environment=GO_ENVIRONMENT)).seconds
