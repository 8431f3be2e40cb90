"""Storage: datasets in the storage of a Snakemake plugin: their list of files, and their contents as a stream."""
