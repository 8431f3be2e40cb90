"""Client: manifests, blobs and tags of a repository in a registry.

Source: OCI distribution-spec 1.1.
"""

import hashlib
import io
import json
import re
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, NamedTuple

import urllib3
from urllib3.exceptions import HTTPError

from datacontainer.registry.errors import RangeIgnored, RegistryError
from datacontainer.registry.reference import DIGEST, Reference
from datacontainer.registry.transport import ATTEMPTS, Answer, Transport

INDEX_TYPE = "application/vnd.oci.image.index.v1+json"
MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json"
DOCKER = "application/vnd.docker.distribution.manifest"
ACCEPT = ", ".join([INDEX_TYPE, MANIFEST_TYPE, f"{DOCKER}.list.v2+json", f"{DOCKER}.v2+json"])
MAXIMUM_BLOB = 1 << 30
MAXIMUM_PAGES = 10_000
CONTENT_RANGE = re.compile(r"bytes (\d+)-\d+/")


class Manifest(NamedTuple):
    """A manifest or an index of a registry. digest: computed from the content."""

    content: bytes
    media_type: str
    digest: str

    @property
    def document(self) -> dict[str, Any]:
        """The JSON value.

        Raises:
            RegistryError: if the content is no JSON object.
        """
        with suppress(ValueError):
            value = json.loads(self.content)
            if isinstance(value, dict):
                return value
        raise RegistryError(f"the manifest {self.digest} is no JSON object: the registry is no OCI registry")


class Repository:
    """A repository of a registry; threads may share it, with its connections and logins."""

    def __init__(self, reference: Reference, plain_http: bool = False) -> None:
        """plain_http: use HTTP without TLS, also if the host is not this machine."""
        self.reference = reference
        self.transport = Transport(reference.host, reference.repository, plain_http=plain_http)
        self.reading = f"repository:{reference.repository}:pull"
        self.writing = f"repository:{reference.repository}:pull,push"

    def path(self, kind: str, name: str = "") -> str:
        """The path of a blob, manifest or list below /v2/."""
        return f"{self.reference.repository}/{kind}/{name}"

    def manifest(self, tag_or_digest: str = "") -> Manifest:
        """Returns a manifest or index; by default, the one of the reference. Asked by digest, its bytes are checked.

        Raises:
            RegistryError: with status 404 if there is none; if the content has another digest.
        """
        wanted = tag_or_digest or self.reference.digest or self.reference.tag
        answer = self._read(self.path("manifests", wanted), Accept=ACCEPT)
        digest = digest_of(answer.data)
        if DIGEST.fullmatch(wanted) and digest != wanted:
            raise self._damaged("manifest", wanted, digest)
        return Manifest(answer.data, answer.headers.get("Content-Type", "").partition(";")[0].strip(), digest)

    def has_manifest(self, digest: str) -> bool:
        """Whether the repository has a manifest with a digest."""
        path = self.path("manifests", digest)
        headers = {"Accept": ACCEPT}
        return self.transport.request("HEAD", path, self.reading, expected=(200, 404), headers=headers).status == 200

    def size_of(self, digest: str) -> int | None:
        """The size of a blob in bytes; None if the repository has no such blob."""
        answer = self.transport.request("HEAD", self.path("blobs", digest), self.reading, expected=(200, 404))
        length = answer.headers.get("Content-Length", "")
        return int(length) if answer.status == 200 and length.isdecimal() else None

    def blob(self, digest: str, maximum: int = MAXIMUM_BLOB) -> bytes:
        """Returns a small blob, whose digest is checked. maximum: its largest size in bytes.

        Raises:
            RegistryError: if it is missing, larger, or has another digest.
        """
        with self.open_blob(digest) as stream:
            content = stream.read(maximum + 1)
        if len(content) > maximum:
            raise RegistryError(f"{self.reference.name}: the blob {digest} has more than {maximum} bytes")
        if (found := digest_of(content)) != digest:
            raise self._damaged("blob", digest, found)
        return content

    def open_blob(self, digest: str, start: int = 0, stop: int | None = None) -> io.BufferedReader:
        """Opens a blob, or its bytes from `start` to before `stop`; asks for the rest after a cut connection.

        Raises:
            RangeIgnored: if the registry sends the whole blob in place of the range.
            RegistryError: if the blob is missing; also by reading, if the registry does not answer any more.
        """
        return io.BufferedReader(_BlobStream(self, digest, start, stop, self.open_range(digest, start, stop)), 1 << 18)

    def tags(self) -> list[str]:
        """Returns all tags."""
        return list(_listed(self.transport, self.path("tags", "list"), self.reading, "tags"))

    def referrers(self, digest: str) -> list[dict[str, Any]]:
        """Returns the descriptors of the manifests whose subject is a digest, from the API or from the tag schema."""
        answer = self.transport.request(
            "GET", self.path("referrers", digest), self.reading, expected=(200, 404), headers={"Accept": INDEX_TYPE}
        )
        if answer.status == 200:
            listed = Manifest(answer.data, INDEX_TYPE, digest_of(answer.data)).document
            return [one for one in listed.get("manifests") or () if isinstance(one, dict)]
        return self.tagged_referrers(digest)

    def tagged_referrers(self, digest: str) -> list[dict[str, Any]]:
        """Returns the descriptors in the index that the tag schema defines for registries without the referrers API."""
        try:
            listed = self.manifest(digest.replace(":", "-")).document
        except RegistryError as error:
            if error.status == 404:
                return []
            raise
        return [one for one in listed.get("manifests") or () if isinstance(one, dict)]

    def put_manifest(self, content: bytes, media_type: str, tag_or_digest: str) -> bool:
        """Stores a manifest or index; returns whether the registry listed it as a referrer of its subject."""
        path = self.path("manifests", tag_or_digest)
        headers = {"Content-Type": media_type}
        answer = self.transport.request(
            "PUT", path, self.writing, expected=(200, 201, 202), headers=headers, body=lambda: content
        )
        return "OCI-Subject" in answer.headers

    def open_range(self, digest: str, start: int, stop: int | None) -> urllib3.BaseHTTPResponse:
        """The answer to a GET of a blob or of a range of it, whose content is not read yet."""
        ranged = start > 0 or stop is not None
        headers = {"Range": f"bytes={start}-{'' if stop is None else stop - 1}"} if ranged else {}
        path, send = self.path("blobs", digest), self.transport.request
        answer = send("GET", path, self.reading, expected=(200, 206), headers=headers, stream=True).raw
        if not ranged:
            return answer
        where = CONTENT_RANGE.match(answer.headers.get("Content-Range", ""))
        if answer.status == 200 or not where or int(where[1]) != start:
            answer.close()
            raise RangeIgnored(
                f"{self.reference.name}: the registry sends no ranges of the blob {digest}: get whole layers",
                answer.status,
            )
        return answer

    def _read(self, path: str, **headers: str) -> Answer:
        return self.transport.request("GET", path, self.reading, headers=headers)

    def _damaged(self, kind: str, wanted: str, found: str) -> RegistryError:
        return RegistryError(
            f"{self.reference.name}: digest mismatch: the registry sent {found} as the {kind} {wanted}: its storage is "
            "damaged: push the image again"
        )


class _BlobStream(io.RawIOBase):
    """The bytes of a blob from `start` to before `stop`; a cut connection is opened again where it ended."""

    def __init__(
        self, repository: Repository, digest: str, start: int, stop: int | None, answer: urllib3.BaseHTTPResponse
    ) -> None:
        self._repository, self._digest, self._place, self._stop = repository, digest, start, stop
        self._answer = answer
        length = answer.headers.get("Content-Length", "")
        ends = [*([start + int(length)] if length.isdecimal() else []), *([] if stop is None else [stop])]
        self._end = min(ends, default=None)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        count = len(buffer) if self._end is None else min(len(buffer), self._end - self._place)
        if count == 0:
            return 0
        for attempt in range(ATTEMPTS):
            try:
                content = self._answer.read(count)
                if content or self._end is None:
                    break
                raise HTTPError("the connection was cut")
            except HTTPError as error:
                if attempt + 1 == ATTEMPTS:
                    raise RegistryError(
                        f"{self._repository.reference.name}: the connection breaks at byte {self._place} of the blob "
                        f"{self._digest} ({error}): run the same command again"
                    ) from error
            self._answer.close()
            self._answer = self._repository.open_range(self._digest, self._place, self._stop)
        buffer[: len(content)] = content
        self._place += len(content)
        return len(content)

    def close(self) -> None:
        if not self.closed:
            # The rest is not read: the connection cannot be used again.
            self._answer.close() if self._place != self._end else self._answer.release_conn()
        super().close()


def repositories(host: str, *, plain_http: bool = False) -> list[str]:
    """Returns the names of all repositories of a registry.

    Raises:
        RegistryError: with status 401, 403 or 404 if the registry has no such list, as most public registries.
    """
    transport = Transport(host, plain_http=plain_http)
    return list(_listed(transport, "_catalog", "registry:catalog:*", "repositories"))


def digest_of(content: bytes) -> str:
    """sha256:<hex> of the content."""
    return "sha256:" + hashlib.sha256(content).hexdigest()


def _listed(transport: Transport, path: str, scope: str, key: str) -> Iterator[str]:
    """The names on all pages of a list; each page links the next."""
    following: str | None = path
    for _ in range(MAXIMUM_PAGES):
        answer = transport.request("GET", following or path, scope)
        content = Manifest(answer.data, "", "").document.get(key) or ()
        yield from (one for one in content if isinstance(one, str))
        link = re.match(r'\s*<([^>]+)>\s*;\s*rel="?next"?', answer.headers.get("Link", ""))
        following = link[1] if link else None
        if following is None:
            return
