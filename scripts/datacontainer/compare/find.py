"""Find: the data containers of a registry, described by their labels and, if it is asked for, by their metadata."""

import re
from collections.abc import Callable, Iterator, Sequence, Set
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from urllib3.exceptions import HTTPError

from datacontainer.compare.condition import MismatchError
from datacontainer.compare.containers import Container, cell, columns
from datacontainer.compare.lineage import results_of
from datacontainer.compare.open import read_summary
from datacontainer.compare.shown import shown
from datacontainer.registry.client import Manifest, Repository, repositories
from datacontainer.registry.errors import RegistryError
from datacontainer.registry.reference import HOST, Reference
from datacontainer.runtime.errors import DataContainerError, DataError, MissingToolError, UsageError
from datacontainer.sources.image import Image
from datacontainer.sources.known import KnownBlobs
from datacontainer.sources.source import SUMMARY, Source

THREADS = 8
# Tags that name referrers and signatures of an image.
REFERRERS = re.compile(r"sha256-[0-9a-f]{64}(\.\w+)?")
# The statuses of a registry that does not list its repositories.
NO_LIST = {401, 403, 404, 405, 501}
# The statuses after which no other tag of the repository is read.
REFUSED = {401, 403, 429}
MOST_WARNINGS = 20
SEARCHED = ("title", "description", "authors")

# The number of files for which a condition holds; None if the container lacks a field of the condition.
Count = Callable[[Source], int | None]


class Found(NamedTuple):
    """A data container. matches: the number of files for which the condition holds; None without a condition."""

    container: Container
    matches: int | None = None

    def to_text(self) -> str:
        """Reference, files and bytes, the files that match, title, license and, if it is known, the lineage."""
        one = self.container
        matching = [] if self.matches is None else [f"{self.matches:,} match"]
        lineage = [text] if (text := one.lineage()) else []
        amount = ", ".join([one.amount(), *matching])
        return columns(one.reference, amount, cell(one.text("title")), cell(one.text("licenses")), *lineage)

    def to_json(self) -> dict[str, Any]:
        """The container for other programs."""
        return self.container.to_json() | ({} if self.matches is None else {"matches": self.matches})


@dataclass
class _Answer:
    """The answer of one repository. counted: images for which the condition was evaluated.

    others: images that are no data containers. without_catalog: data containers of early releases, for which a
    condition cannot be evaluated. mismatches, refusals: errors.
    """

    found: list[Found] = field(default_factory=list)
    counted: int = 0
    others: int = 0
    without_catalog: int = 0
    without_field: int = 0
    mismatches: list[UsageError] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)

    def add(self, other: "_Answer") -> None:
        """Adds the numbers and errors of another answer."""
        self.counted += other.counted
        self.others += other.others
        self.without_catalog += other.without_catalog
        self.without_field += other.without_field
        self.mismatches += other.mismatches
        self.refusals += other.refusals


class Search:
    """A search for data containers; after it, the numbers of those that were found and left out."""

    def __init__(
        self,
        words: Sequence[str] = (),
        count: Count | None = None,
        *,
        made_from: Set[str] = frozenset(),
        with_results: bool = False,
        plain_http: bool = False,
    ) -> None:
        """words: each occurs in the name, title, description, authors or keywords, in any case of letters.

        made_from: digests, one of which the labels name as an ancestor; if empty, all containers match.
        with_results: ask for the results of each container, with a few requests more.
        """
        self._words, self._count, self._plain_http = [word.casefold() for word in words], count, plain_http
        self._made_from, self._with_results = made_from, with_results
        self.found, self._sum = 0, _Answer()

    def containers(self, registry: str) -> Iterator[Found]:
        """Yields the data containers that match. registry: HOST[:PORT], or with /REPOSITORY.

        Raises:
            UsageError: if the text is neither, or if the condition fits the fields of no data container.
            RegistryError: if the registry cannot be reached, or does not list its repositories.
        """
        references = self._references(registry)
        with ThreadPoolExecutor(THREADS) as pool:
            for answer in pool.map(self._search, references):
                self.found += len(answer.found)
                self._sum.add(answer)
                yield from answer.found
        if self._sum.mismatches and not self._sum.counted:
            raise self._sum.mismatches[0]

    def notes(self) -> Iterator[str]:
        """Lines about the images that were left out."""
        left, refusals = self._sum, self._sum.refusals
        yield from (f"warning: {shown(one)}" for one in refusals[:MOST_WARNINGS])
        if len(refusals) > MOST_WARNINGS:
            yield f"warning: more images that cannot be read: {len(refusals) - MOST_WARNINGS:,}"
        if left.mismatches:
            yield f"data containers whose fields have other types: {len(left.mismatches):,} ({left.mismatches[0]})"
        if left.others:
            yield f"images that are no data containers: {left.others:,}"
        if left.without_catalog:
            yield f"data containers without a catalog in the image: {left.without_catalog:,}"
        if left.without_field:
            yield f"data containers without a field of the condition: {left.without_field:,}"

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
        """Searches one repository; an image that cannot be read does not hide the others."""
        answer, repository, known = _Answer(), Repository(reference, self._plain_http), dict[str, Image | None]()
        try:
            tags = sorted(tag for tag in repository.tags() if not REFERRERS.fullmatch(tag))
        except RegistryError as error:
            return _Answer(refusals=[str(error)])
        for tag in tags:
            try:
                self._read(repository, tag, known, answer)
            except MismatchError as error:
                answer.mismatches.append(error)
            except (UsageError, MissingToolError):
                raise
            except DataContainerError as error:
                answer.refusals.append(str(error))
                if _is_over(error):
                    break
        answer.others = sum(image is None for image in known.values())
        return answer

    def _read(self, repository: Repository, tag: str, known: dict[str, Image | None], answer: _Answer) -> None:
        """Adds the data container of a tag to the answer if it matches. known: the images of the repository."""
        manifest = repository.manifest(tag)
        if manifest.digest not in known:
            known[manifest.digest] = _image(repository, manifest.content)
        image = known[manifest.digest]
        if image is None:
            return
        container = Container(f"{repository.reference.name}:{tag}", manifest.digest, image.labels)
        if not self._has_ancestor(container) or not self._has_words(container, image):
            return
        if not self._count:
            self._add(Found(container), repository, manifest, answer)
        elif not _has_catalog(image):
            answer.without_catalog += 1
        elif (matches := self._count(image)) is None:
            answer.without_field += 1
        else:
            answer.counted += 1
            if matches:
                self._add(Found(container, matches), repository, manifest, answer)

    def _add(self, found: Found, repository: Repository, manifest: Manifest, answer: _Answer) -> None:
        results = tuple(results_of(repository, manifest)) if self._with_results else ()
        answer.found.append(found._replace(container=found.container._replace(results=results)))

    def _has_ancestor(self, container: Container) -> bool:
        named = {one.get(key) for one in container.made_from for key in ("dataset_digest", "image")}
        return not self._made_from or bool(named & self._made_from)

    def _has_words(self, container: Container, image: Source) -> bool:
        texts = [container.reference.partition("/")[2], *map(container.text, SEARCHED)]
        missing = [word for word in self._words if not any(word in text.casefold() for text in texts)]
        if not missing or not _has_catalog(image):
            return not missing
        about = read_summary(container.reference, image.document(SUMMARY)).get("about")
        keywords = about.get("keywords") if isinstance(about, dict) else None
        return all(word in str(keywords or "").casefold() for word in missing)


def _has_catalog(image: Source) -> bool:
    """Whether the image has a metadata layer."""
    try:
        return bool(image.identity)
    except DataError:
        return False


def _is_over(error: DataContainerError) -> bool:
    """Whether the registry refuses the repository, or does not answer any more."""
    unreachable = isinstance(error.__cause__, HTTPError)
    return isinstance(error, RegistryError) and (unreachable or error.status in REFUSED or error.status >= 500)


def _image(repository: Repository, content: bytes) -> Image | None:
    """The image of a manifest; None if it is no data container."""
    try:
        image = Image(repository.reference.name, content, KnownBlobs(repository))
    except DataError:
        return None
    return image if Container("", "", image.labels).dataset_digest else None
