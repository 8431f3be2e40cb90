"""Storage plugin `oci` of Snakemake: files of data containers in registries as inputs of rules.

Source: snakemake-interface-storage-plugins 4.4, storage_provider.py and storage_object.py.
"""

import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

from snakemake_interface_common.exceptions import WorkflowError
from snakemake_interface_storage_plugins.common import Operation
from snakemake_interface_storage_plugins.io import IOCacheStorageInterface
from snakemake_interface_storage_plugins.settings import StorageProviderSettingsBase
from snakemake_interface_storage_plugins.storage_object import (
    StorageObjectGlob,
    StorageObjectRead,
    StorageObjectWrite,
)
from snakemake_interface_storage_plugins.storage_provider import (
    ExampleQuery,
    QueryType,
    StorageProviderBase,
    StorageQueryValidationResult,
)

from datacontainer.runtime.errors import DataContainerError
from snakemake_storage_plugin_oci.queries import InvalidQueryError, Query

if TYPE_CHECKING:
    from snakemake_storage_plugin_oci.selection import Contents, Selection

Answer = TypeVar("Answer")
READ_ONLY = (
    "a data container in a registry cannot be changed: write a local file, or pack it and run `datacontainer push`"
)
EXAMPLES = {
    "oci://registry.example.org/lab/fruit:1.0/data/avocado.txt": "a file",
    "oci://registry.example.org/lab/fruit:1.0/data/sub-01/": "a folder",
    "oci://registry.example.org/lab/fruit:1.0?where=size > 8": "a folder with the files that match a condition",
}


@dataclass
class StorageProviderSettings(StorageProviderSettingsBase):  # type: ignore[misc]
    """Settings of the plugin. Logins are those of `docker login` and `podman login`."""

    plain_http: bool | None = field(
        default=False,
        metadata={
            "help": "HTTP without TLS, also to another machine. A registry on this machine needs no setting.",
            "env_var": False,
            "required": False,
        },
    )


class StorageProvider(StorageProviderBase):  # type: ignore[misc]
    """The images that this process reads."""

    def __post_init__(self) -> None:
        """See the interface."""
        self._images: dict[str, Contents | None] = {}
        self._warned = set[str]()

    def warn_once(self, text: str) -> None:
        """Logs a warning, unless it was logged before."""
        if text not in self._warned:
            self._warned.add(text)
            self.logger.warning(text)

    def contents(self, reference: str) -> "Contents | None":
        """The image of a reference, whose tag is looked up once; None if the registry has no such image."""
        # Each start of Snakemake imports this module.
        from snakemake_storage_plugin_oci.selection import Contents

        if reference not in self._images:
            plain_http = bool(self.settings and self.settings.plain_http)
            self._images[reference] = Contents.of(reference, plain_http=plain_http)
        return self._images[reference]

    @classmethod
    def example_queries(cls) -> list[ExampleQuery]:
        """See the interface."""
        return [ExampleQuery(query, described, QueryType.INPUT) for query, described in EXAMPLES.items()]

    @classmethod
    def is_valid_query(cls, query: str) -> StorageQueryValidationResult:
        """See the interface."""
        try:
            Query.parse(query)
        except InvalidQueryError as error:
            return StorageQueryValidationResult(query, valid=False, reason=str(error))
        return StorageQueryValidationResult(query, valid=True)

    def rate_limiter_key(self, query: str, operation: Operation) -> Any:  # noqa: ARG002
        """See the interface."""
        return Query.parse(query).reference.partition("/")[0]

    def default_max_requests_per_second(self) -> float:
        """See the interface."""
        return 100.0

    def use_rate_limiter(self) -> bool:
        """See the interface; an image is asked for once, and not once for each file."""
        return False


class StorageObject(StorageObjectRead, StorageObjectWrite, StorageObjectGlob):  # type: ignore[misc]
    """A file, a folder, or the files that match a condition."""

    @cached_property
    def parsed(self) -> Query:
        """The parts of the query."""
        return Query.parse(self.query)

    def local_suffix(self) -> str:
        """See the interface."""
        return self.parsed.local_suffix

    async def inventory(self, cache: IOCacheStorageInterface) -> None:
        """See the interface; the catalog of an image is read once, and answers faster than a cache."""

    def get_inventory_parent(self) -> str | None:
        """See the interface."""
        return None

    def cleanup(self) -> None:
        """See the interface."""

    def exists(self) -> bool:
        """Whether the image has the file, or at least one file of the folder that matches the condition."""
        found = self._asked(self._selection) is not None
        if not found:
            self._asked(self._hint)
        return found

    def mtime(self) -> float:
        """The time at which this workflow first saw the current digest of the files; 0 for an image named by digest."""
        seen = self.provider.local_prefix / "digests" / self.parsed.name
        return 0.0 if self.parsed.is_fixed else self._asked(lambda: self._selected().seen_since(seen))

    def size(self) -> int:
        """See the interface; 0 for a folder."""
        return 0 if self.parsed.is_folder else self.local_footprint()

    def local_footprint(self) -> int:
        """See the interface."""
        return self._asked(lambda: self._selected().size_bytes)

    def checksum(self) -> str | None:
        """The sha256 of the file; for a folder, of the list of its files."""
        return self._asked(lambda: f"sha256:{self._selected().digest}")

    def retrieve_object(self) -> None:
        """Fetches the files, whose digests are compared with the catalog."""
        # Snakemake asks for the time of an input only if the outputs of its rule exist.
        self.mtime()
        place = self.local_path()
        if place.is_dir():
            shutil.rmtree(place)
        self._asked(lambda: self._selected().fetch(place))

    def store_object(self) -> None:
        """Raises a WorkflowError."""
        raise WorkflowError(READ_ONLY)

    def remove(self) -> None:
        """Raises a WorkflowError."""
        raise WorkflowError(READ_ONLY)

    def list_candidate_matches(self) -> Iterable[str]:
        """See the interface: the queries of all files of the image."""
        contents = self._asked(lambda: self.provider.contents(self.parsed.reference))
        return map(self.parsed.of_file, contents.paths()) if contents else []

    def _selection(self) -> "Selection | None":
        contents = self.provider.contents(self.parsed.reference)
        return contents.select(self.parsed) if contents else None

    def _hint(self) -> None:
        """Logs why the query may select nothing, as Snakemake only prints that an input is missing."""
        contents = self.provider.contents(self.parsed.reference)
        if contents is None:
            self.provider.warn_once(
                f"the registry has no image {self.parsed.reference!r}: check the repository and tag"
            )
        elif not self.parsed.is_folder and contents.select(Query.parse(f"{self.query}/")):
            self.provider.warn_once(f"{self.query!r} is a folder of the image: write / at the end")

    def _selected(self) -> "Selection":
        found = self._selection()
        if found is None:
            raise WorkflowError(f"{self.query!r} has no file: list the image with `datacontainer ls`")
        return found

    def _asked(self, ask: Callable[[], Answer]) -> Answer:
        try:
            return ask()
        except DataContainerError as error:
            raise WorkflowError(str(error)) from error
