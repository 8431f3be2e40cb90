"""Fixtures: Snakemake's storage plugins, and a bucket of moto's server, which logs its requests."""

import os
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from tools.engines import require_library
from tools.servers import free_port, listens, serving

BUCKET = "bucket"
SETTINGS = {"SNAKEMAKE_STORAGE_S3_ACCESS_KEY": "access", "SNAKEMAKE_STORAGE_S3_SECRET_KEY": "secret"}


@dataclass(frozen=True)
class Bucket:
    """A bucket, with a client for it. environment: of a run of Snakemake that reads it."""

    endpoint: str
    client: Any
    log: Path
    environment: Mapping[str, str]

    def put(self, prefix: str, files: Mapping[bytes, bytes]) -> str:
        """Stores files below a prefix; returns its URL."""
        for path, content in files.items():
            self.client.put_object(Bucket=BUCKET, Key=f"{prefix}/{path.decode()}", Body=content)
        return f"s3://{BUCKET}/{prefix}"

    def taken(self) -> list[str]:
        """The keys of the objects that were read since the last call, once for each request."""
        text = self.log.read_text(errors="replace")
        self.log.write_text("")
        return [unquote(key) for key in re.findall(rf"GET /{BUCKET}/([^? ]+) HTTP/1\.1[^ ]* 20[06]", text)]


@pytest.fixture(scope="module")
def bucket(plugins: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bucket]:
    """An empty bucket; this process reads it too, with the plugin's variables."""
    boto3 = require_library("boto3")
    log, port = tmp_path_factory.mktemp("moto") / "log", free_port()
    endpoint = f"http://127.0.0.1:{port}"
    words = [Path(sys.executable).with_name("moto_server"), "-H", "127.0.0.1", "-p", str(port)]
    with pytest.MonkeyPatch.context() as patch, serving(words, lambda: listens(port), log):
        client = boto3.client(
            "s3", endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b"
        )
        client.create_bucket(Bucket=BUCKET)
        settings = {**SETTINGS, "SNAKEMAKE_STORAGE_S3_ENDPOINT_URL": endpoint}
        for name, value in settings.items():
            patch.setenv(name, value)
        # The plugin sets these when it is imported.
        for name in ("AWS_REQUEST_CHECKSUM_CALCULATION", "AWS_RESPONSE_CHECKSUM_VALIDATION"):
            patch.setenv(name, "when_required")
        patch.syspath_prepend(str(plugins))
        path = os.pathsep.join([str(plugins), os.environ.get("PYTHONPATH", "")])
        yield Bucket(endpoint, client, log, {**settings, "PYTHONPATH": path})
