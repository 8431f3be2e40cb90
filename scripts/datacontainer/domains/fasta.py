"""FASTA: records and letters of a file, with Biopython; of large files, the first part."""

from typing import Any

from datacontainer.domains.bounds import Bounded, ends_with, filled, read_start

NAMES = (".fasta", ".fa", ".fna", ".ffn", ".faa", ".frn")
SUFFIXES = (*NAMES, *(f"{name}.gz" for name in NAMES))
# Letters of IUPAC codes, gaps included.
ALPHABETS = {"dna": set("ACGTRYSWKMBDHVN-"), "rna": set("ACGURYSWKMBDHVN-")}


def metadata(path: str) -> dict[str, Any]:
    """Number of records, sum and bounds of their lengths, and alphabet (dna, rna or protein).

    Raises:
        ValueError: if the file has text, but no record.
    """
    if not ends_with(path, SUFFIXES):
        return {}
    from Bio.SeqIO.FastaIO import SimpleFastaParser

    lengths, letters, first = Lengths(), set[str](), None
    with Bounded(path) as file, file.lines() as lines:
        for title, sequence in SimpleFastaParser(lines):
            first = title if first is None else first
            lengths.add(len(sequence))
            letters |= set(sequence)
        partial = file.partial
        if not lengths.count and read_start(path, 1):
            raise ValueError("no record begins with '>'")
    upper = {letter.upper() for letter in letters} - {"*"}
    alphabet = next((name for name, known in ALPHABETS.items() if upper <= known), "protein") if upper else None
    fields = {"alphabet": alphabet, "first": first, "partial": partial or None}
    return lengths.fields("fasta") | filled({f"fasta_{name}": value for name, value in fields.items()})


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

    def fields(self, domain: str) -> dict[str, Any]:
        """The counts as fields of a domain."""
        bounds = {f"{domain}_shortest": self.shortest, f"{domain}_longest": self.longest} if self.count else {}
        return {f"{domain}_records": self.count, f"{domain}_letters": self.total, **bounds}
