"""Rows of whole builds, compared with docker and apptainer."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from measure import Command, Words, alternate, need, run
from pipeline import Bench, seconds_of
from servers import docker
from table import Figure, ratio

SCRIPT = """
set -e
printf 'FROM scratch\\nCOPY . /data\\n' > "$2.Dockerfile"
docker build --quiet --no-cache --file "$2.Dockerfile" --tag bench:1.0 "$1"
docker save --output "$2.tar" bench:1.0
apptainer build --force "$2.sif" "docker-archive:$2.tar"
docker rmi --force bench:1.0
"""


def engines(bench: Bench) -> Iterator[Figure]:
    """The time to both images, compared with docker and apptainer, once. Needs root."""
    need("dockerd", "docker", "apptainer")
    outputs = [Path(f"{bench.peer}.{end}") for end in ("Dockerfile", "tar", "sif")]
    with docker(bench.work / "docker") as environment:
        for title, build, _ in bench.sizes():
            words: Words = ["sh", "-c", SCRIPT, "sh", build.dataset, bench.peer]
            peer = Command(words, environment=environment, removed=outputs)
            ours, other = alternate([partial(seconds_of, build), peer], 1)
            yield ratio(f"{title} to both images", ours, "docker, apptainer", other, 1)
    run(Command(["true"], removed=outputs))
