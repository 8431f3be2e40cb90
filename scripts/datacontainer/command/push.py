"""Push: sends the image of a dataset to a registry."""

import argparse
from pathlib import Path

from datacontainer.config.results import Results
from datacontainer.publish.push import push as send
from datacontainer.registry.reference import Reference
from datacontainer.runtime.lock import hold
from datacontainer.terminal.progressline import shown_progress


def push(given: argparse.Namespace) -> int:
    """Pushes the image of a dataset, and prints its digest and the commands that pull it; returns 0.

    Raises:
        DataContainerError: see `publish.push.push`; also if a run builds the dataset at the same time.
    """
    reference, results = Reference.parse(given.reference), Results(Path(given.outdir, given.dataset))
    if results.layout.is_dir():
        hold(results.lock, f"dataset {given.dataset!r}")
    options = {"ancestors": list(map(Reference.parse, given.ancestor)), "plain_http": given.plain_http}
    with shown_progress(f"push {given.dataset}"):
        done = send(results.layout, results.referrers, reference, results.pushes, **options)
    print(*done.lines(), sep="\n")
    return 0
