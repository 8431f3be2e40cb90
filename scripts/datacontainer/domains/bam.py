"""BAM, CRAM and SAM: the header of a file, with pysam; the reads are not read, and no index is needed."""

from typing import Any

import pysam

MODES = {"bam": "rb", "ram": "rc", "sam": "r"}


def metadata(path: str) -> dict[str, Any]:
    """References, samples, platforms, programs and sort order.

    Raises:
        OSError, ValueError: if the file has no header, or is truncated.
    """
    pysam.set_verbosity(0)
    with pysam.AlignmentFile(path, MODES[path[-3:].lower()], check_sq=False) as file:
        references, letters, header = file.header.nreferences, sum(file.header.lengths), file.header.to_dict()
    order, groups = header.get("HD", {}), header.get("RG", [])
    return {
        "references": references,
        "reference_letters": letters,
        "version": order.get("VN"),
        "order": order.get("SO"),
        "assembly": next((one["AS"] for one in header.get("SQ", []) if "AS" in one), None),
        "samples": sorted({one["SM"] for one in groups if "SM" in one}),
        "platforms": sorted({one["PL"] for one in groups if "PL" in one}),
        "programs": [one.get("PN") or one.get("ID") for one in header.get("PG", [])],
    }
