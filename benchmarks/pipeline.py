"""Rows of the workflow and its stages, with programs that read or write the same data."""

import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import datasets
from measure import Command, Words, alternate, need, run
from servers import registry
from table import Figure, megabytes, ratio
from workflow import ROOT, Build, idle

# The last commit before the work on speed.
BASE = "016346c"
# Shell scripts that read from $1 and write to $2.
TAR_AND_DIGEST = 'tar --sort=name -cf - -C "$1" . | tee "$2" | openssl dgst -sha256'
DIGESTS = 'find "$1" -type f -print0 | xargs -0 -P2 -n {} {} > "$2"'
COPY = 'cp -r "$1" "$2" && find "$2" -type f -exec sync {} +'
UNCOMPRESSED = ("-noI", "-noD", "-noF", "-noX", "-no-duplicates", "-noappend", "-no-progress", "-quiet")
PUSH = ("skopeo", "copy", "--quiet", "--all", "--preserve-digests", "--dest-tls-verify=false")


class Bench:
    """Datasets and builds in a working folder."""

    def __init__(self, work: Path, times: int, *, quick: bool) -> None:
        """times: runs of each command, at most 3 if it takes long. quick: small datasets, to try the benchmarks."""
        self.work, self.times, self.few = work, times, min(3, times)
        work.mkdir(parents=True, exist_ok=True)
        self.counts = (2, 2_000, 20_000) if quick else (2, 100_000, 1_000_000)
        self.large_bytes = (16 if quick else 512) << 20
        self.peer = work / "peer"

    def small(self, size: int) -> Build:
        """The build of few, many or very many small files (size 0, 1, 2); very many have 100 bytes, to save space."""
        files = self.counts[size]
        return self.build(datasets.small(files, 100 if size == 2 else 4096, self.work / f"small-{files}"))

    def large(self) -> Build:
        """The build of eight large files."""
        return self.build(datasets.large(8, self.large_bytes, self.work / f"large-{self.large_bytes >> 20}"))

    def sizes(self) -> Iterator[tuple[str, Build, int]]:
        """Title and build of many small and of a few large files, and how many of them one program can read."""
        yield f"{self.counts[1]:,} x 4 KB", self.small(1), 1000
        yield f"8 x {self.large_bytes >> 20} MB", self.large(), 1

    def build(self, dataset: Path, folder: str = "build") -> Build:
        """The build of a dataset in a folder of its own."""
        return Build(dataset, self.work / f"{folder}-{dataset.name}")

    def shell(self, script: str, source: Path, *removed: Path) -> Command:
        """A command that reads a folder and writes the peer's output."""
        return Command(["sh", "-c", script, "sh", source, self.peer], removed=[self.peer, *removed])


def orchestration(bench: Bench) -> Iterator[Figure]:
    """The time of runs with little or no data, compared with Snakemake alone."""
    two, many = bench.small(0), bench.small(1)
    jobs = two.jobs()
    folder = bench.work / "idle"
    ours, peer = alternate([two.first, idle(jobs, folder, done=False)], bench.times)
    yield ratio("2 files to both images", ours, f"Snakemake, {jobs} empty rules", peer, 2)
    for build in (two, many):
        build.run()
    few, lots, peer = alternate([two.again, many.again, idle(jobs, folder, done=True)], bench.times)
    for files, found in ((2, few), (bench.counts[1], lots)):
        yield ratio(f"nothing changed, {files:,} files", found, f"Snakemake, {jobs} rules", peer, 1.3)


def data(bench: Bench) -> Iterator[Figure]:
    """The time to the layout, and of the stage hash, compared with tar and programs for digests."""
    need("tar", "openssl")
    for title, build, batch in bench.sizes():
        build.run("oci")
        full = partial(seconds_of, build, "oci")
        hashed = build.stage("hash", build.results / "stages/hash")
        tar = bench.shell(TAR_AND_DIGEST, build.dataset)
        digests = [bench.shell(DIGESTS.format(batch, one), build.dataset) for one in ("sha256sum", "openssl sha256")]
        layout, stage, tars, *columns = alternate([full, hashed, tar, *digests], bench.few)
        peer = [one + min(rest) for one, *rest in zip(tars, *columns, strict=True)]
        name = "tar, tee, openssl + xargs -P2"
        limit = 1.5 if batch > 1 else 0.4 if "sha_ni" in Path("/proc/cpuinfo").read_text() else 0.6
        yield ratio(f"{title} to the layout", layout, name, peer, limit)
        yield ratio(f"stage hash, {title}", stage, name, peer, 0.5)
        bench.peer.unlink()


def seconds_of(build: Build, *words: str) -> float:
    """The seconds of the workflow without earlier products, but with the packer."""
    return build.run(*words, fresh=True).seconds


def archive(bench: Bench) -> Iterator[Figure]:
    """The time from the layout to the archive, compared with a copy."""
    build = bench.large()
    build.run("docker")
    product = build.results / f"{build.dataset.name}.docker.tar"
    copy = bench.shell(COPY, build.results / "oci", product)
    ours, peer = alternate([build.stage("assemble_archive", product, bench.peer), copy], bench.few)
    yield ratio(f"layout to archive, {8 * bench.large_bytes / 1e9:.1f} GB", ours, "cp and sync", peer, 1.2)
    shutil.rmtree(bench.peer)


def sif(bench: Bench) -> Iterator[Figure]:
    """The time from the layout to the SIF, compared with mksquashfs."""
    need("mksquashfs")
    for title, build, _ in bench.sizes():
        build.run("sif")
        product = build.results / f"{build.dataset.name}.sif"
        squash: Words = ["mksquashfs", build.dataset, bench.peer, *UNCOMPRESSED]
        peer = Command(squash, removed=[bench.peer, product])
        ours, other = alternate([build.stage("convert", product, bench.peer), peer], bench.few)
        yield ratio(f"layout to SIF, {title}", ours, "mksquashfs, uncompressed", other, 1.2)
        bench.peer.unlink()


def edit(bench: Bench) -> Iterator[Figure]:
    """The bytes that one edited file costs, on the disk and in a registry."""
    dataset = bench.small(1).dataset
    build = replace(bench.build(dataset, "edit"), formats=("oci",))
    shutil.rmtree(build.results, ignore_errors=True)
    run(build.stage("compile_packer"))
    with registry(bench.work / "registry") as (host, blobs):
        written, pushed = [], []
        for _ in range(2):
            written.append(build.run().written_bytes)
            run(Command([*PUSH, f"oci:{build.results}/oci", f"docker://{host}/bench:1.0"]))
            pushed.append(size_bytes(blobs))
            edit_file(dataset)
    sent = pushed[1] - pushed[0]
    title = f"1 of {bench.counts[1]:,} files edited"
    for what, again, first, limit in (("written", written[1], written[0], 0.05), ("pushed", sent, pushed[0], 0.1)):
        yield Figure(f"{title}: {what}", megabytes(again), f"first time {megabytes(first)}", again / first, limit)


def million(bench: Bench) -> Iterator[Figure]:
    """The time of very many files, compared with the program before the work on speed; of an edit; of scan."""
    build, files = bench.small(2), f"{bench.counts[2]:,}"
    before = replace(bench.build(build.dataset, "before"), root=_checkout(BASE, bench.work / "base"))
    for one in (build, before):
        run(one.stage("compile_packer"))
    after = partial(_after_edit, build)
    find = Command(["find", build.dataset, "-printf", "%p %s %T@\\n"], bench.peer)
    runs: list[Command | Callable[[], float]] = [
        partial(seconds_of, build),
        after,
        build.stage("scan"),
        find,
        partial(seconds_of, before),
    ]
    ours, edited, scanned, found, peer = alternate(runs, bench.few)
    yield ratio(f"{files} files to both images", ours, BASE, peer, 0.5)
    yield ratio(f"1 of {files} files edited", edited, "first time", ours, 0.25)
    yield ratio(f"scan, {files} files", scanned, "find", found, 2)
    bench.peer.unlink()
    shutil.rmtree(before.folder)


def _after_edit(build: Build) -> float:
    edit_file(build.dataset)
    return build.run().seconds


def edit_file(dataset: Path) -> None:
    """Reverses the bytes of one file."""
    changed = dataset / "sub-0000/ses-07/func/sub-0000_ses-07_run-00001777_bold.nii.gz"
    changed.write_bytes(changed.read_bytes()[::-1])


def _checkout(commit: str, folder: Path) -> Path:
    if not folder.exists():
        subprocess.run(["git", "-C", ROOT, "worktree", "prune"], check=True)
        subprocess.run(["git", "-C", ROOT, "worktree", "add", "--quiet", "--detach", folder, commit], check=True)
    return folder


def size_bytes(folder: Path) -> int:
    """The size of all files below a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
