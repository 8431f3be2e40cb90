"""Attach: adds files to an ELF program, as a segment that the kernel maps into memory when it starts the program.

Source: the ELF format of 64 bits, elf(5).
"""

import struct
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from datacontainer.runtime.outputs import copy_into, open_program

# The mark of the variable `place` in templates/entrypoint/attached; the address and the size follow it.
MARK = bytes.fromhex("d1a7ac0f7a1e2590 4bc3e8365df2816a")
PLACE = struct.Struct("<QQ")
# The offsets of e_phoff and e_shoff, and of e_phnum, e_shentsize, e_shnum and e_shstrndx in the ELF header.
TABLES, TABLES_AT = struct.Struct("<QQ"), 32
COUNTS, COUNTS_AT = struct.Struct("<HHHH"), 56
HEADER_BYTES = 64
LOAD, PROGRAM_HEADERS, PROGBITS, NOBITS, ALLOCATED, READABLE = 1, 6, 1, 8, 2, 4
NAME = b".attached\0"
PAGE = 4096


class Segment(NamedTuple):
    """A line of the table of segments (Elf64_Phdr)."""

    type: int
    flags: int
    offset: int
    address: int
    physical: int
    file_bytes: int
    memory_bytes: int
    alignment: int


class Section(NamedTuple):
    """A line of the table of sections (Elf64_Shdr)."""

    name: int
    type: int
    flags: int
    address: int
    offset: int
    size: int
    link: int
    info: int
    alignment: int
    item_bytes: int


SEGMENT, SECTION = struct.Struct("<IIQQQQQQ"), struct.Struct("<IIQQQQIIQQ")


def attach(program: bytes, parts: Sequence[Path], target: Path) -> None:
    """Writes a program that Go built to `target`, with the content of the files `parts` after it.

    The place of the parts is written into the program's variable; a program that does not use the package `attached`
    has none, and gets no parts. The tables of segments and sections get a line each, for which Go's linker leaves room
    before the code.
    """
    content = bytearray(program)
    if MARK in content:
        segments, sections, names = _tables(content)
        content += NAME
        content += bytes(-len(content) % PAGE)
        segment = _segment(segments, len(content), sum(part.stat().st_size for part in parts))
        last = max(number for number, one in enumerate(segments) if one.type == LOAD)
        segments.insert(last + 1, segment)
        _write_tables(content, segments, sections, names, segment)
        PLACE.pack_into(content, content.index(MARK) + len(MARK), segment.address, segment.file_bytes)
    with open_program(target) as file:
        file.write(content)
        for part in parts if MARK in content else ():
            copy_into(part, file)


def _tables(content: bytearray) -> tuple[list[Segment], list[Section], int]:
    """The segments, the sections, and the number of the section with the names, which is the end of the file."""
    segments_at, sections_at = TABLES.unpack_from(content, TABLES_AT)
    segment_count, _, section_count, names = COUNTS.unpack_from(content, COUNTS_AT)
    segments = [
        Segment._make(SEGMENT.unpack_from(content, segments_at + number * SEGMENT.size))
        for number in range(segment_count)
    ]
    sections = [
        Section._make(SECTION.unpack_from(content, sections_at + number * SECTION.size))
        for number in range(section_count)
    ]
    used = min(one.offset for one in sections if one.size and one.type != NOBITS)
    needed = HEADER_BYTES + (len(segments) + 1) * SEGMENT.size + (len(sections) + 1) * SECTION.size
    end = sections[names].offset + sections[names].size
    if (segments_at, sections_at) != (HEADER_BYTES, HEADER_BYTES + len(segments) * SEGMENT.size):
        raise ValueError("the tables of the program are not where Go's linker writes them")
    if needed > used or end != len(content):
        raise ValueError("the program has no room for another segment")
    return segments, sections, names


def _segment(segments: list[Segment], offset: int, size: int) -> Segment:
    """A read-only segment of the bytes from `offset` to the end of the file, at the first free address."""
    loaded = [one for one in segments if one.type == LOAD]
    alignment = max(one.alignment for one in loaded)
    free = max(one.address + one.memory_bytes for one in loaded)
    # The address and the offset must be equal modulo the alignment.
    address = free + (offset - free) % alignment
    return Segment(LOAD, READABLE, offset, address, address, size, size, alignment)


def _write_tables(
    content: bytearray, segments: list[Segment], sections: list[Section], names: int, attached: Segment
) -> None:
    table_bytes = len(segments) * SEGMENT.size
    segments = [
        one._replace(file_bytes=table_bytes, memory_bytes=table_bytes) if one.type == PROGRAM_HEADERS else one
        for one in segments
    ]
    name = sections[names].size
    sections[names] = sections[names]._replace(size=name + len(NAME))
    place = (attached.address, attached.offset, attached.file_bytes)
    sections.append(Section(name, PROGBITS, ALLOCATED, *place, link=0, info=0, alignment=PAGE, item_bytes=0))
    tables = b"".join([*(SEGMENT.pack(*one) for one in segments), *(SECTION.pack(*one) for one in sections)])
    content[HEADER_BYTES : HEADER_BYTES + len(tables)] = tables
    TABLES.pack_into(content, TABLES_AT, HEADER_BYTES, HEADER_BYTES + table_bytes)
    COUNTS.pack_into(content, COUNTS_AT, len(segments), SECTION.size, len(sections), names)
