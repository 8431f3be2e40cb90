"""The domains: metadata functions that the configuration names without a file, as in `metadata: [bids]`."""

import importlib
import importlib.util
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from datacontainer.runtime.errors import MissingToolError, UsageError
from datacontainer.runtime.suggestions import did_you_mean


class Domain(NamedTuple):
    """A domain. Its module has `metadata(path)` or `metadata(path, folder)`; the fields' names begin with its name.

    version: is raised when the fields of an unchanged file change; all files are then read again. packages: pairs of
    a module to import and the package to install. files: the files that it reads. dataset: whether the module also has
    `dataset(frame, folder)`.
    """

    name: str
    version: int
    packages: tuple[tuple[str, str], ...]
    files: str
    description: str
    dataset: bool = False


H5PY, PYSAM, BIOPYTHON = ("h5py", "h5py"), ("pysam", "pysam"), ("Bio", "biopython")
BIDS = (("bidsschematools", "bidsschematools"), ("bids_validator_deno", "bids-validator-deno"))
ZARR = (("zarr", "zarr"),)
DOMAINS = {
    one.name: one
    for one in (
        Domain("bids", 1, BIDS, "names of the Brain Imaging Data Structure", "entities of the name", dataset=True),
        Domain("nifti", 1, (("nibabel", "nibabel"),), "*.nii, *.nii.gz", "the header of an image"),
        Domain(
            "dicom",
            1,
            (("pydicom", "pydicom"),),
            "*.dcm, *.dicom, *.ima, and names without a suffix, with DICM at byte 128",
            "modality, study and series, and which tags identify a person",
            dataset=True,
        ),
        Domain("hdf5", 1, (H5PY,), "*.h5, *.hdf5, *.he5, *.hdf, *.nwb", "datasets and attributes"),
        Domain("netcdf", 1, (("netCDF4", "netCDF4"),), "*.nc, *.nc4, *.cdf", "dimensions, variables and CF names"),
        Domain("zarr", 1, ZARR, "files in folders *.zarr, and metadata of Zarr", "groups and arrays", dataset=True),
        Domain("ome-zarr", 1, (), "metadata of groups of Zarr", "axes, levels and channels"),
        Domain("fasta", 1, (BIOPYTHON,), "*.fasta, *.fa, *.fna, *.ffn, *.faa, *.frn, also .gz", "records and letters"),
        Domain("fastq", 1, (BIOPYTHON,), "*.fastq, *.fq, also .gz", "reads, lengths and quality"),
        Domain("bam", 1, (PYSAM,), "*.bam, *.cram, *.sam", "the header: references, samples, order"),
        Domain("vcf", 1, (PYSAM,), "*.vcf, *.vcf.gz, *.bcf", "the header: samples, contigs, fields"),
        Domain("tiff", 1, (("tifffile", "tifffile"),), "*.tif, *.tiff, *.btf, *.lsm, *.svs", "pages, shape and axes"),
        Domain("image", 1, (("PIL", "pillow"),), "*.jpg, *.jpeg, *.png, *.gif, *.bmp, *.webp", "size, mode and camera"),
        Domain("table", 1, (), "*.csv, *.tsv, also .gz; *.parquet", "rows, columns and types"),
    )
}


def is_domain(spec: str) -> bool:
    """Whether the configuration names a domain, not a function of the user."""
    return ":" not in spec


def find(spec: str) -> Domain:
    """The domain of a name.

    Raises:
        UsageError: if there is none.
    """
    if spec not in DOMAINS:
        hint = did_you_mean(spec, DOMAINS) or f": the domains are {', '.join(DOMAINS)}"
        raise UsageError(f"there is no domain {spec!r}, and a function of your own is FILE.py:FUNCTION{hint}")
    return DOMAINS[spec]


def check_installed(domain: Domain) -> None:
    """Returns if the packages of a domain are installed; imports none of them.

    Raises:
        MissingToolError: with the command that installs them.
    """
    missing = [package for module, package in domain.packages if importlib.util.find_spec(module) is None]
    if missing:
        needed = " ".join(package for _, package in domain.packages)
        raise MissingToolError(
            f"the metadata function {domain.name!r} needs {' and '.join(missing)}: run "
            f"`python -m pip install {needed}`, or remove it from `metadata`"
        )


def load_domain(domain: Domain, *, dataset: bool) -> Callable[..., Any]:
    """The function of a domain for files, or its function for the dataset, whose fields get one key, its name."""
    module = importlib.import_module(f"datacontainer.domains.{domain.name.replace('-', '_')}")
    if not dataset:
        function: Callable[..., Any] = module.metadata
        return function
    return lambda frame, folder: {domain.name: module.dataset(frame, folder)}


def with_domains(dataset_functions: Sequence[str], functions: Iterable[str]) -> tuple[str, ...]:
    """The functions for the dataset, and those of the domains among the functions for files."""
    domains = [spec for spec in functions if is_domain(spec) and spec in DOMAINS and DOMAINS[spec].dataset]
    return (*dataset_functions, *(spec for spec in domains if spec not in dataset_functions))


def recorded(functions: Iterable[str], on_error: str | None) -> tuple[str, ...]:
    """The functions whose failures are recorded instead of ending the run; without `on_error`, the domains."""
    return tuple(spec for spec in functions if (on_error or ("record" if is_domain(spec) else "stop")) == "record")
