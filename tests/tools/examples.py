"""The number of examples that Hypothesis tries."""

import os

from hypothesis import HealthCheck, Phase, settings

# If set, each run tries this number of new random examples; else the same examples in every run.
EXAMPLES = os.environ.get("EXAMPLES")
# `make test-long` tries all examples of a test, `make unit` a sixteenth, other runs a quarter.
SHARE, LEAST = (1, 5) if os.environ.get("LONG") else (16, 2) if os.environ.get("QUICK") else (4, 5)

# A mutant needs no smaller example after a failure; the search may take minutes.
PHASES = (Phase.explicit, Phase.generate) if os.environ.get("MUTANTS") else tuple(Phase)

# No deadline: a slow machine must not fail a test.
settings.register_profile(
    "datacontainer",
    deadline=None,
    derandomize=not EXAMPLES,
    max_examples=int(EXAMPLES or 100 // SHARE),
    print_blob=True,
    phases=PHASES,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
settings.load_profile("datacontainer")


def tried(full: int) -> settings:
    """Settings with this number of examples in `make test-long`, and a share of them in other runs."""
    return settings(max_examples=int(EXAMPLES or max(full // SHARE, LEAST)))
