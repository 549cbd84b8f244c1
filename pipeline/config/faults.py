"""Words what pydantic finds wrong with settings for the people who write them."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

MOST_FAULTS, LONGEST_FAULT = 30, 300

LISTS = ("tuple_type", "list_type")
"""Pydantic's names for a value that should be a list."""

A_GROUP = 'must be a group of settings, as JSON: \'{{"key": "value"}}\''
IN_WORDS = {
    "missing": "must be given",
    "extra_forbidden": "there is no such setting",
    "int_parsing": "must be a whole number",
    "int_type": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_parsing": "must be a number",
    "float_type": "must be a number",
    "bool_parsing": "must be true or false",
    "bool_type": "must be true or false",
    "string_type": "must be text",
    "dict_type": A_GROUP,
    "model_type": A_GROUP,
    "model_attributes_type": A_GROUP,
    "union_tag_not_found": "must say its {discriminator}",
    "union_tag_invalid": "{discriminator} must be one of {expected_tags}",
}
"""By pydantic's name for the fault, with what pydantic knows of it."""

REPLACED = {
    "Value error, ": "",
    "Input should be ": "must be ",
    "String should match pattern ": "must match the pattern ",
    "String should have ": "must have ",
    "Tuple should have ": "must have ",
    "Dictionary should have ": "must have ",
    " after validation, not 0": "",
}
"""pydantic's English, and ours."""


def in_words(details: Mapping[str, Any]) -> str:
    """Returns what is wrong with one setting.

    Args:
        details: One of the errors of pydantic's ValidationError.
    """
    kind, given = details["type"], details["input"]
    if kind in IN_WORDS:
        return IN_WORDS[kind].format(**details.get("ctx", {}))
    if kind in LISTS:
        return "must be a list" + (f", as '{_as_list(given)}'" if isinstance(given, str) else "")
    text = str(details["msg"])
    for theirs, ours in REPLACED.items():
        text = text.replace(theirs, ours)
    return text


def as_read(faults: Sequence[str]) -> Iterator[str]:
    """Yields faults as a person reads them: of a long one its beginning and its end, of very many the first."""
    for fault in faults[:MOST_FAULTS]:
        half = LONGEST_FAULT // 2
        yield fault if len(fault) <= LONGEST_FAULT else f"{fault[:half]} ... {fault[-half:]}"
    if len(faults) > MOST_FAULTS:
        yield f"and {len(faults) - MOST_FAULTS:,} more"


def keys_to(values: object, details: Mapping[str, Any]) -> list[str]:
    """Returns the keys that lead to a fault.

    Args:
        values: What was judged.
        details: One of the errors of pydantic's ValidationError, whose location also names the members of unions that
            were tried, which are no keys.
    """
    keys = []
    for part in details["loc"]:
        if (isinstance(values, Mapping) and part in values) or (isinstance(values, Sequence) and isinstance(part, int)):
            values = values[part]
        else:
            continue
        keys.append(str(part))
    return [*keys, str(details["loc"][-1])] if details["type"] == "missing" else keys


def _as_list(text: str) -> str:
    """Returns the list that was meant, as JSON: 64,32 is [64, 32], and a,b is ["a", "b"]."""
    parts = [part.strip() for part in text.split(",") if part.strip()]
    try:
        return json.dumps([int(part) for part in parts])
    except ValueError:
        return json.dumps(parts, ensure_ascii=False)
