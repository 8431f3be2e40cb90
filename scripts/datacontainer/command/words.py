"""Words of `get` and `ls`: the options of this program, and the flags of the entrypoint."""

import argparse
import os

from datacontainer.runtime.errors import UsageError
from datacontainer.runtime.interrupt import stop_with_a_line
from datacontainer.sources.source import Source, open_source

# The flags that need the files of the image, or start something in it.
REFUSED = ("cat", "export", "bagit", "verify", "self-check", "serve", "token", "access-log", "start", "run")


def read_words(given: argparse.Namespace) -> None:
    """Moves the options of this program from the words after REF to `given`.

    Raises:
        UsageError: if a flag needs the files, or has no value.
    """
    words, flags = iter(given.flags), []
    for word in words:
        option, equals, value = word.partition("=")
        key = option[2:].replace("-", "_")
        if not option.startswith("--") or not hasattr(given, key) or key in ("flags", "run", "source"):
            flags.append(word)
        elif option == "--plain-http":
            given.plain_http = True
        else:
            found = value if equals else next(words, None)
            if found is None:
                raise UsageError(f"{option} needs a value")
            setattr(given, key, found)
    for word in flags:
        name = word.lstrip("-").partition("=")[0]
        if word.startswith("-") and name in REFUSED:
            raise UsageError(f"-{name} needs the files: write `datacontainer get REF --output DIR`, or run the image")
    given.flags = flags


def opened(given: argparse.Namespace) -> Source:
    """Returns the source REF; Ctrl-C now ends the process.

    Raises:
        DataContainerError: if the source cannot be read.
    """
    stop_with_a_line()
    token = given.token or os.environ.get("DATACONTAINER_TOKEN", "")
    return open_source(given.source, plain_http=given.plain_http, token=token)
