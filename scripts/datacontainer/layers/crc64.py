"""CRC-64 of ISO 3309, as Go's hash/crc64 computes it with the table ISO.

The polynomial is x^64 + x^4 + x^3 + x + 1. Modulo it, x^(64 m) is x^(4 m) + x^(3 m) + x^m + 1 for m a power of two: the
first half of 2 m words is added to the second half at four places, which NumPy does for all words at once.
"""

# Contents of at most so many bytes are numbers of Python.
_SMALL = 1024
_WORD_BITS, _WORD_BYTES = 64, 8
_MASK = (1 << _WORD_BITS) - 1
# The bits of each byte in the opposite order.
_REVERSED = bytes(int(f"{one:08b}"[::-1], 2) for one in range(256))


class Crc64:
    """The checksum of all bytes so far."""

    def __init__(self) -> None:
        """Of no bytes."""
        self._state = _MASK

    def update(self, content: bytes) -> None:
        """Adds bytes."""
        if len(content) > _SMALL:
            content, self._state = _folded(content, self._state), 0
        value = int.from_bytes(content.translate(_REVERSED), "big")
        self._state = _reduced((value << _WORD_BITS) ^ (self._state << 8 * len(content)))

    def digest(self) -> bytes:
        """The checksum, the highest byte first."""
        return (self._state ^ _MASK).to_bytes(_WORD_BYTES, "big").translate(_REVERSED)[::-1]


def _folded(content: bytes, state: int) -> bytes:
    """_SMALL bytes with the same remainder as more bytes that begin in a state."""
    import numpy as np

    padded = bytearray(_WORD_BYTES << (-(-len(content) // _WORD_BYTES) - 1).bit_length())
    start = len(padded) - len(content)
    padded[start:] = content
    first = int.from_bytes(padded[start : start + _WORD_BYTES]) ^ int.from_bytes(
        state.to_bytes(_WORD_BYTES, "big").translate(_REVERSED)
    )
    padded[start : start + _WORD_BYTES] = first.to_bytes(_WORD_BYTES)
    words = np.frombuffer(padded, np.uint64)
    while len(words) * _WORD_BYTES > _SMALL:
        count = len(words) // 2
        high, low = words[:count], words[count:]
        # Of four shifts by 64 bits for each 64 words, all but the first move words out of the upper end of `low`.
        step = count // _WORD_BITS
        over = np.zeros(4 * step, np.uint64)
        low ^= high
        for shift in (step, 3 * step, 4 * step):
            low[: count - shift] ^= high[shift:]
            over[4 * step - shift :] ^= high[:shift]
        for shift in (0, step, 3 * step, 4 * step):
            low[count - 4 * step - shift : count - shift] ^= over
        words = low
    return words.tobytes()


def _reduced(value: int) -> int:
    """The remainder of a polynomial whose coefficients are the bits of a number."""
    words = 1 << (-(-value.bit_length() // _WORD_BITS)).bit_length()
    while words:
        bits = words * _WORD_BITS
        while high := value >> bits:
            value = (value & ((1 << bits) - 1)) ^ high ^ (high << words) ^ (high << 3 * words) ^ (high << 4 * words)
        words //= 2
    return value
