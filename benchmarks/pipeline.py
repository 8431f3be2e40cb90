"""Measures the stages in alternating runs with comparable programs, and the cost for datasets of different sizes.

`make bench-pipeline` prints the tables and draws docs/growth.svg; docs/performance.md contains the latest tables. It
takes about 20 minutes and 40 GB of disk.
"""

import argparse
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import datasets
from measure import Command, Cost, alternate
from plot import Curve, draw
from table import Figure, markdown, megabytes, seconds
from watch import Watched, snakemake

HERE = Path(__file__).parent
SMALL_BYTES, LARGE_FILES, LARGE_BYTES = 4096, 8, 512 << 20
GROWTH_FILES = (2, 1_000, 100_000, 1_000_000)
MEMORY_LIMIT_BYTES = 1e9
# Shell scripts that read from $1 and write to $2.
TAR_AND_DIGEST = 'tar --sort=name -cf - -C "$1" . | tee "$2" | openssl dgst -sha256'
OPENSSL = "openssl dgst -sha256"
DIGESTS = 'find "$1" -type f -print0 | xargs -0 -P2 -n {} {} > "$2"'
UNCOMPRESSED = ("-noI", "-noD", "-noF", "-noX", "-no-duplicates")
QUIET = ("-noappend", "-no-progress", "-quiet", "-exit-on-error")


def main() -> None:
    """Builds the inputs, measures, and prints the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=5)
    parser.add_argument("--work", type=Path, default=HERE / "work")
    parser.add_argument("--plot", type=Path, default=HERE.parent / "docs/growth.svg")
    options = parser.parse_args()
    bench = Bench(options.work.resolve(), options.times)
    print(markdown(list(bench.figures())))
    print(growth(bench, options.plot), end="")


class Bench:
    """Datasets and the workflow's results in a working folder."""

    def __init__(self, work: Path, times: int) -> None:
        """times: number of runs of each command; the median is reported."""
        self.work, self.times = work, times
        work.mkdir(parents=True, exist_ok=True)
        self.output = work / "output"

    def small(self, files: int) -> Path:
        """A dataset of files of 4 KB; 1,000,000 files have only 100 bytes each, to save disk space."""
        return datasets.small(files, SMALL_BYTES if files < 1_000_000 else 100, self.work / f"small-{files}")

    def large(self) -> Path:
        """A dataset of 4 GB in eight files."""
        return datasets.large(LARGE_FILES, LARGE_BYTES, self.work / "large")

    def run(self, dataset: Path, *arguments: str, fresh: bool = False) -> Watched:
        """Runs the workflow for a dataset; fresh: after deleting its products."""
        folder = self.work / f"run-{dataset.name}"
        if fresh:
            shutil.rmtree(folder / "results" / dataset.name, ignore_errors=True)
        return snakemake(folder, *arguments, "--config", f"dataset={dataset}")

    def results(self, dataset: Path) -> Path:
        """The folder with the products of a dataset, which are built if they are missing."""
        self.run(dataset)
        return self.work / f"run-{dataset.name}/results" / dataset.name

    def stage(self, name: str, dataset: Path) -> Command:
        """The command that runs a stage of a built dataset again."""
        return Command([sys.executable, HERE / "stages.py", name, self.results(dataset), dataset, self.output])

    def costs(self, *commands: Command) -> list[Cost]:
        """The costs of commands in alternating runs."""
        costs = alternate(commands, self.times)
        shutil.rmtree(self.output, ignore_errors=True)
        return costs

    def figures(self) -> Iterator[Figure]:
        """The rows of the table."""
        yield self._scan()
        yield self._hash("100,000 x 4 KB", self.small(100_000), 1000)
        yield self._hash("8 x 512 MB", self.large(), 1)
        yield self._nothing_changed()
        yield from self._one_changed()
        yield self._assemble()
        yield from self._convert("4 GB", self.large())
        yield from self._convert("100,000 x 4 KB", self.small(100_000))
        yield self._two_files()

    def _scan(self) -> Figure:
        dataset = self.small(1_000_000)
        ours, peer = self.costs(
            self.stage("scan", dataset), Command(["find", dataset, "-printf", "%p %s %T@\\n"], self.work / "peer")
        )
        return _ratio("scan, 1,000,000 files", ours, "find", peer, 2)

    def _hash(self, title: str, dataset: Path, batch: int) -> Figure:
        tar = _shell(TAR_AND_DIGEST, dataset, self.work / "peer.tar")
        xargs = [_shell(DIGESTS.format(batch, tool), dataset, self.work / "peer") for tool in ("sha256sum", OPENSSL)]
        ours, peer, *digests = self.costs(self.stage("hash", dataset), tar, *xargs)
        fastest = min(digests, key=lambda cost: cost.seconds)
        both = Cost(peer.seconds + fastest.seconds, 0, 0)
        (self.work / "peer.tar").unlink()
        return _ratio(f"hash with layers, {title}", ours, "tar, tee, openssl + xargs -P2", both, 0.5)

    def _nothing_changed(self) -> Figure:
        many, two = self.small(100_000), self.small(2)
        times = [(self._again(many), self._again(two)) for _ in range(self.times)]
        ours, peer = (sorted(column)[len(column) // 2] for column in zip(*times, strict=True))
        return Figure("nothing changed, 100,000 files", seconds(ours), f"2 files {seconds(peer)}", ours / peer, 2)

    def _again(self, dataset: Path) -> float:
        watched = self.run(dataset)
        if "Nothing to be done" not in watched.text:
            return self._again(dataset)
        return watched.seconds

    def _one_changed(self) -> Iterator[Figure]:
        dataset = self.small(100_000)
        for title, target in (("layout", "oci"), ("all products", "all")):
            first = self.run(dataset, target, fresh=True)
            changed = dataset / "sub-00123" / "sub-00030750_bold.nii.gz"
            content = changed.read_bytes()
            changed.write_bytes(content[::-1])
            again = self.run(dataset, target)
            yield Figure(
                f"1 of 100,000 files changed, {title}: written",
                megabytes(again.written_bytes),
                f"first run {megabytes(first.written_bytes)}",
                again.written_bytes / first.written_bytes,
                0.1 if target == "oci" else 1,
            )

    def _assemble(self) -> Figure:
        dataset = self.large()
        copied = self.work / "copied"
        copy = _shell('mkdir -p "$2" && cp "$1"/* "$2" && sync "$2"/*', dataset, copied)
        ours, peer = self.costs(self.stage("assemble", dataset), copy)
        shutil.rmtree(copied)
        return _ratio("layout and archive, 4 GB", ours, "cp and sync", peer, 1.3)

    def _convert(self, title: str, dataset: Path) -> Iterator[Figure]:
        squashed, built = self.work / "peer.squashfs", self.work / "peer.sif"
        words = ["mksquashfs", dataset, squashed, *UNCOMPRESSED, *QUIET]
        archive = self.results(dataset) / f"{dataset.name}.docker.tar"
        apptainer = Command(["apptainer", "build", "--force", built, f"docker-archive:{archive}"])
        ours, peer = self.costs(self.stage("convert", dataset), Command(words))
        yield _ratio(f"SIF, {title}", ours, "mksquashfs, uncompressed", peer, 1.2)
        ours, peer = alternate([self.stage("convert", dataset), apptainer], 1)
        yield _ratio(f"SIF, {title}", ours, "apptainer build", peer, 0.2)
        squashed.unlink()
        built.unlink()

    def _two_files(self) -> Figure:
        dataset = self.small(2)
        found = sorted(self.run(dataset, fresh=True).seconds for _ in range(self.times))[self.times // 2]
        return Figure("2 files to both images", seconds(found), "", found, 20, "s")


def growth(bench: Bench, plot: Path) -> str:
    """A table with the time of each stage for datasets of different sizes; writes the plot."""
    runs = {files: bench.run(bench.small(files), fresh=True) for files in GROWTH_FILES}
    stages = list(runs[GROWTH_FILES[-1]].stages)
    curves = [Curve("all", [(files, run.seconds) for files, run in runs.items()])]
    curves += [
        Curve(name, [(files, run.stages[name].seconds) for files, run in runs.items() if name in run.stages])
        for name in stages
    ]
    plot.write_text(draw(curves, "files", "seconds"))
    rows = ["| stage | " + " | ".join(f"{files:,} files" for files in runs) + " | peak memory | |"]
    rows.append("|---" * (len(runs) + 3) + "|")
    for name in stages:
        memory_bytes = max(run.stages[name].memory_bytes for run in runs.values() if name in run.stages)
        cells = [f"{run.stages[name].seconds:.1f} s" if name in run.stages else "" for run in runs.values()]
        verdict = "✓" if memory_bytes <= MEMORY_LIMIT_BYTES else "**missed**"
        rows.append(f"| {name} | {' | '.join(cells)} | {megabytes(memory_bytes)} | {verdict} |")
    rows.append(f"| all | {' | '.join(f'{run.seconds:.1f} s' for run in runs.values())} | | |")
    return "\n".join(rows) + "\n"


def _shell(script: str, dataset: Path, output: Path) -> Command:
    return Command(["sh", "-c", script, "sh", dataset, output])


def _ratio(measured: str, ours: Cost, name: str, peer: Cost, limit: float) -> Figure:
    ratio = ours.seconds / peer.seconds
    return Figure(measured, seconds(ours.seconds), f"{name} {seconds(peer.seconds)}", ratio, limit)


if __name__ == "__main__":
    main()
