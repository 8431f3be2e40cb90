"""The stage base. Other stages import this module: what reads a base is imported when it is needed."""

from functools import partial
from typing import TYPE_CHECKING

from datacontainer.config.dataset import Identity
from datacontainer.image.oci import blob_path
from datacontainer.rerun.graph import Step
from datacontainer.rerun.keys import key
from datacontainer.runtime.errors import UsageError
from datacontainer.runtime.seals import seal
from datacontainer.sif.base import NO_BASE, Base
from datacontainer.sources.cache import kept
from datacontainer.stages.task import Task

if TYPE_CHECKING:
    from datacontainer.base.prepared import Prepared


def run(task: Task) -> None:
    """Fetches and checks the image on which the images of the dataset are built."""
    from datacontainer.base.open import open_base
    from datacontainer.base.prepared import prepare

    dataset, results = task.dataset, task.results
    if not dataset.base:
        raise UsageError(f"datasets.{dataset.name} has no base: set base to an image, or leave this stage out")
    made_with = key(Step("base"), dataset, results)
    prepare(open_base(dataset.base, partial(kept, "base")), dataset.platforms, dataset.mount, results.base)
    seal(results.seal("base"), made_with, unread=[results.base])


def prepared_of(task: Task) -> "Prepared | None":
    """The prepared base of the dataset, if it has one."""
    if not task.dataset.base:
        return None
    from datacontainer.base.prepared import read_prepared

    return read_prepared(task.results.base, task.dataset.platforms)


def identity_of(task: Task) -> Identity:
    """The dataset's identity, with the labels about its base."""
    base, identity = prepared_of(task), task.dataset.identity
    return identity._replace(labels=(*identity.labels, *base.labels)) if base else identity


def base_of(task: Task) -> Base:
    """The layers and variables of the base of the first platform; none without a base."""
    prepared = prepared_of(task)
    if prepared is None:
        return NO_BASE
    from datacontainer.base.layer import StoredLayer

    image = prepared.images[task.dataset.platforms[0]]
    layers = [StoredLayer(task.results.layout / blob_path(one.digest), one) for one in image.layers]
    return Base(layers, image.environment)
