"""Layers: how they are compressed and read."""
