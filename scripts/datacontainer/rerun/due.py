"""Due: whether a step must run, and why. Reads seals and file metadata, and writes nothing."""

from dataclasses import dataclass, field
from pathlib import Path

from datacontainer.config.dataset import Dataset
from datacontainer.config.results import Results
from datacontainer.rerun.graph import PACKER, Step, made_from, shards_of
from datacontainer.rerun.keys import key
from datacontainer.runtime.seals import problems, read_seal

# These stages run whenever they are requested.
ALWAYS = ("rescan", "verify")
SHOWN_PROBLEMS = 3


@dataclass(frozen=True)
class Due:
    """Whether a step must run. messages: the reasons, if files changed; empty if the key differs or is missing."""

    due: bool
    messages: tuple[str, ...] = ()


@dataclass
class Authority:
    """Decides which steps must run, for the datasets with one outdir; caches its results, so one exists per run.

    packer: the path of the packer. Each dataset is listed at most once.
    """

    packer: Path
    _fingerprints: dict[str, str | None] = field(default_factory=dict)
    _by_key: dict[tuple[Path, int, int, str], Due] = field(default_factory=dict)

    def seal_of(self, step: Step, results: Results) -> Path:
        """Path of the seal of a step."""
        stage = "hash" if step.stage == "shard" else step.stage
        return self.packer.with_name("packer.seal") if step == PACKER else results.seal(stage, step.part)

    def due(self, step: Step, dataset: Dataset, results: Results, *, look: bool = False) -> Due:
        """Returns whether `step` must run. look: list the dataset, to find out whether scan must run."""
        if step.stage in ALWAYS:
            return Due(True)
        found = self._by_seal(self.seal_of(step, results), key(step, dataset, results))
        if step.stage == "hash":
            return self._by_shards(found, step, dataset, results)
        if step.stage == "aggregate" and not found.due:
            # Later stages read the shards' files but wait only for aggregate, so aggregate runs if a job of hash runs.
            return Due(any(self.due(one, dataset, results).due for one in made_from(step, dataset, results)))
        if step.stage == "scan" and look and not found.due:
            return self._by_fingerprint(dataset, results)
        return found

    def due_shards(self, batch: str, dataset: Dataset, results: Results) -> list[str]:
        """Returns the shards of a batch that a job must hash: those that are due or, if the user forced it, all.

        If no shard is due, the user forced the job, unless an earlier job was killed before it sealed the batch.
        """
        shards = shards_of(Step("hash", batch), results)
        due = [one.part for one in shards if self.due(one, dataset, results).due]
        return due if due or results.unfinished(batch).exists() else [one.part for one in shards]

    def _by_shards(self, found: Due, step: Step, dataset: Dataset, results: Results) -> Due:
        """Returns that a batch must run if one of its shards must."""
        shards = [self.due(one, dataset, results) for one in shards_of(step, results)]
        messages = [message for one in shards for message in one.messages]
        return Due(found.due or any(one.due for one in shards), (*found.messages, *messages))

    def _by_seal(self, path: Path, wanted: str) -> Due:
        """Returns that a step must run if its seal is missing, has a different key, or differs from the files.

        The files of a seal are compared once: during a run, they change only in a job that writes a new seal.
        """
        try:
            status = path.stat()
        except OSError:
            return Due(True)
        known = (path, status.st_mtime_ns, status.st_ino, wanted)
        if known not in self._by_key:
            self._by_key[known] = _compare(path, wanted)
        return self._by_key[known]

    def _by_fingerprint(self, dataset: Dataset, results: Results) -> Due:
        """Returns that scan must run if the dataset changed since the last scan, or if no packer can list it."""
        # Only the planning of a run needs this import, which includes NumPy.
        from datacontainer.scan.scan import fingerprint, read_state

        if self.due(PACKER, dataset, results).due:
            return Due(True)
        if dataset.name not in self._fingerprints:
            self._fingerprints[dataset.name] = fingerprint(
                dataset.path, dataset.exclude, self.packer, symlinks=dataset.symlinks, defaults=dataset.left_out
            )
        current = self._fingerprints[dataset.name]
        if current is None or current == read_state(results.shards):
            return Due(False)
        return Due(True, (f"dataset {dataset.name!r} changed since the last scan; scanning it again",))


def _compare(path: Path, wanted: str) -> Due:
    seal = read_seal(path)
    if seal is not None and seal.key != wanted:
        return Due(True)
    found = problems(path)
    shown = [f"{problem}; its stage runs again" for problem in found[:SHOWN_PROBLEMS]]
    if len(found) > SHOWN_PROBLEMS:
        shown.append(f"{len(found) - SHOWN_PROBLEMS} more files of this stage are missing or changed")
    return Due(bool(found), tuple(shown))
