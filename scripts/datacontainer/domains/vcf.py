"""VCF and BCF: the header of a file, with pysam; the variants are not read, and no index is needed."""

from typing import Any

import pysam


def metadata(path: str) -> dict[str, Any]:
    """Version, samples, contigs, and the names of the fields INFO, FORMAT and FILTER.

    Raises:
        OSError, ValueError: if the file has no header.
    """
    pysam.set_verbosity(0)
    with pysam.VariantFile(path) as file:
        header = file.header
        return {
            "version": header.version,
            "reference": next((one.value for one in header.records if one.key == "reference"), None),
            "samples": len(header.samples),
            "sample_names": list(header.samples),
            "contigs": len(header.contigs),
            "info": sorted(header.info),
            "format": sorted(header.formats),
            "filter": sorted(header.filters),
        }
