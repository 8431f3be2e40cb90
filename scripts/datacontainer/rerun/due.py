"""Due: why a step has to run again. Reads seals and file metadata, and changes nothing."""

from dataclasses import dataclass, field
from pathlib import Path

from datacontainer.config.dataset import Dataset
from datacontainer.config.results import Results
from datacontainer.rerun.graph import PACKER, Step, made_from
from datacontainer.rerun.keys import key
from datacontainer.runtime.seals import problems, read_seal
from datacontainer.scan.scan import fingerprint, read_state

# These run each time that somebody asks for them.
ALWAYS = ("rescan", "verify")
SHOWN_PROBLEMS = 3


@dataclass(frozen=True)
class Due:
    """Whether a step has to run; messages: lines for a person, empty where a key alone differs."""

    due: bool
    messages: tuple[str, ...] = ()


@dataclass
class Authority:
    """Decides, for the datasets of one results folder, which steps are due.

    packer: the packer's path. Each dataset is listed once at most.
    """

    packer: Path
    _states: dict[str, str | None] = field(default_factory=dict)
    _seen: dict[tuple[Path, int, int, str], Due] = field(default_factory=dict)

    def seal_of(self, step: Step, results: Results) -> Path:
        """The seal of a step."""
        return self.packer.with_name("packer.seal") if step == PACKER else results.seal(*step)

    def due(self, step: Step, dataset: Dataset, results: Results, *, look: bool = False) -> Due:
        """Whether `step` has to run. look: whether to list the dataset, for scan."""
        if step.stage in ALWAYS:
            return Due(True)
        found = self._by_seal(self.seal_of(step, results), key(step, dataset, results))
        if step.stage == "aggregate" and not found.due:
            # What reads the shards' files later waits for aggregate alone, and so for all jobs of hash.
            return Due(any(self.due(one, dataset, results).due for one in made_from(step, dataset, results)))
        if step.stage == "scan" and look and not found.due:
            return self._by_state(dataset, results)
        return found

    def _by_seal(self, path: Path, wanted: str) -> Due:
        """A step is due without a seal, with another key, or when a file is not as the seal says.

        The files of a seal are looked at once: only a job that writes a new seal changes them during a run.
        """
        try:
            status = path.stat()
        except OSError:
            return Due(True)
        known = (path, status.st_mtime_ns, status.st_ino, wanted)
        if known not in self._seen:
            self._seen[known] = _look(path, wanted)
        return self._seen[known]

    def _by_state(self, dataset: Dataset, results: Results) -> Due:
        """Scan is due when the dataset is not as the last scan found it, and when no packer is there to look at it."""
        if self.due(PACKER, dataset, results).due:
            return Due(True)
        if dataset.name not in self._states:
            self._states[dataset.name] = fingerprint(
                dataset.path, dataset.exclude, self.packer, symlinks=dataset.symlinks
            )
        state = self._states[dataset.name]
        if state is None or state == read_state(results.shards):
            return Due(False)
        return Due(True, (f"dataset {dataset.name!r} changed since the last scan; scanning it again",))


def _look(path: Path, wanted: str) -> Due:
    seal = read_seal(path)
    if seal is not None and seal.key != wanted:
        return Due(True)
    found = problems(path)
    shown = [f"{problem}; its stage runs again" for problem in found[:SHOWN_PROBLEMS]]
    if len(found) > SHOWN_PROBLEMS:
        shown.append(f"{len(found) - SHOWN_PROBLEMS} more files of the same stage are missing or changed")
    return Due(bool(found), tuple(shown))
