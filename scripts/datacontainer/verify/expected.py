"""Expected: the data that verifiers compare an image with, which was created from a layout."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from datacontainer.verify.comparison import Differences, Row
from datacontainer.verify.layout import Image, Layout
from datacontainer.verify.rows import Spool


@dataclass(frozen=True)
class Expected:
    """The catalog, the layout that was compared with the catalog, and the list in which verifiers record differences.

    image: of the first platform, which formats with one platform contain. entrypoint_files: sha256 of its files outside
    of the mount, by name. spool: its folders and modes, which the catalog does not contain. documents: sha256 of each
    attestation, by its file's name; None if attestations are not configured. base: the files of the base, by path.
    """

    catalog: Path
    mount: str
    layout: Layout
    image: Image
    entrypoint_files: Mapping[bytes, str]
    spool: Spool
    differences: Differences
    documents: Mapping[str, str] | None = None
    base: Mapping[bytes, Row] = field(default_factory=dict)
