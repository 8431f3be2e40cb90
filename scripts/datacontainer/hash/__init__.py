"""Hash: each file of a shard is read once; its digests, its fields, its bytes in the shard's layer."""
