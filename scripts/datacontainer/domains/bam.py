"""BAM, CRAM and SAM: the header of a file, with pysam; the reads are not read, and no index is needed."""

from typing import Any

from datacontainer.domains.bounds import ends_with, filled

MODES = {".bam": "rb", ".cram": "rc", ".sam": "r"}


def metadata(path: str) -> dict[str, Any]:
    """References, samples, platforms, programs and sort order.

    Raises:
        OSError, ValueError: if the file has no header, or is truncated.
    """
    if not ends_with(path, tuple(MODES)):
        return {}
    import pysam

    pysam.set_verbosity(0)
    with pysam.AlignmentFile(path, MODES[path[path.rindex(".") :].lower()], check_sq=False) as file:
        header = file.header
        sections = header.to_dict()
        order = sections.get("HD", {})
        groups = sections.get("RG", [])
        return {
            "bam_references": header.nreferences,
            **filled(
                {
                    "bam_version": order.get("VN"),
                    "bam_order": order.get("SO"),
                    "bam_reference_letters": sum(header.lengths),
                    "bam_assembly": next((one["AS"] for one in sections.get("SQ", []) if "AS" in one), None),
                    "bam_samples": sorted({one["SM"] for one in groups if "SM" in one}),
                    "bam_platforms": sorted({one["PL"] for one in groups if "PL" in one}),
                    "bam_programs": [one.get("PN") or one.get("ID") for one in sections.get("PG", [])],
                }
            ),
        }
