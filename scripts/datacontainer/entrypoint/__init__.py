"""Entrypoint: renders and compiles the Go program of a dataset, and writes its index."""
