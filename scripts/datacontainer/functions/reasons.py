"""Reasons: the error of a function as the catalog records it, equal in every folder and at every time."""

import os
import re

MOST_CHARACTERS, MOST_READ = 200, 10_000
# The folders of an absolute path, or an open file; and the address of an object.
FOLDERS = re.compile(r"""(?<![\w.:/~-])/(?:proc/self/fd/\d+|(?:[^/\s'"<>]+/)+)""")
ADDRESS = re.compile(r"\b0x[0-9a-fA-F]{4,}")


def reason(error: BaseException, root: str) -> str:
    """The type and the text of an error on one line, without addresses and absolute paths. root: of the dataset."""
    try:
        text = str(error)[:MOST_READ]
    except BaseException:  # noqa: BLE001
        text = ""
    text = text.replace(os.path.join(root, ""), "")
    text = ADDRESS.sub("0x…", FOLDERS.sub("", text)).encode("utf-8", "backslashreplace").decode()
    text = " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
    text = text if len(text) <= MOST_CHARACTERS else text[: MOST_CHARACTERS - 1] + "…"
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def recorded_name(spec: str) -> str:
    """The name of a function without the folder of its file."""
    return os.path.basename(spec)
