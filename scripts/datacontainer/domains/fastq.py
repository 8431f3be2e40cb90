"""FASTQ: reads, lengths and quality of a file, with Biopython; of large files, the first part."""

from io import BytesIO, TextIOWrapper
from typing import Any

from Bio.SeqIO.QualityIO import FastqGeneralIterator

from datacontainer.domains import bounds
from datacontainer.domains.bounds import read_start
from datacontainer.domains.fasta import Lengths

PHRED_OFFSET = 33


def metadata(path: str) -> dict[str, Any]:
    """Number of reads, sum and bounds of their lengths, and mean quality (Phred, offset 33).

    Raises:
        ValueError: if a record is damaged; in the first part of a large file, the last one may be incomplete.
    """
    lengths, qualities = Lengths(), 0
    content, partial = read_start(path, bounds.MOST_TEXT_BYTES)
    try:
        for _, sequence, quality in FastqGeneralIterator(TextIOWrapper(BytesIO(content), "latin-1")):
            lengths.add(len(sequence))
            qualities += sum(quality.encode("latin-1"))
    except ValueError:
        if not partial or not lengths.count:
            raise
    mean = round(qualities / lengths.total - PHRED_OFFSET, 2) if lengths.total else None
    return lengths.fields() | {"quality": mean, "partial": partial or None}
