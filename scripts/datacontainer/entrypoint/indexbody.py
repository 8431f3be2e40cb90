"""The body of an index: sections of items of a fixed width, one behind the other in a file."""

from dataclasses import dataclass
from typing import IO

import numpy as np

ALIGNMENT = 8
# A section's line in the head.
SECTION_BYTES = 24
# Numbers are narrowed so many at a time.
BATCH_NUMBERS = 1 << 18


@dataclass(frozen=True)
class Section:
    """A stretch of the body; width is that of an item, or 0 for text."""

    offset: int
    size: int
    width: int


class Body:
    """The sections written so far, each at a multiple of 8 bytes."""

    def __init__(self, file: IO[bytes]) -> None:
        """file: takes the body from its start."""
        self.sections: list[Section] = []
        self.size = 0
        self._start = 0
        self._file = file

    def write(self, part: np.ndarray) -> None:
        """Appends bytes to the section that is not ended yet."""
        self.size += self._file.write(part.data)

    def end_section(self, width: int) -> int:
        """The number of the section that holds what was written since the last one ended."""
        self.sections.append(Section(self._start, self.size - self._start, width))
        self.size += self._file.write(bytes(-self.size % ALIGNMENT))
        self._start = self.size
        return len(self.sections) - 1

    def add(self, items: np.ndarray, width: int) -> int:
        """The number of a new section that holds the items as they are."""
        self.write(items)
        return self.end_section(width)

    def add_numbers(self, numbers: np.ndarray) -> int:
        """The number of a new section that holds the numbers, which are not negative, as wide as the largest needs."""
        width = width_for(int(numbers.max()) if len(numbers) else 0)
        for start in range(0, len(numbers), BATCH_NUMBERS):
            items = numbers[start : start + BATCH_NUMBERS].astype("<u8").view(np.uint8).reshape(-1, 8)
            self.write(np.ascontiguousarray(items[:, :width]))
        return self.end_section(width)


def width_for(number: int) -> int:
    """How many bytes the number takes, at least one."""
    return max(1, (number.bit_length() + 7) // 8)


def size_of(count: int, largest: int) -> int:
    """How many bytes of the body that many numbers take."""
    size = count * width_for(largest)
    return size + -size % ALIGNMENT
