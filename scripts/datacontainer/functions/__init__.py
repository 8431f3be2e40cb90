"""User functions: loaded, with the digests of their sources, and watched while they run."""
