# Which files the targets stand for, and what to do with them next.
import re


def products(*formats):
    """The products of every dataset up to the given image formats, as far as its configuration asks for them.

    The working files that a checkpoint makes are among them: one that is missing, as a failed run deletes it, is otherwise
    no reason for Snakemake to look at what depends on it. The packer's checkpoint has to be known from the start. A seal
    is missing where a stage's files are not as it left them.
    """
    paths = ["<results>/.datacontainer/packer", "<results>/.datacontainer/packer.seal"]
    for name, dataset in SETTINGS.datasets.items():
        folder = f"<results>/{name}"
        seals = ["scan", "aggregate"]
        paths += [f"{folder}/stages/{file}" for file in ("scan/shards.tsv", "aggregate/content.digest")]
        paths += [f"{folder}/{file}" for file in ("catalog.parquet", "dataset.json")]
        if formats:
            paths += [f"{folder}/stages/render"]
            seals += ["render", *(f"compile-{platform}" for platform in dataset.platform_folders)]
            paths += [f"{folder}/bin/{platform}/entrypoint" for platform in dataset.platform_folders]
        if dataset.rescan == "full":
            paths += [f"{folder}/stages/rescan/report.json"]
        if set(formats) & {"oci", "docker", "sif"} and dataset.formats:
            paths += [f"{folder}/oci/{file}" for file in ("index.json", "manifest.json", "oci-layout")]
            paths += [f"{folder}/{file}" for file in ("Dockerfile", ".dockerignore")]
            paths += [f"{folder}/attestations"] if dataset.attest else []
            seals += ["assemble", *(["attest"] if dataset.attest else [])]
        archives = {"docker": ("docker.tar", "assemble_archive"), "sif": ("sif", "convert")}
        for suffix, stage in (archives[one] for one in archives if one in formats and one in dataset.formats):
            paths += [f"{folder}/{name}.{suffix}"]
            seals += [stage]
        if "report" in formats and dataset.formats:
            paths += [f"{folder}/{file}" for file in ("report.html", "report.tsv", "history.tsv")]
            seals += ["report"]
        paths += [f"{folder}/stages/seals/{stage}.seal" for stage in seals]
    return paths


def names_of_datasets(images):
    """A wildcard's constraint: the datasets of which images are wanted, or of which none is."""
    names = [re.escape(name) for name, dataset in SETTINGS.datasets.items() if bool(dataset.formats) == images]
    return "|".join(names) or "(?!)"


def print_next_steps():
    """Shows the lines to paste next."""
    lines = next_steps(SETTINGS.outdir, SETTINGS.datasets.values())
    if lines:
        print("\nNext, paste a line:", *lines, sep="\n  ", file=sys.stderr)
    for line in left_over(SETTINGS.outdir, SETTINGS.datasets.values()):
        print(line, file=sys.stderr)
