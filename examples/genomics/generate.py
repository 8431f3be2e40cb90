"""Writes a reference, reads, alignments and variants of two samples. Needs pysam: python generate.py FOLDER."""

import random
import sys
from pathlib import Path

import pysam

LENGTHS = {"chr1": 3000, "plasmid": 800}
READ = 60
PAIRS = {"mother": 40, "child": 25}
SAMPLES = "sample\tsex\ttissue\nmother\tfemale\tblood\nchild\tmale\tsaliva\n"
COMPLEMENT = str.maketrans("ACGT", "TGCA")


def write_reads(file, reads, end):
    """Writes one end of each pair as FASTQ, compressed by bgzip."""
    with pysam.BGZFile(str(file), "wb") as target:
        for name, _, _, pair in reads:
            sequence, quality = pair[end]
            target.write(f"@{name}/{end + 1}\n{sequence}\n+\n{quality}\n".encode())


def write_alignments(file, sample, reads):
    """Writes the pairs at their places in the reference as a sorted BAM file with its index."""
    header = {
        "HD": {"VN": "1.6", "SO": "coordinate"},
        "SQ": [{"SN": name, "LN": length} for name, length in LENGTHS.items()],
        "RG": [{"ID": "lane1", "SM": sample, "PL": "ILLUMINA"}],
    }
    with pysam.AlignmentFile(str(file), "wb", header=header) as target:
        found = []
        for name, chromosome, start, pair in reads:
            for end, at in enumerate((start, start + 100)):
                sequence, quality = pair[end]
                one = pysam.AlignedSegment(target.header)
                one.query_name, one.reference_name, one.reference_start = name, chromosome, at
                one.flag = 0x1 | 0x2 | (0x40 | 0x20 if end == 0 else 0x80 | 0x10)
                one.query_sequence = sequence.translate(COMPLEMENT)[::-1] if end else sequence
                one.query_qualities = pysam.qualitystring_to_array(quality[::-1] if end else quality)
                one.cigar, one.mapping_quality = ((0, READ),), 60
                one.next_reference_name, one.next_reference_start = chromosome, start if end else start + 100
                one.template_length = (-1 if end else 1) * (100 + READ)
                one.set_tag("RG", "lane1")
                found.append(one)
        for one in sorted(found, key=lambda one: (one.reference_id, one.reference_start)):
            target.write(one)
    pysam.index(str(file))


def sequenced(sample, genome, chance):
    """Returns pairs of reads: name, chromosome, start, and sequence and quality of both ends."""
    reads = []
    for number in range(PAIRS[sample]):
        chromosome = chance.choice(list(genome))
        start = chance.randrange(LENGTHS[chromosome] - 100 - READ)
        first = genome[chromosome][start : start + READ]
        second = genome[chromosome][start + 100 : start + 100 + READ].translate(COMPLEMENT)[::-1]
        pair = [(one, "".join(chr(33 + chance.randint(25, 40)) for _ in one)) for one in (first, second)]
        reads.append((f"{sample}:{number}", chromosome, start, pair))
    return reads


def variants(genome, chance):
    """Returns a VCF file with the genotypes of both samples."""
    lines = ["##fileformat=VCFv4.3", '##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype">']
    lines += [f"##contig=<ID={name},length={length}>" for name, length in LENGTHS.items()]
    lines.append("\t".join(["#CHROM", "POS", "ID", "REF", "ALT", "QUAL", "FILTER", "INFO", "FORMAT", *PAIRS]))
    for at in sorted(chance.sample(range(LENGTHS["chr1"]), 6)):
        before = genome["chr1"][at]
        after = chance.choice(sorted(set("ACGT") - {before}))
        types = [chance.choice(["0/0", "0/1", "1/1"]) for _ in PAIRS]
        lines.append("\t".join(["chr1", str(at + 1), ".", before, after, "50", "PASS", ".", "GT", *types]))
    return "".join(f"{line}\n" for line in lines)


def generate(folder):
    """Fills the folder with the dataset."""
    chance = random.Random(15)
    genome = {name: "".join(chance.choices("ACGT", k=length)) for name, length in LENGTHS.items()}
    for name in ("reference", "reads", "aligned", "variants"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    (folder / "samples.tsv").write_text(SAMPLES)
    (folder / "reference/toy.fa").write_text("".join(f">{name} toy\n{sequence}\n" for name, sequence in genome.items()))
    (folder / "variants/family.vcf").write_text(variants(genome, chance))
    for sample in PAIRS:
        reads = sequenced(sample, genome, chance)
        for end in (0, 1):
            write_reads(folder / f"reads/{sample}_R{end + 1}.fastq.gz", reads, end)
        write_alignments(folder / f"aligned/{sample}.bam", sample, reads)
    # The download of the child's second file was interrupted.
    second = folder / "reads/child_R2.fastq.gz"
    second.write_bytes(second.read_bytes()[:900])


if __name__ == "__main__":
    generate(Path(sys.argv[1]))
