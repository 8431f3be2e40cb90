"""A metadata function of this example, beside the built-in ones."""

from pathlib import Path


def sample(path):
    """Returns the sample that begins the name of a file with reads or alignments, such as mother_R1.fastq.gz."""
    file = Path(path)
    return {"sample": file.name.partition(".")[0].partition("_")[0]} if file.parent.name in ("reads", "aligned") else {}
