"""S3: the objects below a prefix of a bucket, through the client of Snakemake's plugin."""

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError, EndpointConnectionError, NoCredentialsError

from datacontainer.runtime.errors import DataError
from datacontainer.runtime.logs import logger
from datacontainer.storage.place import Object, identity

# boto3 keeps ten connections.
READERS = 10
# Memory: a part for each reader and each that waits.
PART_BYTES, AHEAD = 4 << 20, 2 * READERS
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
GONE = ("NoSuchKey", "404")
DENIED = ("AccessDenied", "403", "InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken", "InvalidToken")


class Dataset:
    """The objects below s3://BUCKET/PREFIX/."""

    def __init__(self, provider: Any, url: str) -> None:
        """provider: the plugin's."""
        self._client, self._url = provider.s3c.meta.client, url
        self._bucket, _, prefix = url.removeprefix("s3://").partition("/")
        self._prefix = f"{prefix.strip('/')}/" if prefix.strip("/") else ""

    def objects(self) -> Iterator[Object]:
        """See Source; leaves out the empty objects with which programs mark folders."""
        found = markers = 0
        with self._explained():
            pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=self._prefix)
            for page in pages:
                for one in page.get("Contents", ()):
                    if one["Key"].endswith("/") and not one["Size"]:
                        markers += 1
                        continue
                    found += 1
                    path = one["Key"][len(self._prefix) :].encode()
                    if b"\0" in path:
                        raise DataError(f"{self._url!r}: the key {one['Key']!r} contains NUL: rename the object")
                    yield Object(path, one["Size"], _ns(one["LastModified"]), identity(one["ETag"]))
        if not found:
            raise DataError(f"{self._url!r} has no objects below it: correct the dataset's `path`")
        logger.info("%d objects, without %d that mark folders", found, markers)

    def contents(self, objects: Iterable[Object]) -> Iterator[tuple[Object, bytes]]:
        """See Source; reads parts of PART_BYTES, READERS at a time."""
        waiting: deque[tuple[Object, Future[bytes]]] = deque()
        with ThreadPoolExecutor(READERS) as pool:
            try:
                for one in objects:
                    for start in range(0, one.size or 1, PART_BYTES):
                        waiting.append((one, pool.submit(self._read, one, start)))
                        if len(waiting) == AHEAD:
                            yield _first(waiting)
                while waiting:
                    yield _first(waiting)
            finally:
                pool.shutdown(wait=False, cancel_futures=True)

    def small(self, path: bytes, most: int) -> bytes:
        """See Source."""
        with self._explained(repr(path.decode())):
            try:
                answer = self._client.get_object(Bucket=self._bucket, Key=self._prefix + path.decode())
            except self._client.exceptions.NoSuchKey:
                return b""
            with answer["Body"] as body:
                return bytes(body.read(most))

    def _read(self, one: Object, start: int) -> bytes:
        size = min(PART_BYTES, one.size - start)
        name, key = repr(one.path.decode()), self._prefix + one.path.decode()
        part = {"Range": f"bytes={start}-{start + size - 1}"} if one.size > PART_BYTES else {}
        with self._explained(name):
            answer = self._client.get_object(Bucket=self._bucket, Key=key, **part)
            with answer["Body"] as body:
                content = body.read() if identity(answer["ETag"]) == one.identity else None
        if content is None or len(content) != size:
            raise DataError(
                f"{name} changed after the scan: {self._url!r} has another version of it; run snakemake again"
            )
        return bytes(content)

    @contextmanager
    def _explained(self, name: str = "") -> Iterator[None]:
        """Raises a DataError for an error of the client. name: the quoted name of the object that is read."""
        where = f"reading {name} of {self._url!r}" if name else f"listing {self._url!r}"
        try:
            yield
        except NoCredentialsError as error:
            raise DataError(f"{where}: there are no credentials: {SET}") from error
        except EndpointConnectionError as error:
            raise DataError(f"{where}: {_line(error)}: check --storage-s3-endpoint-url and the network") from error
        except ClientError as error:
            code = str(error.response.get("Error", {}).get("Code"))
            raise DataError(_remedy(where, name, self._bucket, code, _line(error))) from error
        except BotoCoreError as error:
            raise DataError(f"{where}: {_line(error)}") from error


SET = "set SNAKEMAKE_STORAGE_S3_ACCESS_KEY and SNAKEMAKE_STORAGE_S3_SECRET_KEY, or run `aws configure`"


def _remedy(where: str, name: str, bucket: str, code: str, text: str) -> str:
    """The line for an error of the server."""
    if code == "NoSuchBucket":
        return f"{where}: there is no bucket {bucket!r}: correct the dataset's `path`, or --storage-s3-endpoint-url"
    if name and code in GONE:
        return f"{name} changed after the scan: it no longer exists; run snakemake again"
    if code in DENIED:
        return f"{where}: the server denies access ({code}): {SET}"
    if code == "InvalidObjectState":
        return f"{where}: the object is archived: restore it, or list it in `exclude`"
    return f"{where}: {text}"


def _first(waiting: deque[tuple[Object, Future[bytes]]]) -> tuple[Object, bytes]:
    one, part = waiting.popleft()
    return one, part.result()


def _ns(time: datetime) -> int:
    since = time - EPOCH
    return (since.days * 86400 + since.seconds) * 10**9 + since.microseconds * 1000


def _line(error: Exception) -> str:
    return " ".join(str(error).split())
