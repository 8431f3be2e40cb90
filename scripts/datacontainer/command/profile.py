"""Profile: the profile of Snakemake that `pack --profile` names, the user's own or one of this repository."""

import os
from collections.abc import Iterator
from importlib.util import find_spec

import yaml

from datacontainer.runtime.errors import MissingToolError, UsageError
from datacontainer.runtime.sources import ROOT
from datacontainer.runtime.suggestions import did_you_mean


def resolve_profile(name: str) -> str:
    """Returns the value of Snakemake's --profile: `name` if Snakemake finds it, or the folder of ours with this name.

    Raises:
        UsageError: if there is no such profile.
        MissingToolError: if ours needs a plugin of Snakemake that is not installed.
    """
    from snakemake.cli import get_profile_dir
    from snakemake.common import get_appdirs

    if name and get_profile_dir(name):
        return name
    ours = {path.parent.name: path for path in sorted(ROOT.glob("profiles/*/profile.yaml"))}
    # Snakemake reads this profile only in the folder of the repository; it is for one machine.
    ours.pop("default", None)
    if name not in ours:
        places = get_appdirs()
        known = sorted({*ours, *filter(get_profile_dir, _folders(places.user_config_dir, places.site_config_dir))})
        raise UsageError(
            f"--profile {name!r} is no folder with a profile.yaml, and none of {', '.join(known)}"
            f"{did_you_mean(name, known)}"
        )
    executor = yaml.safe_load(ours[name].read_text(encoding="utf-8"))["executor"]
    if find_spec(f"snakemake_executor_plugin_{executor.replace('-', '_')}") is None:
        requirements = str(ROOT / "requirements-cluster.txt")
        raise MissingToolError(
            f"--profile {name} needs snakemake-executor-plugin-{executor}: run `pip install -r {requirements}`"
        )
    return str(ours[name].parent)


def _folders(*places: str) -> Iterator[str]:
    """The names in folders, of which some may not exist."""
    for place in filter(os.path.isdir, places):
        yield from os.listdir(place)
