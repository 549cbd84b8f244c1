import math

from components.json_values import finite


def test_what_json_has_not_is_none_however_deep_it_is():
    value = {"a": math.inf, "b": [math.nan, 1, "inf", True], "c": {"d": (-math.inf, 0.5)}, "e": None}
    assert finite(value) == {"a": None, "b": [None, 1, "inf", True], "c": {"d": [None, 0.5]}, "e": None}
