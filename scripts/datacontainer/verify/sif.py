"""Comparison of the SIF with the layout and the catalog; reads each byte of data once."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from datacontainer.runtime.errors import DataError
from datacontainer.runtime.progress import Progress
from datacontainer.verify.baselayers import environment_script
from datacontainer.verify.comparison import Row, compare, compare_fields, folder_row, link_row, shown
from datacontainer.verify.expected import Expected
from datacontainer.verify.kinds import FILE, FOLDER, LINK
from datacontainer.verify.layers import ENTRYPOINT, ENTRYPOINT_MODE, METADATA, METADATA_MODE, PROGRAM_MODE, PROGRAMS
from datacontainer.verify.layout import DATA_CONTAINER, parsed, pick
from datacontainer.verify.rows import Totals, catalog_rows
from datacontainer.verify.sifobjects import SQUASHFS_ON_DATA, SQUASHFS_ON_SYSTEM, SifObject, read_object, sif_objects
from datacontainer.verify.squashfs import Node, Squashfs, opened

# The files and folders that Apptainer needs in an image without an operating system.
SKELETON = {
    *b".singularity.d/ dev/ etc/ home/ proc/ root/ sys/ tmp/ var/ var/tmp/".split(),
    *b"etc/group etc/hosts etc/localtime etc/passwd etc/resolv.conf".split(),
}
# The links to the programs that Apptainer starts; the entrypoint is the only program in the image.
ACTIONS = {b".singularity.d/" + name: b"../entrypoint" for name in (b"runscript", b"startscript", b"test")}
ENVIRONMENT = b".singularity.d/env/"
# Apptainer's JSON objects have a few kilobytes.
MAX_OBJECT = 16 << 20


def verify_sif(sif: Path, expected: Expected) -> dict[str, Any]:
    """Returns the SIF's part of the report; records differences from the catalog, the layout and the attestations.

    Raises:
        DataError: if the SIF cannot be read.
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
    """The files of a SIF, and the values expected in them."""

    path: Path
    expected: Expected

    def partition(self) -> SifObject:
        """The partition with the SquashFS; records differences of the header and the data objects from the layout.

        Raises:
            DataError: if the partition or a data object is missing.
        """
        architecture, objects = sif_objects(self.path)
        expected = self.expected.image.platform.rpartition("/")[2]
        by_name = {one.name: one for one in objects}
        systems, data = (
            [one for one in objects if one.partition == use] for use in (SQUASHFS_ON_SYSTEM, SQUASHFS_ON_DATA)
        )
        if len(systems) != 1 or len(data) != 1:
            found = f"{len(systems)} system and {len(data)} data partitions with a SquashFS"
            raise DataError(f"the SIF {str(self.path)!r} has {found}, expected one of each")
        check, layout = self.expected.differences.check, "the layout"
        for code in (architecture, systems[0].architecture, data[0].architecture):
            check("the SIF's architecture", expected, code, layout, "the SIF")
        partitions = "the system partition", "the data partition"
        check("the offset and size of the SquashFS", systems[0][2:4], data[0][2:4], *partitions)
        config = hashlib.sha256(self._object(by_name, "oci-config.json")).hexdigest()
        check("sha256 of 'oci-config.json'", self.expected.image.config.digest[7:], config, layout, "the SIF")
        name = "inspect-metadata.json"
        inspected = parsed(self._object(by_name, name), f"{name!r} of the SIF")
        labels = pick(inspected, f"{name!r} of the SIF", "data", "attributes", "labels")
        check("the labels", self.expected.image.labels, labels, "the config", f"{name!r} of the SIF")
        return systems[0]

    def rows(self, partition: SifObject) -> Iterator[Row]:
        """The files, links and folders below the mount, sorted by path; records differences outside of the mount."""
        progress = Progress("the SIF", partition.size_bytes)
        prefix = self.expected.mount.strip("/").encode() + b"/"
        missing = {*ACTIONS, *self.expected.entrypoint_files, *self._base}
        with opened(self.path, partition.offset, partition.size_bytes) as squashfs:
            for node in squashfs.nodes():
                row = row_of(squashfs, node, progress)
                if row.path.startswith(prefix):
                    yield row._replace(path=row.path[len(prefix) :])
                elif not (row.kind == FOLDER and prefix.startswith(row.path)):
                    self._check_outside_of_data(row)
                missing.discard(row.path)
        for name in sorted(missing):
            self.expected.differences.add(f"{shown(b'/' + name)} is missing from the SIF")

    def check_documents(self) -> None:
        """Compares the attestations in the SIF with their files; the SIF must contain one if they are configured."""
        documents, differences = self.expected.documents, self.expected.differences
        if documents is None:
            return
        found = {one.name: one for one in sif_objects(self.path)[1] if one.name in documents}
        if not found:
            differences.add(f"the SIF {str(self.path)!r} contains no attestation, expected one of {sorted(documents)}")
        for name, one in found.items():
            sha256 = hashlib.sha256(read_object(self.path, one)).hexdigest()
            differences.check(f"sha256 of {name!r}", documents[name], sha256, "the attestations", "the SIF")

    def _check_outside_of_data(self, row: Row) -> None:
        name, files, differences = shown(b"/" + row.path), self.expected.entrypoint_files, self.expected.differences
        if row.path in self._base:
            compare_fields(self._base[row.path], row, "the base", "the SIF", differences)
        elif row.path in files:
            differences.check(f"sha256 of {name}", files[row.path], row.sha256, "the layout", "the SIF")
            modes = {ENTRYPOINT: ENTRYPOINT_MODE, PROGRAMS: PROGRAM_MODE}
            mode = modes.get(row.path[: row.path.rfind(b"/") + 1] or row.path, METADATA_MODE)
            expected, found = f"{mode:04o}", f"{row.mode:04o}"
            differences.check(f"the mode of {name}", expected, found, DATA_CONTAINER, "the SIF")
        elif row.path in ACTIONS:
            differences.check(f"the target of {name}", ACTIONS[row.path], row.target, "Apptainer", "the SIF")
        elif row.path not in SKELETON | {METADATA} | ({PROGRAMS} if self._has_programs() else set()):
            differences.add(f"{name} is in the SIF, but is not part of the data and not needed by Apptainer")

    def _has_programs(self) -> bool:
        return any(name.startswith(PROGRAMS) for name in self.expected.entrypoint_files)

    @cached_property
    def _base(self) -> dict[bytes, Row]:
        """The files of the base, without those of Apptainer, and the script that sets the variables of the base."""
        if not self.expected.base:
            return {}
        script, name = environment_script(self.expected.image.settings), ENVIRONMENT + b"10-docker2singularity.sh"
        found = {path: row for path, row in self.expected.base.items() if not path.startswith(b".singularity.d/")}
        found[ENVIRONMENT] = folder_row(ENVIRONMENT, 0o755)
        found[name] = Row(name, FILE, len(script), hashlib.sha256(script).hexdigest(), b"", 0o644)
        return found

    def _object(self, objects: Mapping[str, SifObject], name: str) -> bytes:
        if name not in objects or objects[name].size_bytes > MAX_OBJECT:
            raise DataError(f"the SIF {str(self.path)!r} has no object {name!r} of at most {MAX_OBJECT} bytes")
        return read_object(self.path, objects[name])


def row_of(squashfs: Squashfs, node: Node, progress: Progress) -> Row:
    """The row of a file, link or folder; reads and hashes the content of a file."""
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
