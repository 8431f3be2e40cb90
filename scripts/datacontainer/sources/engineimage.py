"""Images in docker or podman: their labels and metadata, without running them."""

import json
import shutil
import subprocess
import tarfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from datacontainer.runtime.errors import DataContainerError, DataError, MissingToolError, UsageError
from datacontainer.sources.cache import kept

ENGINES = ("docker", "podman")
FOLDER = "/.datacontainer"


class EngineImage:
    """An image in an engine. name: as the user wrote it. digest: the image ID."""

    def __init__(self, name: str) -> None:
        """name: docker:NAME or podman:NAME.

        Raises:
            MissingToolError: if the engine is not installed.
            UsageError: if the engine has no such image.
        """
        self.name = name
        self._engine, _, image = name.partition(":")
        if not shutil.which(self._engine):
            raise MissingToolError(f"{self._engine} is not on PATH: install it, or name an archive or a REF")
        found = self._run("image", "inspect", "--", image)
        if found.returncode:
            raise UsageError(
                f"{self._engine} has no image {image!r} ({_last_line(found)}): load or pull it, or correct the name"
            )
        (inspected, *_) = json.loads(found.stdout)
        self.digest: str = "sha256:" + str(inspected["Id"]).removeprefix("sha256:")
        self.labels: Mapping[str, str] = (inspected.get("Config") or {}).get("Labels") or {}

    def document(self, name: str) -> Path:
        """The path of a local file with the content of /.datacontainer/NAME.

        Raises:
            DataError: if the image has no such document.
            DataContainerError: if the engine fails.
        """
        folder = kept(f"{self._engine}-{name}", self.digest.replace(":", "-"), lambda path: self._copy(name, path))
        return folder / name

    def _copy(self, name: str, folder: Path) -> None:
        with self._container() as container:
            command = [self._engine, "cp", f"{container}:{FOLDER}/{name}", "-"]
            # Read as a tar: a symlink in the image would become one on this machine.
            with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
                try:
                    with tarfile.open(fileobj=process.stdout, mode="r|") as tar:
                        member = tar.next()
                        content = tar.extractfile(member) if member and member.isreg() else None
                        if content is None:
                            raise tarfile.TarError
                        with open(folder / name, "wb") as target:
                            shutil.copyfileobj(content, target)
                except tarfile.TarError as error:
                    raise DataError(
                        f"{self.name!r} has no file {FOLDER}/{name}: name an image that `datacontainer` built"
                    ) from error

    @contextmanager
    def _container(self) -> Iterator[str]:
        """A container of the image that never starts, which is removed at the end of the block."""
        # The image may have no command, and none may be executed.
        created = self._run("create", "--network", "none", self.digest.removeprefix("sha256:"), "none")
        if created.returncode:
            raise DataContainerError(f"{self._engine} create fails for {self.name!r}: {_last_line(created)}")
        container = created.stdout.strip().splitlines()[-1]
        try:
            yield container
        finally:
            self._run("rm", "--force", "--volumes", container)

    def _run(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self._engine, *words], capture_output=True, text=True, errors="backslashreplace", check=False
        )


def _last_line(done: subprocess.CompletedProcess[str]) -> str:
    *_, last = ["no reason given", *filter(None, map(str.strip, done.stderr.splitlines()))]
    return last
