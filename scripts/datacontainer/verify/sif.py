"""The SIF: its objects against the layout, and the rows of its SquashFS, each byte of data read once."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from datacontainer.runtime.errors import DataError
from datacontainer.runtime.progress import Progress
from datacontainer.verify.comparison import Row, compare, folder_row, link_row, shown
from datacontainer.verify.expected import Expected
from datacontainer.verify.kinds import FILE, FOLDER, LINK
from datacontainer.verify.layers import OWN_MODES
from datacontainer.verify.layout import parsed, pick
from datacontainer.verify.rows import Totals, catalog_rows
from datacontainer.verify.sifobjects import SQUASHFS_ON_DATA, SQUASHFS_ON_SYSTEM, SifObject, read_object, sif_objects
from datacontainer.verify.squashfs import Node, Squashfs, opened

# What Apptainer needs to find in an image without an operating system, besides the mount and our own files.
SKELETON = {
    *b".singularity.d/ dev/ etc/ home/ proc/ root/ sys/ tmp/ var/ var/tmp/".split(),
    *b"etc/group etc/hosts etc/localtime etc/passwd etc/resolv.conf".split(),
}
# What it starts, which can only be the entrypoint.
ACTIONS = {b".singularity.d/" + name: b"../entrypoint" for name in (b"runscript", b"startscript", b"test")}
# Apptainer's own objects are a few kilobytes.
MAX_OBJECT = 16 << 20


def verify_sif(sif: Path, expected: Expected) -> dict[str, Any]:
    """What was read, for the report; notes where the SIF differs from the catalog, the layout or the attestations.

    Raises:
        DataError: when it cannot be read.
    """
    files, found = SifFiles(sif, expected), Totals()
    rows = found.counted(files.rows(files.partition()))
    compare(expected.spool.added_to(catalog_rows(expected.catalog)), rows, "the SIF", expected.differences)
    files.check_documents()
    with open(sif, "rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    return found.described() | {"platform": expected.image.platform, "sha256": sha256}


@dataclass
class SifFiles:
    """The files of a SIF."""

    path: Path
    expected: Expected

    def partition(self) -> SifObject:
        """Where the SquashFS is, after a look at header and objects.

        Raises:
            DataError: when there is no telling.
        """
        architecture, objects = sif_objects(self.path)
        wanted = self.expected.image.platform.rpartition("/")[2]
        by_name = {one.name: one for one in objects}
        systems, data = (
            [one for one in objects if one.partition == use] for use in (SQUASHFS_ON_SYSTEM, SQUASHFS_ON_DATA)
        )
        if len(systems) != 1 or len(data) != 1:
            what = f"{len(systems)} SquashFS to run and {len(data)} to bind"
            raise DataError(f"the SIF {str(self.path)!r} has {what}, and not one of each")
        check, layout = self.expected.differences.check, "the layout"
        for told in (architecture, systems[0].architecture, data[0].architecture):
            check("the SIF's architecture", wanted, told, layout, "the SIF")
        check("the place of the SquashFS", systems[0][2:4], data[0][2:4], "the partition to run", "that to bind")
        config = hashlib.sha256(self._object(by_name, "oci-config.json")).hexdigest()
        check("sha256 of 'oci-config.json'", self.expected.image.config.digest[7:], config, layout, "the SIF")
        name = "inspect-metadata.json"
        inspected = parsed(self._object(by_name, name), f"{name!r} of the SIF")
        labels = pick(inspected, f"{name!r} of the SIF", "data", "attributes", "labels")
        check("the labels", self.expected.image.labels, labels, "the config", f"{name!r} of the SIF")
        return systems[0]

    def rows(self, partition: SifObject) -> Iterator[Row]:
        """The files, links and folders below the mount, in the order of their paths; notes what is wrong elsewhere."""
        progress = Progress("the SIF", partition.size_bytes)
        prefix = self.expected.mount.strip("/").encode() + b"/"
        missing = {*ACTIONS, *self.expected.own}
        with opened(self.path, partition.offset, partition.size_bytes) as squashfs:
            for node in squashfs.nodes():
                row = _row(squashfs, node, progress)
                if row.path.startswith(prefix):
                    yield row._replace(path=row.path[len(prefix) :])
                elif not (row.kind == FOLDER and prefix.startswith(row.path)):
                    self._check_own(row)
                missing.discard(row.path)
        for name in sorted(missing):
            self.expected.differences.add(f"{shown(b'/' + name)} is missing from the SIF")

    def check_documents(self) -> None:
        """Compares the attestations in the SIF, one at least where they are asked for, with their files."""
        wanted, differences = self.expected.documents, self.expected.differences
        if wanted is None:
            return
        found = {one.name: one for one in sif_objects(self.path)[1] if one.name in wanted}
        if not found:
            differences.add(f"the SIF {str(self.path)!r} holds none of {sorted(wanted)}")
        for name, one in found.items():
            sha256 = hashlib.sha256(read_object(self.path, one)).hexdigest()
            differences.check(f"sha256 of {name!r}", wanted[name], sha256, "the attestations", "the SIF")

    def _check_own(self, row: Row) -> None:
        name, own, differences = shown(b"/" + row.path), self.expected.own, self.expected.differences
        if row.path in own:
            differences.check(f"sha256 of {name}", own[row.path], row.sha256, "the layout", "the SIF")
            wanted, given = f"{OWN_MODES[row.path]:04o}", f"{row.mode:04o}"
            differences.check(f"the mode of {name}", wanted, given, "a data container", "the SIF")
        elif row.path in ACTIONS:
            differences.check(f"the target of {name}", ACTIONS[row.path], row.target, "Apptainer", "the SIF")
        elif row.path not in SKELETON:
            differences.add(f"{name} is in the SIF and belongs neither to the data nor to Apptainer")

    def _object(self, objects: Mapping[str, SifObject], name: str) -> bytes:
        if name not in objects or objects[name].size_bytes > MAX_OBJECT:
            raise DataError(f"the SIF {str(self.path)!r} has no {name!r}, or one of more than {MAX_OBJECT} bytes")
        return read_object(self.path, objects[name])


def _row(squashfs: Squashfs, node: Node, progress: Progress) -> Row:
    inode = node.inode
    if inode.kind == FOLDER:
        return folder_row(node.path, inode.mode)
    if inode.kind == LINK:
        return link_row(node.path, inode.target, inode.mode)
    digest = hashlib.sha256()
    for piece in squashfs.content(node):
        digest.update(piece)
        progress.add(len(piece))
    return Row(node.path, FILE, inode.size_bytes, digest.hexdigest(), b"", inode.mode)
