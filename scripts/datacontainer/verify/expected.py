"""Expected: what each image that was made from a layout is compared with."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from datacontainer.verify.comparison import Differences
from datacontainer.verify.layout import Image, Layout
from datacontainer.verify.rows import Spool


@dataclass(frozen=True)
class Expected:
    """The catalog, and the layout, once it was compared with the catalog; and where a verifier notes differences.

    image: of the first platform, the one of formats that have no more. own: sha256 of its files outside of the mount,
    by name. spool: its folders and modes, which no catalog has. documents: sha256 of each attestation, by its file's
    name; None where none is asked for.
    """

    catalog: Path
    mount: str
    layout: Layout
    image: Image
    own: Mapping[bytes, str]
    spool: Spool
    differences: Differences
    documents: Mapping[str, str] | None = None
