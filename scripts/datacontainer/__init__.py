"""The stages of a data container's making, one module per stage; knows nothing of Snakemake."""
