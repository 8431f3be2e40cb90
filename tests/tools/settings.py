"""Settings read with the workflow's schema."""

import yaml

from datacontainer.config.settings import Settings, read_settings
from tools.workflow import ROOT

SCHEMA = ROOT / "workflow/schemas/config.schema.yaml"


def read(text: str) -> Settings:
    """The settings of a configuration file's text."""
    return read_settings(yaml.safe_load(text) or {}, SCHEMA)
