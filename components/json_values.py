"""Makes values fit for JSON, which has no infinity and no NaN."""

import math


def finite(value: object) -> object:
    """Returns a value made of dicts, lists, tuples, texts and numbers with None for each number that isn't finite.

    >>> finite({"bound": float("inf"), "metrics": [0.5]})
    {'bound': None, 'metrics': [0.5]}
    """
    if isinstance(value, dict):
        return {key: finite(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [finite(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
