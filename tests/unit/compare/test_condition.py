"""A condition on the files of one data container."""

import pyarrow as pa
import pytest

from datacontainer.compare import condition
from datacontainer.compare.condition import Condition, MismatchError
from datacontainer.runtime.errors import UsageError


@pytest.fixture(autouse=True)
def _two_texts(entrypoint, monkeypatch):
    """The data container has the text field `value`."""
    program = entrypoint(pa.table({"path": ["a", "b"], "value": ["x", "y"]}))
    monkeypatch.setattr(condition, "engine", lambda _: program.command[0])


def test_count_is_the_number_of_files_or_none_without_the_field():
    assert Condition("value = 'x'").count(None) == 1
    assert Condition("value = 'z'").count(None) == 0
    assert Condition("size > 1").count(None) is None


def test_count_field_of_another_type_is_a_mismatch_and_a_wrong_condition_is_not():
    with pytest.raises(MismatchError, match="is a text field"):
        Condition("value > 1").count(None)
    with pytest.raises(UsageError) as caught:
        Condition("value > >").count(None)
    assert not isinstance(caught.value, MismatchError)
