"""FASTA: records and letters of a file, with Biopython; of large files, the first part."""

from io import BytesIO, TextIOWrapper
from typing import Any

from Bio.SeqIO.FastaIO import SimpleFastaParser

from datacontainer.domains import bounds
from datacontainer.domains.bounds import read_start

# Letters of IUPAC codes, gaps included.
ALPHABETS = {"dna": set("ACGTRYSWKMBDHVN-"), "rna": set("ACGURYSWKMBDHVN-")}


def metadata(path: str) -> dict[str, Any]:
    """Number of records, sum and bounds of their lengths, and alphabet (dna, rna or protein).

    Raises:
        ValueError: if the file has text, but no record.
    """
    lengths, letters, first = Lengths(), set[str](), None
    content, partial = read_start(path, bounds.MOST_TEXT_BYTES)
    for title, sequence in SimpleFastaParser(TextIOWrapper(BytesIO(content), "latin-1")):
        first = title if first is None else first
        lengths.add(len(sequence))
        letters |= set(sequence)
    if content and not lengths.count:
        raise ValueError("no record begins with '>'")
    upper = {letter.upper() for letter in letters} - {"*"}
    alphabet = next((name for name, known in ALPHABETS.items() if upper <= known and upper), "protein" if upper else "")
    return lengths.fields() | {"alphabet": alphabet, "first": first, "partial": partial or None}


class Lengths:
    """Count, sum and bounds of lengths."""

    def __init__(self) -> None:
        """No length."""
        self.count = self.total = self.longest = 0
        self.shortest: int | None = None

    def add(self, length: int) -> None:
        """Counts a length."""
        self.count, self.total = self.count + 1, self.total + length
        self.longest = max(self.longest, length)
        self.shortest = length if self.shortest is None else min(self.shortest, length)

    def fields(self) -> dict[str, Any]:
        """The counts."""
        longest = self.longest if self.count else None
        return {"records": self.count, "letters": self.total, "shortest": self.shortest, "longest": longest}
