"""Verify: reads the finished images and compares them with the catalog."""
