"""SIF: the writer of the Singularity image format, and its signatures."""
