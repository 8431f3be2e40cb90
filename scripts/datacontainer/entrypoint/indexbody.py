"""The body of an index: consecutive sections of items of a fixed width."""

from dataclasses import dataclass
from typing import IO

import numpy as np

ALIGNMENT = 8
# Size of a section's line in the head.
SECTION_BYTES = 24
# Numbers converted at a time.
BATCH_NUMBERS = 1 << 18


@dataclass(frozen=True)
class Section:
    """A section of the body; offset and size in bytes; width: bytes of an item, or 0 for text."""

    offset: int
    size: int
    width: int


class Body:
    """The sections written so far, each aligned to 8 bytes."""

    def __init__(self, file: IO[bytes]) -> None:
        """file: the body is written to it, from the start."""
        self.sections: list[Section] = []
        self.size = 0
        self._start = 0
        self._file = file

    def write(self, part: np.ndarray) -> None:
        """Appends bytes to the open section."""
        self.size += self._file.write(part.data)

    def end_section(self, width: int) -> int:
        """Ends the open section; returns its number. The next write opens a new section."""
        self.sections.append(Section(self._start, self.size - self._start, width))
        self.size += self._file.write(bytes(-self.size % ALIGNMENT))
        self._start = self.size
        return len(self.sections) - 1

    def add(self, items: np.ndarray, width: int) -> int:
        """Adds a section with the items; returns its number."""
        self.write(items)
        return self.end_section(width)

    def add_numbers(self, numbers: np.ndarray) -> int:
        """Adds a section with numbers (0 or more), as wide as the largest needs; returns the section's number."""
        width = width_for(int(numbers.max()) if len(numbers) else 0)
        for start in range(0, len(numbers), BATCH_NUMBERS):
            items = numbers[start : start + BATCH_NUMBERS].astype("<u8").view(np.uint8).reshape(-1, 8)
            self.write(np.ascontiguousarray(items[:, :width]))
        return self.end_section(width)


def width_for(number: int) -> int:
    """Returns the number of bytes that `number` needs, at least one."""
    return max(1, (number.bit_length() + 7) // 8)


def size_of(count: int, largest: int) -> int:
    """Returns the bytes of a section with `count` numbers up to `largest`, with padding."""
    size = count * width_for(largest)
    return size + -size % ALIGNMENT
