# Which files the targets stand for, and what to do with them next.


def stage_files():
    """The working files of every dataset that Snakemake must know by name."""
    names = "scan/shards.tsv aggregate/content.digest render"
    return expand("<results>/{dataset}/stages/{file}", dataset=SETTINGS.datasets, file=names.split())


def products(*formats):
    """The products of every dataset up to the given image formats, as far as its configuration asks for them."""
    paths = []
    for name, dataset in SETTINGS.datasets.items():
        paths += [f"<results>/{name}/{file}" for file in ("catalog.parquet", "dataset.json")]
        if formats:
            paths += [f"<results>/{name}/bin/{p.replace('/', '-')}/entrypoint" for p in dataset.platforms]
        if set(formats) & {"oci", "docker", "sif"}:
            paths += [f"<results>/{name}/oci/index.json", f"<results>/{name}/Dockerfile"]
        archives = {"docker": "docker.tar", "sif": "sif"}
        wanted = [suffix for format, suffix in archives.items() if format in formats and format in dataset.formats]
        paths += [f"<results>/{name}/{name}.{suffix}" for suffix in wanted]
    return paths


def print_next_steps():
    """Shows the lines to paste next."""
    lines = next_steps(SETTINGS.outdir, SETTINGS.datasets.values())
    if lines:
        print("\nNext, paste a line:", *lines, sep="\n  ", file=sys.stderr)
