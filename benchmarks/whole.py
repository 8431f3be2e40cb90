"""Measures how long a dataset takes to both images: with the workflow, and with docker build and apptainer build.

`make bench-whole` prints the table. It needs root, dockerd and apptainer, and about ten times the data's size on disk.
"""

import argparse
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline import Bench
from table import Figure, markdown, seconds

HERE = Path(__file__).parent
START_SECONDS = 30
SCRIPT = """
set -e
printf 'FROM scratch\\nCOPY . /data\\n' > "$2/Dockerfile"
docker build --quiet --no-cache --file "$2/Dockerfile" --tag whole:1.0 "$1"
docker save --output "$2/docker.tar" whole:1.0
apptainer build --force "$2/image.sif" "docker-archive:$2/docker.tar"
"""


def main() -> None:
    """Measures and prints the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=1)
    parser.add_argument("--work", type=Path, default=HERE / "work")
    options = parser.parse_args()
    bench = Bench(options.work.resolve(), options.times)
    with docker(options.work.resolve() / "docker") as environment:
        rows = [
            _row(bench, title, dataset, environment)
            for title, dataset in (("100,000 x 4 KB", bench.small(100_000)), ("8 x 512 MB", bench.large()))
        ]
    print(markdown(rows), end="")


def _row(bench: Bench, title: str, dataset: Path, environment: dict[str, str]) -> Figure:
    """The result for a dataset. The workflow also makes the catalog, and the entrypoint with its index."""
    times = [(bench.run(dataset, fresh=True).seconds, _peer(bench, dataset, environment)) for _ in range(bench.times)]
    ours, peer = (sorted(column)[len(column) // 2] for column in zip(*times, strict=True))
    return Figure(f"both images of {title}", seconds(ours), f"docker, apptainer {seconds(peer)}", ours / peer, 1)


def _peer(bench: Bench, dataset: Path, environment: dict[str, str]) -> float:
    bench.output.mkdir(parents=True, exist_ok=True)
    began = time.perf_counter()
    command = ["sh", "-c", SCRIPT, "sh", str(dataset), str(bench.output)]
    subprocess.run(command, env={**os.environ, **environment}, stdout=sys.stderr, check=True)
    passed = time.perf_counter() - began
    shutil.rmtree(bench.output)
    remove = ["docker", "rmi", "--force", "whole:1.0"]
    subprocess.run(remove, env={**os.environ, **environment}, stdout=sys.stderr, check=True)
    return passed


@contextmanager
def docker(folder: Path) -> Iterator[dict[str, str]]:
    """The environment variables for a separate Docker daemon, which stops at the end of the block."""
    folder.mkdir(parents=True, exist_ok=True)
    socket = f"unix://{folder}/socket"
    places = ["--data-root", folder / "data", "--exec-root", folder / "exec", "--pidfile", folder / "pid", "-H", socket]
    with (
        open(folder / "log", "wb") as log,
        subprocess.Popen(
            ["dockerd", "--storage-driver=overlay2", "--iptables=false", "--bridge=none", *places],
            stdout=log,
            stderr=log,
        ) as process,
    ):
        try:
            _wait_for(socket)
            temporary = folder / "tmp"
            temporary.mkdir(exist_ok=True)
            yield {
                "DOCKER_HOST": socket,
                "DOCKER_BUILDKIT": "0",
                "APPTAINER_TMPDIR": str(temporary),
                "APPTAINER_CACHEDIR": str(temporary),
            }
        finally:
            process.terminate()
    shutil.rmtree(folder, ignore_errors=True)


def _wait_for(socket: str) -> None:
    for _ in range(10 * START_SECONDS):
        if subprocess.run(["docker", "-H", socket, "version"], capture_output=True, check=False).returncode == 0:
            return
        time.sleep(0.1)
    raise RuntimeError(f"dockerd did not start within {START_SECONDS} s")


if __name__ == "__main__":
    main()
