"""How many examples Hypothesis tries."""

import os

from hypothesis import HealthCheck, settings

# Any number of other examples in every run; without it, the same in every run.
EXAMPLES = os.environ.get("EXAMPLES")
# `make test-long` tries as many as a test asks for; else a quarter will do.
SHARE = 1 if os.environ.get("LONG") else 4

# A slow machine is not a fault.
settings.register_profile(
    "datacontainer",
    deadline=None,
    derandomize=not EXAMPLES,
    max_examples=int(EXAMPLES or 100 // SHARE),
    print_blob=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
settings.load_profile("datacontainer")


def tried(full: int) -> settings:
    """So many examples in the long run of the tests, and a share of them in others."""
    return settings(max_examples=int(EXAMPLES or max(full // SHARE, 5)))
