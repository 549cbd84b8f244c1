"""What the values of a column alone say about it."""

import numpy as np
import pytest

from components.arrow import pa
from components.transform.config import Number
from pipeline.profile.columns import counts_rows, look_at_columns

HOURS = [hour for _ in range(60) for hour in range(24)]
RANDOM = np.random.default_rng(0)


def in_groups(*sizes, first=1):
    return [first + at for size in sizes for at in range(size)]


@pytest.mark.parametrize(
    "values",
    [
        in_groups(152, 124, 68),
        in_groups(40, first=0),
        in_groups(30, 30, 30),
        [at for each in in_groups(100) for at in (each, each)],
        [at for at in in_groups(500) if at % 40],
        [*in_groups(50), None, *in_groups(50)],
    ],
    ids=["groups", "from 0", "groups of a size", "two rows each", "some are missing", "a hole"],
)
def test_counters(values):
    assert counts_rows(pa.chunked_array([pa.array(values, pa.float32())]))
    assert counts_rows(pa.chunked_array([pa.array(values, pa.int64())]))


@pytest.mark.parametrize(
    "values",
    [
        HOURS,
        sorted(RANDOM.integers(18, 90, 500)),
        list(range(1900, 2000)) + list(range(1900, 2000)),
        RANDOM.integers(0, 500, 500),
        [at / 2 for at in range(100)],
        [0, 1] * 200,
        list(range(10)),
        [5, 4, 3, 2, 1, 0] * 20,
        [None] * 50,
    ],
    ids=["hours", "sorted ages", "years", "any order", "halves", "flags", "few rows", "countdown", "nothing"],
)
def test_numbers_that_are_no_counters(values):
    assert not counts_rows(pa.chunked_array([pa.array(list(values), pa.float32())]))


def test_a_counter_is_none_of_the_features_and_a_date_is_a_date():
    rows = 120
    table = pa.table(
        {
            "sample": pa.array(in_groups(60, 60), pa.float32()),
            "x": pa.array(RANDOM.normal(size=rows), pa.float32()),
            "day": pa.array(np.arange(rows) * 86_400),
            "once": pa.array([0] * rows),
            "label": ["a", "b", "b"] * 40,
        }
    )
    types = {"sample": "float", "x": "float", "day": "date", "once": "date", "label": "string"}
    roles = {column.name: column.role for column in look_at_columns(table, types, "label")}
    assert roles == {"sample": "counter", "x": "feature", "day": "date", "once": "constant"}


def test_whole_numbers_that_no_float_holds_are_keys_groups_or_numbers():
    numbers = 1234567890123456814 + np.arange(120)
    table = pa.table({"n": numbers, "customer_id": numbers // 2, "y": numbers // 3, "label": ["a", "b", "b"] * 40})
    types = {"n": "int", "customer_id": "int", "y": "int", "label": "string"}
    found = {column.name: column for column in look_at_columns(table, types, "label")}
    assert {name: column.role for name, column in found.items()} == {"n": "key", "customer_id": "group", "y": "feature"}
    assert found["y"].feature == Number()


@pytest.mark.parametrize(
    ("cells", "decimal_comma", "thousands"),
    [
        (["12,345", "1,234", "999"], False, True),
        (["1,234,567", "-1,234", "1234"], False, True),
        (["1,234.56", "99.5", "1.25"], False, True),
        (["1.234,56", "99,5", "1.234"], False, True),
        (["1.234.567", "12.345", "999"], False, True),
        (["1,5", "2,25", "3"], False, False),
        (["1,5", "2,25", "3,0"], True, False),
        (["1,234", "2,345", "3,0"], True, False),
        (["0,123", "0,456", "0,789"], True, False),
        (["1,234", "two", "three"], False, False),
        (["1234", "999", "99"], False, False),
        (["1,23", "12,34,567", "999"], False, False),
    ],
)
def test_what_commas_and_points_of_texts_are(cells, decimal_comma, thousands):
    table = pa.table({"price": cells * 40, "label": ["a", "b", "b"] * 40})
    (column,) = look_at_columns(table, {"price": "string", "label": "string"}, "label")
    assert (column.decimal_comma, column.thousands) == (decimal_comma, thousands)
    if decimal_comma or thousands:
        assert (column.role, column.feature) == ("text", None)
