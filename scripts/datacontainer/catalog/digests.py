"""The digests of a file, and the number of bytes of each; imports no library, as each job of hash imports it."""

DIGEST_BYTES = {"sha256": 32, "sha1": 20, "sha512": 64, "md5": 16, "crc32c": 4, "blake3": 32}
