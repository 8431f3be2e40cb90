"""About a dataset: title, authors, license and more, from the configuration or from the dataset's own files."""
