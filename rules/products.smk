# Which files the targets stand for, and what to do with them next.


def products(*formats):
    """The products of every dataset up to the given image formats, as far as its configuration asks for them.

    The working files that a checkpoint makes are among them: one that is missing, as a failed run deletes it, is otherwise
    no reason for Snakemake to look at what depends on it. The packer's checkpoint has to be known from the start.
    """
    paths = ["<results>/.datacontainer/packer"]
    for name, dataset in SETTINGS.datasets.items():
        folder = f"<results>/{name}"
        paths += [f"{folder}/stages/{file}" for file in ("scan/shards.tsv", "aggregate/content.digest")]
        paths += [f"{folder}/{file}" for file in ("catalog.parquet", "dataset.json")]
        if formats:
            paths += [f"{folder}/stages/render"]
            paths += [f"{folder}/bin/{platform}/entrypoint" for platform in dataset.platform_folders]
        if set(formats) & {"oci", "docker", "sif"}:
            paths += [f"{folder}/oci/{file}" for file in ("index.json", "manifest.json", "oci-layout")]
            paths += [f"{folder}/{file}" for file in ("Dockerfile", ".dockerignore")]
            paths += [f"{folder}/attestations"] if dataset.attest else []
        archives = {"docker": "docker.tar", "sif": "sif"}
        wanted = [suffix for format, suffix in archives.items() if format in formats and format in dataset.formats]
        paths += [f"{folder}/{name}.{suffix}" for suffix in wanted]
    return paths


def print_next_steps():
    """Shows the lines to paste next."""
    lines = next_steps(SETTINGS.outdir, SETTINGS.datasets.values())
    if lines:
        print("\nNext, paste a line:", *lines, sep="\n  ", file=sys.stderr)
