"""CRC-32C (Castagnoli), of a whole or of many stretches of the same length at once.

Source: RFC 3720, appendix B.4 has known answers; zlib.crc32 is another polynomial.
"""

from functools import cache

import numpy as np

POLYNOMIAL = 0x82F63B78
ONES = 0xFFFFFFFF


def crc32c(data: bytes | bytearray) -> int:
    """The checksum of some bytes, one by one: for thousands of them, not for millions."""
    table = _byte_table()
    register = ONES
    for byte in data:
        register = (register >> 8) ^ table[(register ^ byte) & 0xFF]
    return register ^ ONES


def crc32c_of_stretches(data: bytes, stretch_bytes: int) -> np.ndarray:
    """The checksum of each stretch of the data (uint32); the last stretch may be shorter.

    stretch_bytes: a multiple of 4.
    """
    count = len(data) // stretch_bytes
    words = np.frombuffer(data, "<u4", count * stretch_bytes // 4).reshape(count, stretch_bytes // 4)
    sums = _crc32c_of_rows(words)
    rest = data[count * stretch_bytes :]
    return np.append(sums, np.uint32(crc32c(rest))) if rest else sums


def _crc32c_of_rows(words: np.ndarray) -> np.ndarray:
    """The checksum of each row of words of 32 bits, all rows side by side."""
    low, high = _word_tables()
    registers = np.full(len(words), ONES, np.uint32)
    for column in np.ascontiguousarray(words.T):
        registers ^= column
        registers = low[registers & 0xFFFF] ^ high[registers >> 16]
    return registers ^ np.uint32(ONES)


@cache
def _byte_table() -> list[int]:
    """What 8 zero bits make of a register, by its lowest byte."""
    return [int(register) for register in _shifted(np.arange(1 << 8, dtype=np.uint32), 8)]


@cache
def _word_tables() -> tuple[np.ndarray, np.ndarray]:
    """What 32 zero bits make of a register, by its lower and by its upper half; the whole is the sum of both."""
    halves = np.arange(1 << 16, dtype=np.uint32)
    return _shifted(halves, 32), _shifted(halves << 16, 32)


def _shifted(registers: np.ndarray, bits: int) -> np.ndarray:
    for _ in range(bits):
        registers = (registers >> 1) ^ (registers & 1) * np.uint32(POLYNOMIAL)
    return registers
