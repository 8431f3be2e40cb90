"""VCF and BCF: the header of a file, with pysam; the variants are not read, and no index is needed."""

from itertools import islice
from typing import Any

from datacontainer.domains.bounds import MOST_ITEMS, ends_with, filled

SUFFIXES = (".vcf", ".vcf.gz", ".vcf.bgz", ".bcf")


def metadata(path: str) -> dict[str, Any]:
    """Version, samples, contigs, and the names of the fields INFO, FORMAT and FILTER.

    Raises:
        OSError, ValueError: if the file has no header.
    """
    if not ends_with(path, SUFFIXES):
        return {}
    import pysam

    pysam.set_verbosity(0)
    with pysam.VariantFile(path) as file:
        header = file.header
        reference = next((one.value for one in header.records if one.key == "reference"), None)
        return {
            "vcf_samples": len(header.samples),
            "vcf_contigs": len(header.contigs),
            **filled(
                {
                    "vcf_version": header.version,
                    "vcf_reference": reference,
                    "vcf_sample_names": list(islice(header.samples, MOST_ITEMS)),
                    "vcf_info": sorted(header.info),
                    "vcf_format": sorted(header.formats),
                    "vcf_filter": sorted(header.filters),
                }
            ),
        }
