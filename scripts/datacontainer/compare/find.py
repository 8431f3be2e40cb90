"""Find: the data containers of a registry, described by their labels and, if it is asked for, by their metadata."""

import re
from collections.abc import Callable, Iterator, Sequence, Set
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

from datacontainer.compare.containers import Container, columns
from datacontainer.compare.lineage import results_of
from datacontainer.compare.open import read_summary
from datacontainer.compare.shown import shown
from datacontainer.registry.client import Repository, repositories
from datacontainer.registry.errors import RegistryError
from datacontainer.registry.reference import HOST, Reference
from datacontainer.runtime.errors import DataContainerError, DataError, MissingToolError, UsageError
from datacontainer.sources.image import Image
from datacontainer.sources.remote import RemoteBlobs
from datacontainer.sources.source import SUMMARY, Source

THREADS = 8
# Tags that name referrers and signatures of an image.
REFERRERS = re.compile(r"sha256-[0-9a-f]{64}(\.\w+)?")
# The statuses of a registry that does not list its repositories.
NO_LIST = {401, 403, 404, 405, 501}
SEARCHED = ("title", "description", "authors")

# The number of files for which a condition holds; None if the container lacks a field of the condition.
Count = Callable[[Source], int | None]


class Found(NamedTuple):
    """A data container. matches: the number of files for which the condition holds; None without a condition."""

    container: Container
    matches: int | None = None

    def to_text(self) -> str:
        """Reference, files and bytes, the files that match, license, title and, if it is known, the lineage."""
        one = self.container
        matching = [] if self.matches is None else [f"{self.matches:,} match"]
        lineage = [text] if (text := one.lineage()) else []
        amounts = ", ".join([one.amount(), *matching])
        return columns(one.reference, amounts, one.text("licenses"), one.text("title"), *lineage)

    def to_json(self) -> dict[str, Any]:
        """The container for other programs."""
        return self.container.to_json() | ({} if self.matches is None else {"matches": self.matches})


class _Answer(NamedTuple):
    """The answer of one repository. others: images that are no data containers. refusal: the error, or ""."""

    found: list[Found]
    others: int
    without_field: int
    refusal: str


class Search:
    """A search for data containers; after it, the numbers of those that were found and left out."""

    def __init__(
        self,
        words: Sequence[str] = (),
        count: Count | None = None,
        *,
        made_from: Set[str] = frozenset(),
        plain_http: bool = False,
    ) -> None:
        """words: each occurs in the name, title, description, authors or keywords, in any case of letters.

        made_from: digests, one of which the labels name as an ancestor; if empty, all containers match.
        """
        self._words, self._count, self._plain_http = [word.casefold() for word in words], count, plain_http
        self._made_from = made_from
        self.found, self._others, self._without_field = 0, 0, 0
        self._refusals: list[str] = []

    def containers(self, registry: str) -> Iterator[Found]:
        """Yields the data containers that match. registry: HOST[:PORT], or with /REPOSITORY.

        Raises:
            UsageError: if the text is neither.
            RegistryError: if the registry cannot be reached, or does not list its repositories.
        """
        references = self._references(registry)
        with ThreadPoolExecutor(THREADS) as pool:
            for answer in pool.map(self._search, references):
                self.found += len(answer.found)
                self._others += answer.others
                self._without_field += answer.without_field
                self._refusals += filter(None, [answer.refusal])
                yield from answer.found

    def notes(self) -> Iterator[str]:
        """Lines about the images that were left out."""
        yield from (f"warning: {shown(one)}" for one in self._refusals)
        if self._others:
            yield f"images that are no data containers: {self._others:,}"
        if self._without_field:
            yield f"data containers without a field of the condition: {self._without_field:,}"

    def _references(self, registry: str) -> list[Reference]:
        if "/" in registry:
            return [Reference.parse(registry)]
        if not re.fullmatch(HOST, registry, re.ASCII):
            raise UsageError(f"{registry!r} is no registry: write HOST[:PORT] or HOST[:PORT]/REPOSITORY")
        try:
            names = repositories(registry, plain_http=self._plain_http)
        except RegistryError as error:
            if error.status not in NO_LIST:
                raise
            raise RegistryError(
                f"{registry} does not list its repositories ({error.status}): name one, as in `datacontainer find "
                f"{registry}/REPOSITORY`, or run `docker login {registry}`",
                error.status,
            ) from error
        return [Reference(registry, name) for name in sorted(set(names))]

    def _search(self, reference: Reference) -> _Answer:
        """Searches one repository."""
        repository, known = Repository(reference, self._plain_http), dict[str, Image | None]()
        found, refusal = list[Found](), ""
        try:
            for tag in sorted(repository.tags()):
                if REFERRERS.fullmatch(tag):
                    continue
                manifest = repository.manifest(tag)
                if manifest.digest not in known:
                    known[manifest.digest] = _image(repository, manifest.content)
                if image := known[manifest.digest]:
                    container = Container(f"{reference.name}:{tag}", manifest.digest, image.labels)
                    if self._has_ancestor(container) and self._has_words(container, image):
                        container = container._replace(results=tuple(results_of(repository, manifest)))
                        found.append(Found(container, self._count(image) if self._count else None))
        except (UsageError, MissingToolError):
            raise
        except DataContainerError as error:
            refusal = str(error)
        others = sum(image is None for image in known.values())
        if not self._count:
            return _Answer(found, others, 0, refusal)
        lacking = sum(one.matches is None for one in found)
        return _Answer([one for one in found if one.matches], others, lacking, refusal)

    def _has_ancestor(self, container: Container) -> bool:
        named = {one.get(key) for one in container.made_from for key in ("dataset_digest", "image")}
        return not self._made_from or bool(named & self._made_from)

    def _has_words(self, container: Container, image: Source) -> bool:
        texts = [container.reference.partition("/")[2], *map(container.text, SEARCHED)]
        missing = [word for word in self._words if not any(word in text.casefold() for text in texts)]
        if not missing:
            return True
        about = read_summary(container.reference, image.document(SUMMARY)).get("about")
        keywords = about.get("keywords") if isinstance(about, dict) else None
        return all(word in str(keywords or "").casefold() for word in missing)


def _image(repository: Repository, content: bytes) -> Image | None:
    """The image of a manifest; None if it is no data container."""
    try:
        image = Image(repository.reference.name, content, RemoteBlobs(repository))
    except DataError:
        return None
    return image if Container("", "", image.labels).dataset_digest else None
