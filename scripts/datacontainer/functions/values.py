"""Values: what a user's function returned, checked and converted to the plain types that a catalog stores exactly."""

import math
import reprlib
from collections.abc import Collection
from typing import Any

TYPES = "use str, int, float, bool, None, or lists and dicts of them"
MOST_DEPTH, MOST_KEY_CHARACTERS, MOST_FIELDS = 100, 255, 10_000
# Python converts an int of at most 4,300 digits to text.
MOST_INT_DIGITS = 4000
INT_LIMIT = 10**MOST_INT_DIGITS
# The kinds of numpy's types whose values are exact as bool, int or float; "" for a type of another library.
EXACT_KINDS = ("b", "i", "u", "f", "")

_SHORT = reprlib.Repr()
_SHORT.maxstring = _SHORT.maxother = 300
_SHORT.maxlevel = 3


class RefusedError(Exception):
    """A returned value, or a part of it, cannot be stored; its text is the problem, without the key."""


def shown(value: object) -> str:
    """A short `repr` of any object, also of one that has no working `repr`."""
    try:
        return _SHORT.repr(value)
    except BaseException:  # noqa: BLE001
        return f"an object of type {type(value).__name__}"


def plain_fields(returned: Any, taken: Collection[str], *, in_json: bool) -> dict[str, Any]:
    """The dict that a function returned, with exact types of Python. taken: the names of other fields.

    in_json: whether the fields are stored as JSON, which has no NaN and no infinity.

    Raises:
        RefusedError: if it is no dict, has a key that is no plain text or that is taken, or a value that cannot be
            stored exactly; the text names the key.
    """
    if not isinstance(returned, dict):
        raise RefusedError(f"it returned {shown(returned)}: it must return a dict")
    if len(returned) > MOST_FIELDS:
        raise RefusedError(
            f"it returned {len(returned):,} keys, and a dataset has at most {MOST_FIELDS:,} fields: "
            "return a list or a dict as the value of one key"
        )
    fields = {}
    for given, value in returned.items():
        key = _key(given)
        if key in taken or key in fields:
            raise RefusedError(f"it returned the key {key!r}, which is the name of another field: rename it")
        try:
            fields[key] = plain(value, MOST_DEPTH if in_json else MOST_DEPTH + 1)
        except RefusedError as refused:
            raise RefusedError(f"it returned {shown(value)} as {shown(key)}: {refused}") from None
        except BaseException as error:
            raise RefusedError(f"it returned an object as {shown(key)} that raised {shown(error)}: {TYPES}") from error
    return fields


def plain(value: Any, depth: int) -> Any:
    """The value with exact types of Python: scalars of numpy as bool, int or float, tuples as lists.

    depth: how deeply it may be nested; one above MOST_DEPTH for the value of a column, which may be NaN or infinite.

    Raises:
        RefusedError: if JSON cannot store the value exactly.
    """
    kind = type(value)
    if value is None or kind is str or kind is bool:
        return value
    if kind is int:
        return _int(value)
    if kind is float:
        return _float(value, depth)
    if not isinstance(value, (list, tuple, dict)):
        return _converted(value, depth)
    if not depth:
        raise RefusedError(f"it is nested more than {MOST_DEPTH} levels deep, or contains itself")
    inner = min(depth, MOST_DEPTH) - 1
    return _dict(value, inner) if isinstance(value, dict) else [plain(one, inner) for one in value]


def _converted(value: Any, depth: int) -> Any:
    """The value of a subclass of a plain type, such as IntEnum, or of a scalar of another library."""
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, int):
        return _int(int.__int__(value))
    if isinstance(value, float):
        return _float(float.__float__(value), depth)
    if getattr(value, "ndim", 0):
        raise RefusedError(f"{TYPES}; an array has the method .tolist()")
    exact = hasattr(value, "item") and getattr(getattr(value, "dtype", None), "kind", "") in EXACT_KINDS
    converted = value.item() if exact else None
    if type(converted) not in (bool, int, float):
        raise RefusedError(TYPES)
    return plain(converted, depth)


def _int(value: int) -> int:
    if not -INT_LIMIT < value < INT_LIMIT:
        raise RefusedError(f"an int may have at most {MOST_INT_DIGITS:,} digits; use a float or a str")
    return value


def _float(value: float, depth: int) -> float:
    if depth <= MOST_DEPTH and not math.isfinite(value):
        raise RefusedError("JSON has no NaN and no infinity: use None or a str")
    return value


def _dict(value: dict[Any, Any], depth: int) -> dict[str, Any]:
    """A nested dict. JSON would make the keys 1 and "1" the same."""
    if any(not isinstance(key, str) for key in value):
        raise RefusedError("the keys of a dict must be str")
    return {str.__str__(key): plain(one, depth) for key, one in value.items()}


def _key(key: Any) -> str:
    if not isinstance(key, str) or not key.isprintable() or not key:
        raise RefusedError(f"it returned the key {shown(key)}: use plain text")
    if len(key) > MOST_KEY_CHARACTERS:
        raise RefusedError(
            f"it returned the key {shown(key)} of {len(key):,} characters: use at most {MOST_KEY_CHARACTERS}"
        )
    return str.__str__(key)
