"""Verify: compares the finished images with the catalog and with each other; shares no code with their creation."""

import json
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from datacontainer.config.formats import FORMATS
from datacontainer.runtime.logs import finished, logger
from datacontainer.runtime.outputs import write_bytes
from datacontainer.verify.apptainer import run_sif
from datacontainer.verify.attestations import Attestations
from datacontainer.verify.baselayers import check_base, read_base
from datacontainer.verify.comparison import Differences, Row, compare
from datacontainer.verify.expected import Expected
from datacontainer.verify.imagecatalog import Places, compare_catalogs, compare_documents
from datacontainer.verify.kinds import FILE, FOLDER, LINK
from datacontainer.verify.layers import PROGRAMS, Layers
from datacontainer.verify.layout import Image, Layout, parsed, pick
from datacontainer.verify.rows import Spool, Totals, catalog_rows

LABEL_PREFIX = "io.datacontainer."


def verify(
    *,
    catalog: Path,
    mount: str,
    layout: Path,
    images: Mapping[str, Path],
    report: Path,
    attestations: Path | None = None,
    base: Path | None = None,
    apptainer: bool = False,
) -> None:
    """Writes `report` (JSON: counts and digests) if the layout and the images contain exactly the catalog's dataset.

    images: the product of each further format, by the format's name, which is also the key of its part of the report.
    Also compares dataset.json next to the catalog, and standards/ and bin/ next to the layout, if they exist.
    base: the folder of the prepared base, if there is one. apptainer: whether to run the SIF too, if Apptainer is
    installed.
    Reads each byte of data once per image; the memory does not grow with the number of files.

    Raises:
        DataError: with the first differences; the log contains up to 20.
    """
    report.parent.mkdir(parents=True, exist_ok=True)
    differences = Differences()
    with tempfile.TemporaryFile(dir=report.parent) as file, tempfile.NamedTemporaryFile(dir=report.parent) as inside:
        verification = Verification(catalog, mount, Layout(layout, differences), Spool(file), inside, differences)
        verification.base = base
        with differences.remedy(layout.parent):
            verification.check_layout()
            if attestations is not None:
                verification.check_attestations(attestations)
            for name, image in images.items():
                verification.check_image(name, image)
            if apptainer and "sif" in images and not differences.lines:
                with differences.remedy(images["sif"]):
                    verification.report["sif"]["apptainer"] = run_sif(images["sif"], mount, differences)
    differences.raise_any()
    write_bytes(report, (json.dumps(verification.report, indent=2) + "\n").encode())
    logger.info("%s", json.dumps(verification.report))
    finished(verification.report["files"], verification.report["bytes"])


@dataclass
class Verification:
    """The comparison of a dataset's images.

    inside: a temporary file with a name, for the catalog in the image. report: the counts and digests of the images
    read so far. metadata: sha256 of the files in /.datacontainer, by name. base_files: those of the first platform.
    """

    catalog: Path
    mount: str
    layout: Layout
    spool: Spool
    inside: Any
    differences: Differences
    images: Sequence[Image] = ()
    entrypoint_files: dict[str, dict[bytes, str]] = field(default_factory=dict)
    metadata: dict[bytes, str] = field(default_factory=dict)
    base: Path | None = None
    base_files: dict[bytes, Row] = field(default_factory=dict)
    documents: Mapping[str, str] | None = None
    report: dict[str, Any] = field(default_factory=dict)

    def check_layout(self) -> None:
        """Compares the layers with the catalog, and the layout's files with each other and with the files next to it.

        Raises:
            DataError: if the layout cannot be read, so that the other images cannot be compared with it.
        """
        with self.differences.remedy(self.layout.path):
            self.images = self.layout.images()
        if not self.images:
            self.differences.raise_any()
        layers, expected, found = Layers(self.layout, self.images, self.mount), Totals(), Totals()
        self.metadata = layers.read_metadata(self.inside)
        places = Places(Path(self.inside.name))
        rows = self.spool.recorded(found.counted(layers.rows()))
        compare(expected.counted(catalog_rows(self.catalog, places)), rows, "the layers", self.differences)
        self._check_metadata(places, layers.with_files, expected.digest())
        layers.read_entrypoints()
        self.entrypoint_files = layers.entrypoint_files
        self._check_programs()
        self._check_base()
        self._check_summary(expected)
        images = {one.platform: {"id": one.config.digest, "manifest": one.manifest.digest} for one in self.images}
        rows_of_catalog = expected.counts[FILE] + expected.counts[LINK]
        self.report |= {"files": rows_of_catalog, "bytes": expected.size_bytes, "digest": expected.digest()}
        self.report["layout"] = found.described() | {"blobs": self.layout.blobs(), "images": images}

    def check_attestations(self, folder: Path) -> None:
        """Compares the attestations with the layout."""
        found = Attestations(folder, self.differences)
        with self.differences.remedy(folder):
            found.check([self.layout.top, *(one.manifest.digest for one in self.images)])
        self.documents = self.report["attestations"] = found.sha256

    def check_image(self, name: str, image: Path) -> None:
        """Compares the image of a format with catalog, layout and attestations."""
        first = self.images[0]
        files = self.entrypoint_files[first.platform] | self.metadata
        fields = self.catalog, self.mount, self.layout, first, files, self.spool, self.differences
        with self.differences.remedy(image):
            expected = Expected(*fields, self.documents, self.base_files)
            self.report[name] = FORMATS[name].load_verifier()(image, expected)

    def _check_metadata(self, places: Places, layers: list[str], digest: str) -> None:
        """Compares the files in /.datacontainer with the files next to the layout."""
        with self.differences.remedy(self.layout.path):
            compare_catalogs(self.catalog, places.catalog, self.mount, digest, self.differences)
        places.check_layers(layers, self.differences)
        compare_documents(self.catalog.parent, self.metadata, self.differences)

    def _check_programs(self) -> None:
        """Compares the programs in the layers with commands.json."""
        path = self.catalog.with_name("commands.json")
        listed = pick(parsed(path.read_bytes(), str(path)), path.name, "commands", of=dict) if path.is_file() else {}
        for platform, files in self.entrypoint_files.items():
            programs = [one["programs"].get(platform) for one in listed.values()]
            expected = {one["path"].encode().lstrip(b"/"): one["sha256"] for one in programs if one}
            found = {name: sha256 for name, sha256 in files.items() if name.startswith(PROGRAMS)}
            what = f"the programs of {platform}"
            self.differences.check(what, expected, found, "commands.json", "the layers")

    def _check_base(self) -> None:
        """Compares the layers of the base with the prepared base, and reads them."""
        if self.base is None:
            found = [one.base for one in self.images]
            self.differences.check("the layers of a base", [0] * len(found), found, "the configuration", "the layout")
            return
        described: dict[str, Any] = {}
        with self.differences.remedy(self.base):
            described = check_base(self.base, self.images, self.differences)
        with self.differences.remedy(self.layout.path):
            for image in reversed(self.images):
                self.base_files = read_base(self.layout, image, self.mount)
            files = sum(row.kind != FOLDER for row in self.base_files.values())
            self.report["base"] = described | {"files": files}

    def _check_summary(self, found: Totals) -> None:
        """Compares dataset.json with the catalog, and the labels with dataset.json."""
        path = self.catalog.with_name("dataset.json")
        if not path.is_file():
            return
        summary = parsed(path.read_bytes(), f"{str(path)!r}")
        totals = found.described() | {"digest": found.digest()}
        for key in ("digest", "files", "links", "bytes"):
            value = pick(summary, path.name, key)
            self.differences.check(f"the {key} of the dataset", totals[key], value, "the catalog", path.name)
        labels = {"mount": self.mount, **{f"dataset.{key}": str(summary[key]) for key in ("digest", "files", "bytes")}}
        for key, expected in labels.items():
            label, value = LABEL_PREFIX + key, self.images[0].labels.get(LABEL_PREFIX + key)
            self.differences.check(f"the label {label}", expected, value, path.name, "the config")
        label = LABEL_PREFIX + "made-from"
        named = parsed(self.images[0].labels.get(label, "[]").encode(), f"the label {label}")
        ancestors = _ancestors(summary.get("about", {}).get("made_from", []))
        self.differences.check(f"the label {label}", ancestors, _ancestors(named), path.name, "the config")


def _ancestors(entries: Any) -> list[str]:
    """The digests of the datasets and images that a dataset was made from, sorted."""
    keys = ("dataset_digest", "image")
    return sorted({str(one[key]) for one in entries if isinstance(one, dict) for key in keys if key in one})
