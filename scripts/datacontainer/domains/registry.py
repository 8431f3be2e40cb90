"""The domains: metadata functions that the configuration names without a file, as in `metadata: [bids]`.

Every job imports this module, with or without functions.
"""

import importlib
import importlib.util
from collections.abc import Callable, Iterable, Sequence
from functools import cache, partial
from typing import Any, NamedTuple

from datacontainer.runtime.errors import MissingToolError, UsageError

LONGEST_SUFFIX = 16
NO_VALUES: tuple[Any, ...] = (None, "", [], {})


class Domain(NamedTuple):
    """A domain, whose module has `metadata(path)` or `metadata(path, folder)`, which returns fields without prefix.

    version: is raised when the fields of an unchanged file change; all files are then read again. packages: pairs of
    a module to import and the package to install. suffixes: of the files that it reads; "" if it recognizes them by
    other means. dataset: whether the module also has `dataset(frame, folder)`.
    """

    name: str
    version: int
    packages: tuple[tuple[str, str], ...] = ()
    suffixes: str = ""
    dataset: bool = False


H5PY, PYSAM, BIOPYTHON = ("h5py", "h5py"), ("pysam", "pysam"), ("Bio", "biopython")
BIDS = (("bidsschematools", "bidsschematools"), ("bids_validator_deno", "bids-validator-deno"))
FASTA = ".fasta .fa .fna .ffn .faa .frn .fasta.gz .fa.gz .fna.gz .ffn.gz .faa.gz .frn.gz"
DOMAINS = {
    one.name: one
    for one in (
        Domain("bids", 1, BIDS, dataset=True),
        Domain("nifti", 1, (("nibabel", "nibabel"),), ".nii .nii.gz"),
        Domain("dicom", 1, (("pydicom", "pydicom"),), dataset=True),
        Domain("hdf5", 1, (H5PY,), ".h5 .hdf5 .he5 .hdf .nwb"),
        Domain("netcdf", 1, (("netCDF4", "netCDF4"),), ".nc .nc4 .cdf"),
        Domain("zarr", 1, (("zarr", "zarr"),), dataset=True),
        Domain("ome-zarr", 1, (), "zarr.json .zattrs"),
        Domain("fasta", 1, (BIOPYTHON,), FASTA),
        Domain("fastq", 1, (BIOPYTHON,), ".fastq .fq .fastq.gz .fq.gz"),
        Domain("bam", 1, (PYSAM,), ".bam .cram .sam"),
        Domain("vcf", 1, (PYSAM,), ".vcf .vcf.gz .vcf.bgz .bcf"),
        Domain("tiff", 1, (("tifffile", "tifffile"),), ".tif .tiff .btf .lsm .svs"),
        Domain("image", 1, (("PIL", "pillow"),), ".jpg .jpeg .png .gif .bmp .webp"),
        Domain("table", 1, (), ".csv .tsv .csv.gz .tsv.gz .parquet"),
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
        from datacontainer.runtime.suggestions import did_you_mean

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
        raise MissingToolError(
            f"the domain {domain.name!r} needs {' and '.join(missing)}: run `python -m pip install "
            f"{' '.join(missing)}`, or remove the domain from `metadata`"
        )


def load_domain(domain: Domain, *, dataset: bool) -> Callable[[Any, str], dict[str, Any]]:
    """The function of a domain for files, or its function for the dataset, whose fields get one key, its name.

    The function for files returns {} for a file without a suffix of the domain, and does not open it. It makes values
    plain, leaves out empty ones, and gives the fields the name of the domain as prefix, except those of BIDS. The
    library is imported for the first file of the domain: some need a second, and each shard has a process.
    """
    from datacontainer.domains.bounds import plain

    short = domain.name.replace("-", "_")
    module = cache(partial(importlib.import_module, f"datacontainer.domains.{short}"))
    if dataset:
        return lambda frame, folder: {domain.name: module().dataset(frame, folder)}
    suffixes, prefix = tuple(domain.suffixes.split()), "" if domain.name == "bids" else f"{short}_"

    def metadata(path: str, folder: str) -> dict[str, Any]:
        if suffixes and not path[-LONGEST_SUFFIX:].lower().endswith(suffixes):
            return {}
        function = module().metadata
        found = function(*(path, folder)[: function.__code__.co_argcount])
        return {f"{prefix}{name}": plain(value) for name, value in found.items() if value not in NO_VALUES}

    return metadata


def with_domains(dataset_functions: Sequence[str], functions: Iterable[str]) -> tuple[str, ...]:
    """The functions for the dataset, and those of the domains among the functions for files."""
    domains = [spec for spec in functions if spec in DOMAINS and DOMAINS[spec].dataset]
    return tuple(dict.fromkeys([*dataset_functions, *domains]))


def recorded(functions: Iterable[str], on_error: str | None) -> tuple[str, ...]:
    """The functions whose failures are recorded instead of ending the run; without `on_error`, the domains."""
    return tuple(spec for spec in functions if (on_error or ("record" if is_domain(spec) else "stop")) == "record")
