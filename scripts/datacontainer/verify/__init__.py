"""Verify: compares the finished images with the catalog."""
