"""Image: the OCI image layout, the archive for `docker load`, the Dockerfile and the attestations."""
