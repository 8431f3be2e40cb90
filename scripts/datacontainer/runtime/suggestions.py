"""Suggestions for names that the user typed wrong."""

import difflib
from collections.abc import Iterable


def did_you_mean(given: str, valid: Iterable[str]) -> str:
    """A question with the valid name that is most similar to a wrong name; "" if no name is similar."""
    close = difflib.get_close_matches(given, list(valid), n=1, cutoff=0.5)
    return f": did you mean {close[0]!r}?" if close else ""
