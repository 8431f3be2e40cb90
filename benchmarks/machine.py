"""The machine of a benchmark: its processor, memory, disk and programs, and whether it is quiet."""

import hashlib
import os
import platform
import re
import shutil
import statistics
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

LOOPS, LOOP_BYTES = 100, 4 << 20
FEATURES = ("sha_ni", "avx512f", "avx2", "sha2")
PROGRAMS = ("snakemake", "go", "tar", "openssl", "sha256sum", "mksquashfs", "apptainer", "docker", "skopeo")


def description(folder: Path) -> str:
    """One paragraph: the processor and its features, cores, memory, the file system of a folder, and versions."""
    text = Path("/proc/cpuinfo").read_text()
    model = re.search(r"(?m)^model name\s*:\s*(.*)$", text)
    flags = set(re.findall(r"(?m)^(?:flags|Features)\s*:\s*(.*)$", text)[0].split())
    features = ", ".join(one for one in FEATURES if one in flags) or "none of " + ", ".join(FEATURES)
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30
    disk = _printed("df", "--output=source,fstype", folder).splitlines()[-1].split()
    parts = [f"{model[1] if model else platform.machine()} ({features})", f"{os.cpu_count()} cores"]
    parts += [f"{memory:.0f} GiB of memory", f"{disk[1]} on {disk[0]}", f"Linux {platform.release()}"]
    return (
        f"{'; '.join(parts)}. Python {platform.python_version()}, {', '.join(filter(None, map(_version, PROGRAMS)))}."
    )


def _version(program: str) -> str:
    if shutil.which(program) is None:
        return f"no {program}"
    asked = {"go": "version", "openssl": "version", "mksquashfs": "-version"}.get(program, "--version")
    found = re.search(r"\d+\.\d[\w.]*", _printed(program, asked))
    return f"{program} {found[0]}" if found else program


def _printed(*words: str | Path) -> str:
    return subprocess.run(words, capture_output=True, text=True, check=False).stdout


def spread() -> float:
    """The spread of a short loop on all cores at the same time: from the 5th to the 95th percentile, by the median."""
    cores = os.cpu_count() or 1
    with ThreadPoolExecutor(cores) as threads:
        times = sorted(one for found in threads.map(_loops, range(cores)) for one in found)
    return (times[len(times) * 19 // 20] - times[len(times) // 20]) / statistics.median(times)


def _loops(_: int) -> list[float]:
    content, times = bytes(LOOP_BYTES), []
    for _ in range(LOOPS):
        began = time.perf_counter()
        hashlib.sha256(content)
        times.append(time.perf_counter() - began)
    return times


def load() -> float:
    """The average number of processes that ran in the last minute, for each core."""
    return os.getloadavg()[0] / (os.cpu_count() or 1)
