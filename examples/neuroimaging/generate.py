"""Writes a BIDS dataset of three subjects and two tasks. Needs nibabel: python generate.py FOLDER."""

import json
import sys
from pathlib import Path

import nibabel
import numpy as np

DESCRIPTION = {
    "Name": "Faces and rest, a toy study",
    "BIDSVersion": "1.10.0",
    "DatasetType": "raw",
    "License": "CC0",
    "Authors": ["Ada Example", "Ben Example"],
}
COLUMNS = {
    "age": {"Description": "Age of the participant", "Units": "years"},
    "sex": {"Description": "Sex as reported", "Levels": {"F": "female", "M": "male"}},
}
PARTICIPANTS = "participant_id\tage\tsex\nsub-01\t24\tF\nsub-02\t31\tM\nsub-03\t28\tF\n"
# The third subject left before the resting scan.
TASKS = {"01": ["faces", "rest"], "02": ["faces", "rest"], "03": ["faces"]}
SECONDS = {"faces": 2.0, "rest": 1.5}
README = """A toy study in BIDS: anatomical and functional scans of three subjects, filled with random numbers.

The dataset is an example for datacontainer. It contains no measurement of a person.
"""


def write_image(file, shape, zooms, chance):
    """Writes a compressed NIfTI image of random 16-bit numbers."""
    file.parent.mkdir(parents=True, exist_ok=True)
    affine = np.diag([*zooms[:3], 1.0])
    image = nibabel.Nifti1Image(chance.integers(0, 50, shape, dtype=np.int16), affine)
    image.header.set_zooms(zooms)
    image.header.set_xyzt_units("mm", "sec")
    nibabel.save(image, file)


def write_events(file, chance):
    """Writes the stimuli of a run with the subject's response times."""
    rows = [f"{4 * n}.0\t1.0\t{'happy' if n % 2 else 'fearful'}\t{chance.uniform(0.4, 0.9):.3f}" for n in range(4)]
    file.write_text("\n".join(["onset\tduration\ttrial_type\tresponse_time", *rows, ""]))


def generate(folder):
    """Fills the folder with the dataset."""
    chance = np.random.default_rng(15)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "README").write_text(README)
    (folder / "participants.tsv").write_text(PARTICIPANTS)
    texts = {"dataset_description": DESCRIPTION, "participants": COLUMNS}
    for task, seconds in SECONDS.items():
        texts[f"task-{task}_bold"] = {"TaskName": task, "RepetitionTime": seconds}
    for name, content in texts.items():
        (folder / f"{name}.json").write_text(json.dumps(content, indent=2) + "\n")
    for subject, tasks in TASKS.items():
        start = folder / f"sub-{subject}"
        write_image(start / f"anat/sub-{subject}_T1w.nii.gz", (10, 12, 10), (1.0, 1.0, 1.0), chance)
        for task in tasks:
            name = start / f"func/sub-{subject}_task-{task}"
            # The scan of subject 02 at rest was stopped early.
            volumes = 5 if (subject, task) == ("02", "rest") else 8
            write_image(Path(f"{name}_bold.nii.gz"), (6, 6, 4, volumes), (3.0, 3.0, 3.5, SECONDS[task]), chance)
            if task == "faces":
                write_events(Path(f"{name}_events.tsv"), chance)


if __name__ == "__main__":
    generate(Path(sys.argv[1]))
