"""Each stage, with a call on a product that fails: one line names the file, and no incomplete file is left."""

import os
import random

from tools.injection import Sweep, small_project

# Of each stage; `make faults` tries all with tests/tools/injection.py.
FAULTS = 1


def test_stages_whose_writes_syncs_and_renames_fail_name_the_file_and_complete_later(tmp_path):
    chance = random.Random(int(os.environ.get("SEED", "1")))
    sweep = Sweep.of(small_project(tmp_path, "gzip"))
    stages = [stage for stage in sweep.commands if stage != "compile_packer"]
    assert len(stages) > 10
    for stage in stages:
        sweep.sweep(stage, chance.sample(sweep.faults(stage), FAULTS))
    assert sweep.wrong == []
    assert len(sweep.tried) > len(stages) / 2
