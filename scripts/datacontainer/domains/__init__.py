"""Domains: metadata functions with a short name, one module for each, and the registry of them."""
