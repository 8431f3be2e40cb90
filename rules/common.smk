# What all rules share: the configuration, and the Python package that does the work.
import sys
from pathlib import Path

# A workflow used straight from a repository has only the files it asks for: each is named once, here.
LIBRARY = (
    "__init__ aggregate assemble attest comparison compile compression config convert corruption crc32c damage"
    " digests dockerfile errors excludes fields frontcoding gobinary hash index indexbody indexcolumns kinds"
    " layerstream links linktargets listing localmodules lock logs mksquashfs nextsteps oci origin outputs pgp"
    " progress provenance referrers render report reportcolumns reportcounts reporthistory reportimages"
    " reportpage rescan resources reuse scan seals shardlist shards sif sifobjects sign squashfs squashfsblocks"
    " stale statistics tarmembers tools unchanged userfields userfunctions verify verifyarchive"
    " verifyattestations verifyblobs verifylayers verifylayout verifyrows verifysif walk witness"
).split()
ENTRYPOINT = (
    "go.mod cli/about.go cli/beside.go cli/cells.go cli/cli.go cli/list.go cli/options.go cli/run.go"
    " files/cat.go files/catalog.go files/copier.go files/export.go files/files.go files/folders.go"
    " files/inorder.go files/progress.go files/selfcheck.go files/tree.go files/verify.go files/walk.go"
    " index/body.go index/field.go index/hex.go index/index.go index/integer.go index/json.go index/keys.go"
    " index/shown.go index/strict.go main.go.j2 query/compare.go query/parallel.go query/parts.go"
    " query/rowset.go query/selection.go query/token.go query/where.go"
).split()
PACKER = (
    "go.mod blake3/blake3.go blake3/compress.go blob/blob.go compress_command.go dataset/calls.go"
    " dataset/changed.go dataset/file.go dataset/reader.go digest/digest.go gzip/gzip.go hash/block.go"
    " hash/fill.go hash/pack.go hash/plan.go hash/progress.go hash/rows.go hash/run.go hash/sequence.go"
    " hash/summary.go hash_command.go layer/header.go layer/members.go main.go output/output.go scan/builder.go"
    " scan/calls.go scan/entries.go scan/exclude.go scan/file.go scan/links.go scan/progress.go scan/queue.go"
    " scan/readable.go scan/refuse.go scan/scan.go scan/task.go scan/walk.go scan/writer.go scan_command.go"
    " shardlist/shardlist.go sign_command.go signature/envelope.go signature/fingerprint.go signature/key.go"
    " squashfs/directory.go squashfs/inode.go squashfs/metadata.go squashfs/names.go squashfs/nodes.go"
    " squashfs/order.go squashfs/stream.go squashfs/superblock.go squashfs/tables.go squashfs/tar.go"
    " squashfs/tarheader.go squashfs/tree.go squashfs/verified.go squashfs/write.go squashfs_command.go"
).split()

LIBRARY_FILES = [Path(workflow.source_path(f"../scripts/datacontainer/{name}.py")) for name in LIBRARY]
ENTRYPOINT_FILES = [workflow.source_path(f"../templates/entrypoint/{name}") for name in ENTRYPOINT]
PACKER_FILES = [workflow.source_path(f"../packer/{name}") for name in PACKER]
DOCKERFILE_TEMPLATE = workflow.source_path("../templates/Dockerfile.j2")
REPORT_TEMPLATE = workflow.source_path("../templates/report.html.j2")
sys.path.insert(0, str(LIBRARY_FILES[0].parent.parent))

from datacontainer.config import read_settings
from datacontainer.errors import DataContainerError, UsageError
from datacontainer.lock import hold
from datacontainer.logs import last_error
from datacontainer.nextsteps import left_over, next_steps
from datacontainer.origin import check_origin
from datacontainer.provenance import code_digest, files_digest
from datacontainer.render import template_files
from datacontainer.resources import memory_mb, runtime_minutes, size_of
from datacontainer.scan import fingerprint, read_shards, read_state
from datacontainer.seals import break_seals
from datacontainer.userfunctions import check_file, source_digest
from snakemake.exceptions import WorkflowError
from snakemake.logging import logger

try:
    SETTINGS = read_settings(config, Path(workflow.source_path("../workflow/schemas/config.schema.yaml")))
except DataContainerError as error:
    raise WorkflowError(str(error)) from None


# What the packer is made of: it knows this digest.
PACKER_SOURCES = files_digest(PACKER_FILES)


wildcard_constraints:
    dataset="|".join(SETTINGS.datasets),
    shard="[0-9a-f]{20}",
    platform="linux-(amd64|arm64)",


def dataset_of(wildcards):
    return SETTINGS.datasets[wildcards.dataset]


def code(stage):
    """A digest of the stage's own code, so that a change of it makes the stage run again."""
    return code_digest(stage, LIBRARY_FILES)
