"""Hash: reads each file of a shard once, for its digests, its fields, and the layer of the shard."""
