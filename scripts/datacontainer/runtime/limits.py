"""Full disks, and limits of the system: the folder or the limit that an error is about, and what to change."""

import errno
import os
import re
import resource
import signal
import tempfile
from contextlib import suppress

# The least space on a disk that is not full, in bytes.
LITTLE = 1 << 16
# The names in a folder for temporary files, of Python, Go and this library, and in Go's cache; outdir may be in it too.
TEMPORARY = "/(tmp|go-build|go-link|gpg-|[0-9a-f]{2}/)"
FULL = {errno.ENOSPC: "the disk is full", errno.EDQUOT: "your quota of bytes or files on the disk is used up"}
LIMITS = {
    errno.EMFILE: ("open files", resource.RLIMIT_NOFILE, "-n"),
    errno.EFBIG: ("the size of a file", resource.RLIMIT_FSIZE, "-f"),
    errno.EAGAIN: ("processes and threads of a user", resource.RLIMIT_NPROC, "-u"),
}
TEXTS = {os.strerror(number).lower(): number for number in (*FULL, *LIMITS)}
TEXTS |= {"can't start new thread": errno.EAGAIN, "failed to create new os thread": errno.EAGAIN}
TEXTS |= {"sigxfsz": errno.EFBIG, "file size limit": errno.EFBIG}


def explained(text: str, number: int | None = None, *, path: str = "", cache: str = "") -> str:
    """Returns the text of an error, with the folder or the limit to change, if a full disk or a limit caused it.

    number: the errno; without it, the text must contain the message of an errno, and its line is returned. path: the
    file that could not be written. cache: Go's build cache, if Go fails; Go does not always name a full disk.
    """
    if number is None:
        found = [(line.strip(), TEXTS[one]) for line in text.splitlines() for one in TEXTS if one in line.lower()]
        text, number = found[0] if found else (text, None)
    if number in FULL or (number is None and cache and _space(cache) < LITTLE):
        where = _full(f"{text} {path}", {"GOCACHE": cache, "TMPDIR": tempfile.gettempdir()}, os.path.dirname(path))
        return f"{FULL[number or errno.ENOSPC]}: {text}; free space {where}, and run snakemake again"
    if number not in LIMITS:
        return text
    what, limit, option = LIMITS[number]
    most = resource.getrlimit(limit)[0] // (1024 if number == errno.EFBIG else 1)
    if most >= 0:
        return f"the limit of {what} is reached: {text}; `ulimit {option}` is {most}: raise it, and run snakemake again"
    return text + ("; set outdir to a file system that stores larger files" if number == errno.EFBIG else "")


def _full(text: str, places: dict[str, str], folder: str) -> str:
    """The folder to free, by its name in the text or by its free space, and the variable or key that sets another."""
    for variable, place in places.items():
        if place and re.search(re.escape(place) + TEMPORARY, text):
            return f"in {place!r}, or set {variable} to a folder on another disk"
    home = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    for variable, place in (places | {"XDG_CACHE_HOME": home}).items():
        if place and _space(place) < LITTLE:
            return f"in {place!r}, or set {variable} to a folder on another disk"
    if folder:
        return f"in {folder!r}, or set outdir to a folder on another disk"
    return f"in outdir and in {places['TMPDIR']!r}, or set outdir or TMPDIR to a folder on another disk"


def _space(folder: str) -> int:
    """The free bytes on the disk of a folder; 0 if the disk has no place for another file."""
    with suppress(OSError):
        found = os.statvfs(folder)
        return 0 if found.f_files and not found.f_favail else found.f_bavail * found.f_frsize
    return LITTLE


def peak_kilobytes() -> int:
    """The most memory that this process used, with that of a larger process that it started.

    The ru_maxrss of a smaller one may be memory of its parent.
    """
    with open("/proc/self/status") as status:
        (own,) = (int(line.split()[1]) for line in status if line.startswith("VmHWM"))
    started = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    return own + started if started > own else own


def ended(status: int) -> str:
    """Returns how a program ended, from its exit status or, if negative, its signal."""
    return f"exit status {status}" if status >= 0 else f"ended by a signal: {signal.strsignal(-status)}"


def not_started(program: str, error: OSError) -> str:
    """Returns why a program could not be started."""
    with suppress(OSError):
        if error.errno == errno.EACCES and os.statvfs(program).f_flag & os.ST_NOEXEC:
            return (
                f"{program!r} cannot be run: its file system is mounted with noexec; set outdir to a folder on another "
                "file system, on which programs may run"
            )
    if error.errno == errno.ENOEXEC:
        return (
            f"{program!r} is not a program for this machine: delete it, and run snakemake again on one kind of machine"
        )
    return explained(f"{program!r} cannot be run: {error.strerror}", error.errno, path=error.filename or "")
