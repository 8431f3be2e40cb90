"""Layers: compression and reading of layers."""
