"""Texts that change with a base, for the keys of stages.

Every job imports this module, and few datasets have a base: what reads one is imported when it is needed.
"""

import json
import os
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

from datacontainer.runtime.errors import DataContainerError


def fingerprint(text: str) -> str:
    """A digest of the content of a base in files; "" for one in a registry, and if there is none."""
    from datacontainer.base.local import INDEX

    with suppress(DataContainerError, OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError):
        path = Path(text if os.path.exists(text) else text.rpartition(":")[0])
        file = path / INDEX if path.is_dir() else path
        status = file.stat()
        return _identity(text, (status.st_size, status.st_mtime_ns, status.st_ino))
    return ""


def base_record(folder: Path) -> str:
    """A text that changes with the prepared base in a folder; "" before it is written."""
    from datacontainer.base.local import INDEX

    with suppress(OSError, ValueError):
        return json.dumps(json.loads((folder / INDEX).read_bytes()), sort_keys=True)
    return ""


# A key is computed many times in a run, and an archive may be large.
@lru_cache
def _identity(text: str, _: tuple[int, int, int]) -> str:
    from datacontainer.base.local import open_local

    found = open_local(text)
    return found.identity if found else ""
