"""Blobs of a push: those that the registry lacks, sent several at once."""

from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from threading import Event, Lock
from typing import NamedTuple, TypeVar

from datacontainer.publish.memory import Memory
from datacontainer.registry.client import Repository
from datacontainer.registry.upload import BlobFile, Upload
from datacontainer.runtime.errors import DataError
from datacontainer.runtime.progress import Progress

UPLOADS, REQUESTS = 4, 8
T = TypeVar("T")


class Sent(NamedTuple):
    """Bytes of a push. sent: to the registry, also those that were sent twice. there: of blobs that it had."""

    sent: int = 0
    there: int = 0


class Blobs:
    """Sends blobs to a repository."""

    def __init__(self, repository: Repository, memory: Memory) -> None:
        """memory: of earlier pushes."""
        self._repository, self._memory = repository, memory
        self._lock, self._stop = Lock(), Event()
        self._sent, self._there = 0, 0
        self._progress = Progress("blobs", 0)

    def send(self, blobs: Sequence[BlobFile]) -> Sent:
        """Makes the repository have the blobs; returns the bytes that this took.

        Raises:
            RegistryError: if the registry refuses a blob; then the other uploads end, too.
            DataError: if it has a blob with another size, or a file changes.
        """
        sources = self._memory.sources()
        there = self._each(self._is_there, blobs, REQUESTS)
        missing = [one for one, found in zip(blobs, there, strict=True) if not found]
        self._there = sum(one.size_bytes for one in blobs) - sum(one.size_bytes for one in missing)
        self._progress = Progress("blobs", sum(one.size_bytes for one in missing))
        # The largest first, so that the last upload is a short one.
        largest = sorted(missing, key=lambda one: -one.size_bytes)
        self._each(lambda one: self._upload(one, sources), largest, UPLOADS)
        return Sent(self._sent, self._there)

    def _each(self, function: Callable[[BlobFile], T], blobs: Sequence[BlobFile], threads: int) -> list[T]:
        """The results for the blobs, several at once; after the first error, the others end."""
        with ThreadPoolExecutor(threads) as pool:
            futures = [pool.submit(function, one) for one in blobs]
            try:
                done, _ = wait(futures, return_when=FIRST_EXCEPTION)
                for future in done:
                    future.result()
                return [future.result() for future in futures]
            except BaseException:
                self._stop.set()
                pool.shutdown(wait=False, cancel_futures=True)
                raise

    def _is_there(self, blob: BlobFile) -> bool:
        size_bytes = self._repository.size_of(blob.digest)
        if size_bytes not in (None, blob.size_bytes):
            raise DataError(
                f"{self._repository.reference.name} has the blob {blob.digest} with {size_bytes} bytes, but it has "
                f"{blob.size_bytes} bytes: its storage is damaged: delete the blob there, and push again"
            )
        return size_bytes is not None

    def _upload(self, blob: BlobFile, sources: Sequence[str]) -> None:
        upload = Upload(self._repository, blob, self._count)
        earlier = self._memory.upload(blob.digest)
        if not earlier and upload.mount(sources):
            with self._lock:
                self._there += blob.size_bytes
            return
        upload.send(earlier, lambda url: self._memory.begun(blob.digest, url))
        self._memory.ended(blob.digest)

    def _count(self, size_bytes: int) -> None:
        if self._stop.is_set():
            raise KeyboardInterrupt
        with self._lock:
            self._sent += size_bytes
            self._progress.add(size_bytes)
