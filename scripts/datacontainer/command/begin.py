"""Begin: one line for mistakes that Snakemake answers with a trace; profiles/default and `pack` start it."""

import logging
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from datacontainer.config.document import read_file
from datacontainer.config.targets import TARGETS
from datacontainer.runtime.errors import DataContainerError, UsageError
from datacontainer.runtime.interrupt import stop_at_ctrl_c
from datacontainer.runtime.outputs import check_writable

# Snakemake prints this before it reads the Snakefile.
ASSUMPTION = "Assuming unrestricted shared filesystem usage"


def begin(words: Sequence[str]) -> None:
    """Returns if Snakemake can read these words of its command line, and can write its cache.

    Raises:
        SystemExit: otherwise, after one line on stderr.
    """
    stop_at_ctrl_c()
    logging.getLogger("snakemake.logging").addFilter(lambda one: not one.getMessage().startswith(ASSUMPTION))
    try:
        for file in _values(words, "--configfile", "--configfiles"):
            _check_file(file)
        for word in _values(words, "--config", "-C"):
            if "=" not in word:
                raise UsageError(f"--config {word!r} is not NAME=VALUE{_target(word, '--config')}")
        cache = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
        check_writable(Path(cache), "Snakemake's cache", "XDG_CACHE_HOME")
        os.umask(mask := os.umask(0))
        if mask & 0o700:
            raise UsageError(f"umask is {mask:04o}: this run could not read the files that it writes: run `umask 022`")
    except DataContainerError as error:
        print(f"error: {error}", file=sys.stderr)
        raise SystemExit(error.exit_status) from error


def _check_file(file: str) -> None:
    try:
        read_file(file)
    except OSError as error:
        raise UsageError(f"--configfile {file!r}: {error.strerror}{_target(file, '--configfile')}") from error


def _target(word: str, option: str) -> str:
    return f": write the target {word!r} before {option}, which takes every word after it" if word in TARGETS else ""


def _values(words: Sequence[str], *options: str) -> Iterator[str]:
    """The values of the options: the word after `=`, and the words up to the next option."""
    taken = False
    for word in words:
        name, equals, value = word.partition("=")
        if word.startswith("-"):
            taken = name in options
        if taken and (equals or not word.startswith("-")):
            yield value if word.startswith("-") else word
