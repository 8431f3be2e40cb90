"""Comparison of the attestations' files, of their referrers, and of the image layout that they describe.

Source: OCI image-spec 1.1, image-layout.md, image-index.md, manifest.md.
"""

import hashlib
import re
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from datacontainer.runtime.errors import DataError
from datacontainer.verify.comparison import Differences
from datacontainer.verify.layout import MAX_JSON, parsed, pick

TITLE = "org.opencontainers.image.title"


@dataclass
class Attestations:
    """The folder of a dataset's attestations. sha256: of each document read so far, by its file's name."""

    path: Path
    differences: Differences
    sha256: dict[str, str] = field(default_factory=dict)

    def check(self, manifests: Collection[str]) -> None:
        """Compares the referrers with the files, and the referrers' subjects with the digests of `manifests`.

        Raises:
            DataError: if a file, blob or referrer is missing or cannot be read.
        """
        subjects = set()
        index = parsed((self.path / "oci/index.json").read_bytes(), "index.json of the attestations")
        for listed in pick(index, "index.json of the attestations", "manifests", of=list):
            for one in pick(self._blob(listed), "the list of referrers", "manifests", of=list):
                manifest = self._blob(one)
                subjects.add(pick(manifest, "a referrer", "subject", "digest"))
                self._check_document(pick(manifest, "a referrer", "layers", 0))
        for digest in sorted(subjects - set(manifests)):
            self.differences.add(f"the attestations refer to {digest}, which is not a manifest of the layout")
        for name in sorted({path.name for path in self.path.glob("*.json")} - self.sha256.keys()):
            self.differences.add(f"{name!r} is in the folder of attestations, but no referrer refers to it")

    def _check_document(self, layer: Any) -> None:
        name = pick(layer, "a referrer", "annotations", TITLE, of=str)
        path = self.path / Path(name).name
        if not path.is_file():
            raise DataError(f"a referrer refers to {name!r}, which is not in {str(self.path)!r}")
        self.sha256[name] = hashlib.sha256(path.read_bytes()).hexdigest()
        self._blob(layer)
        found = pick(layer, "a referrer", "digest")
        self.differences.check(
            f"the digest of {name!r}", found, "sha256:" + self.sha256[name], "a referrer", "the file"
        )

    def _blob(self, descriptor: Any) -> Any:
        """The JSON value in the blob that the descriptor refers to."""
        digest = pick(descriptor, "a descriptor", "digest", of=str)
        path = self.path / "oci/blobs" / digest.replace(":", "/")
        if not re.fullmatch("sha256:[0-9a-f]{64}", digest) or not path.is_file():
            raise DataError(f"the blob {digest!r} of the attestations is missing")
        if path.stat().st_size > MAX_JSON:
            raise DataError(f"{str(path)!r} has {path.stat().st_size} bytes; at most {MAX_JSON} are allowed")
        content = path.read_bytes()
        found = "sha256:" + hashlib.sha256(content).hexdigest()
        if found != digest:
            raise DataError(f"the content of the blob {digest} of the attestations has the digest {found}")
        return parsed(content, f"the blob {digest}")
