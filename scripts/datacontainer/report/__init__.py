"""Report: a page and a table about a dataset and its images."""
