"""The base that a configuration names: in a file or folder, or in a registry."""

from collections.abc import Callable
from pathlib import Path

from datacontainer.base.local import Layout, open_local
from datacontainer.base.manifest import Keep, Source
from datacontainer.registry.reference import REFERENCE
from datacontainer.runtime.errors import DataContainerError, UsageError


def open_base(text: str, keep: Keep) -> Source:
    """The base that a text names: an existing path before a reference of a registry. keep: see `Remote`.

    Raises:
        UsageError: if there is no such file or folder, and the text is no reference.
    """
    found = open_local(text)
    if found is not None:
        return found
    if text.startswith((".", "/")) or not REFERENCE.fullmatch(text):
        raise UsageError(
            f"the base {text!r} does not exist: write the path of an image layout or archive, or HOST/REPOSITORY:TAG"
        )
    # Only a base in a registry needs this import, which costs time.
    from datacontainer.base.remote import Remote

    return Remote(text, keep)


def check_base(dataset: str, text: str, platforms: tuple[str, ...]) -> None:
    """Returns if a base in files has the images of all platforms; one in a registry is not asked for.

    Raises:
        DataContainerError: otherwise, with the key of the configuration.
    """
    try:
        found = open_base(text, _no_cache)
        if isinstance(found, Layout):
            found.check(platforms)
    except OSError as error:
        text = f"datasets.{dataset}.base: {text!r} cannot be read ({error.strerror}): change its permissions"
        raise UsageError(text) from error
    except DataContainerError as error:
        error.args = (f"datasets.{dataset}.base: {error}",)
        raise


def _no_cache(_: str, __: Callable[[Path], None]) -> Path:
    raise UsageError("a base in a registry is fetched by the stage base")
