"""The environment of the programs that stages run: nothing in it decides what they write."""

import os
import tempfile
from collections.abc import Mapping

# PATH and the LD_ variables let a program start. A home folder that is not absolute makes Go fail.
STARTING = ("PATH", "LD_LIBRARY_PATH", "LD_PRELOAD")


def program_environment(values: Mapping[str, str] | None = None, folders: tuple[str, ...] = ()) -> dict[str, str]:
    """The variables for a program: those of this process that let it start, HOME, TMPDIR, and `values`.

    All others are left out: Go, mksquashfs and gpg have variables for options, times, languages and debugging, which
    change the bytes that they write, or their messages. TMPDIR is the folder that this process uses, which exists.

    folders: further variables to pass, if their values are absolute paths.
    """
    passed = {name: os.environ[name] for name in STARTING if name in os.environ}
    passed |= {name: os.environ[name] for name in ("HOME", *folders) if os.environ.get(name, "").startswith("/")}
    return {**passed, "TMPDIR": tempfile.gettempdir(), "LC_ALL": "C", **(values or {})}
