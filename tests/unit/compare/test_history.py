"""The line of an image in the history of a tag."""

import pytest

from datacontainer.compare.containers import Container
from datacontainer.compare.history import State


def container(**numbers: int) -> Container:
    labels = {f"io.datacontainer.dataset.{name}": str(number) for name, number in numbers.items()}
    return Container("host/a:1", "sha256:1", labels | {"io.datacontainer.dataset.digest": "sha256:2"}, ())


@pytest.mark.parametrize(
    ("now", "before", "shown"),
    [
        ({"files": 3, "bytes": 20}, {"files": 2, "bytes": 1500}, "+1 file, -1,480 B"),
        ({"files": 3, "bytes": 20}, {"files": 5, "bytes": 20}, "-2 files, +0 B"),
        ({"files": 3, "bytes": 20}, {"files": 5}, ""),
        ({"files": 3, "bytes": 20}, {"bytes": 20}, ""),
    ],
)
def test_state_to_text_has_the_difference_to_the_image_before(now, before, shown):
    line, command = State(container(**now), container(**before)).to_text().splitlines()
    assert "\t".join(line.split("\t")[3:]) == shown
    assert command == "  datacontainer diff host/a:1 host/a:1"
