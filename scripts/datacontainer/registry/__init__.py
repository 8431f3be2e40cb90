"""Client of container registries."""
