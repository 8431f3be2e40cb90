"""Small files of every domain, each written by the domain's own library."""

import gzip
import json
import os
from collections.abc import Callable
from pathlib import Path

FASTQ = "@r1\nACGT\n+\nIIII\n@r2\nACG\n+\n!!!\n"
VCF = """\
##fileformat=VCFv4.3
##contig=<ID=chr1,length=1000>
##INFO=<ID=DP,Number=1,Type=Integer,Description="Depth">
##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype">
#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tNA1\tNA2
chr1\t10\t.\tA\tG\t50\tPASS\tDP=3\tGT\t0/1\t0/0
"""
TABLE = "participant_id\tage\tweight\tgroup\tday\nsub-01\t20\t60.5\ta\t2020-01-02\nsub-02\tn/a\t70\t\t2020-01-03\n"


def nifti(path: Path) -> None:
    import nibabel
    import numpy as np

    image = nibabel.Nifti1Image(np.zeros((4, 5, 6, 7), np.int16), np.diag([-2.0, 2.0, 3.5, 1.0]))
    image.header.set_zooms((2.0, 2.0, 3.5, 2.1))
    image.header.set_xyzt_units("mm", "sec")
    nibabel.save(image, path)


def dicom(path: Path) -> None:
    from pydicom.data import get_testdata_file

    path.write_bytes(Path(get_testdata_file("CT_small.dcm", download=False)).read_bytes())


def hdf5(path: Path) -> None:
    import h5py
    import numpy as np

    with h5py.File(path, "w") as file:
        file["group/data"] = np.zeros((3, 4), np.float32)
        file.attrs["title"], file.attrs["bad"], file.attrs["huge"] = "A title", np.nan, np.arange(8000)
        file.attrs["bytes"] = np.bytes_(b"\xff\xfe")


def netcdf(path: Path) -> None:
    import netCDF4

    with netCDF4.Dataset(path, "w") as file:
        file.Conventions, file.title = "CF-1.8", "Warm days"
        file.createDimension("time", None)
        file.createDimension("lat", 3)
        variable = file.createVariable("tas", "f4", ("time", "lat"))
        variable.units, variable.standard_name = "K", "air_temperature"
        variable[:] = [[280, 281, 282]]


def zarr(path: Path) -> None:
    """An OME-Zarr image of format 3 with one array; `path` is the metadata file of its group."""
    import numpy as np
    import zarr as library

    group = library.open_group(path.parent, mode="w", zarr_format=3)
    axes = [{"name": "y", "type": "space", "unit": "micrometer"}, {"name": "x", "type": "space", "unit": "micrometer"}]
    scale = [{"type": "scale", "scale": [0.5, 0.5]}]
    levels = [{"path": "0", "coordinateTransformations": scale}]
    image = {"name": "cells", "axes": axes, "datasets": levels}
    channels = {"channels": [{"label": "DAPI", "color": "0000FF"}]}
    group.attrs["ome"] = {"version": "0.5", "multiscales": [image], "omero": channels}
    group.create_array("0", data=np.zeros((8, 9), np.uint16), chunks=(4, 4), dimension_names=["y", "x"])[:] = 1


def bam(path: Path) -> None:
    import pysam

    header = {
        "HD": {"VN": "1.6", "SO": "coordinate"},
        "SQ": [{"SN": "chr1", "LN": 1000, "AS": "GRCh38"}],
        "RG": [{"ID": "a", "SM": "NA1", "PL": "ILLUMINA"}],
        "PG": [{"ID": "bwa", "PN": "bwa"}],
    }
    with pysam.AlignmentFile(path, "wb", header=header) as file:
        for number in range(1000):
            read = pysam.AlignedSegment(file.header)
            read.query_name, read.query_sequence, read.cigarstring, read.reference_id = f"r{number}", "ACGT", "4M", 0
            file.write(read)


def tiff(path: Path) -> None:
    import numpy as np
    import tifffile

    tifffile.imwrite(path, np.zeros((3, 16, 20), np.uint8), metadata={"axes": "ZYX"}, ome=True)


def image(path: Path) -> None:
    from PIL import Image
    from PIL.ExifTags import Base

    exif = Image.Exif()
    exif[Base.Make], exif[Base.Model] = "Maker", "One"
    exif.get_ifd(0x8769)[Base.DateTimeOriginal] = "2020:01:02 03:04:05"
    exif.get_ifd(0x8825)[1] = "N"
    Image.new("RGB", (20, 10)).save(path, exif=exif)


def bids(folder: Path) -> None:
    """A valid dataset of two subjects, with the names, sidecars and tables that the validator requires."""
    folder.mkdir(parents=True)
    (folder / "README").write_text("A generated dataset, for tests of names and of the validator's verdict.\n" * 4)
    described = {"Name": "Rest", "BIDSVersion": "1.10.0", "License": "CC0", "DatasetType": "raw", "Authors": ["A B"]}
    (folder / "dataset_description.json").write_text(json.dumps(described))
    (folder / "participants.tsv").write_text("participant_id\tage\tsex\nsub-01\t20\tF\nsub-02\t30\tM\n")
    (folder / "task-rest_bold.json").write_text(json.dumps({"TaskName": "rest", "RepetitionTime": 2.1}))
    for subject in ("sub-01", "sub-02"):
        (folder / subject / "func").mkdir(parents=True)
        nifti(folder / subject / "func" / f"{subject}_task-rest_run-1_bold.nii.gz")


MAKERS: dict[str, tuple[str, Callable[[Path], object]]] = {
    "nifti": ("brain.nii", nifti),
    "dicom": ("slice.dcm", dicom),
    "hdf5": ("data.h5", hdf5),
    "netcdf": ("tas.nc", netcdf),
    "zarr": ("cells.ome.zarr/zarr.json", zarr),
    "ome-zarr": ("cells.ome.zarr/zarr.json", zarr),
    "fasta": ("genes.fa", lambda path: path.write_text(">one first\nACG\nTN\n>two\nACG\n")),
    "fastq": ("reads.fastq.gz", lambda path: path.write_bytes(gzip.compress(FASTQ.encode()))),
    "bam": ("reads.bam", bam),
    "vcf": ("calls.vcf", lambda path: path.write_text(VCF)),
    "tiff": ("stack.ome.tif", tiff),
    "image": ("photo.jpg", image),
    "table": ("people.tsv", lambda path: path.write_text(TABLE)),
}


def make(domain: str, folder: Path) -> Path:
    """Writes a file of a domain, and returns its path."""
    name, maker = MAKERS[domain]
    path = folder / name
    os.makedirs(path.parent, exist_ok=True)
    maker(path)
    return path
