"""Entrypoint: its Go source and its index, rendered and compiled."""
