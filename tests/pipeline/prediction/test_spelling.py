import datetime
from decimal import Decimal

import numpy as np
import pytest

from components.csv_example_gen.config import CsvData
from pipeline.prediction.spelling import texts_of


@pytest.mark.parametrize(
    ("value", "trained", "text"),
    [
        (True, {"true", "false"}, "true"),
        (np.bool_(False), {"TRUE", "FALSE"}, "FALSE"),
        (True, {"1", "0"}, "1"),
        (False, {"no", "yes"}, "False"),
        (True, set(), "True"),
        (10115.0, set(), "10115"),
        (np.float32(10115), {"10115"}, "10115"),
        (10115.0, {"10115.0", "A1"}, "10115.0"),
        (np.float32(0.1), set(), "0.1"),
        (float("inf"), set(), "inf"),
        (7, {"7.0"}, "7"),
        ("7.0", {"7"}, "7.0"),
        (1.5e-7, set(), "1.5e-7"),
        (1e-5, {"1e-05"}, "1e-05"),
        (1e-5, {"0.00001"}, "0.00001"),
        (1.5e16, {"1.5e+16"}, "1.5e+16"),
        (1e15, set(), "1000000000000000"),
        (1e15, {"1e+15"}, "1e+15"),
        (0.12345678901, {"0.12345679"}, "0.12345679"),
        (10**30, set(), str(10**30)),
    ],
)
def test_a_value_is_written_as_training_wrote_it(value, trained, text):
    assert texts_of(np.array([value], object), CsvData(), trained).to_pylist() == [text]


def test_values_of_all_types_are_written_each_as_what_it_is():
    values = [True, "True", 7, 7.5, None, np.float32(0.1), Decimal("1.50"), datetime.date(2024, 2, 29), 10**400]
    texts = ["true", "True", "7", "7.5", None, "0.1", "1.50", "2024-02-29", str(10**400)]
    assert texts_of(np.array(values, object), CsvData(), {"true", "false"}).to_pylist() == texts


def test_a_number_for_none_is_none_but_a_text_that_writes_it_otherwise_is_a_text():
    values = [-999, -999.0, Decimal("-999.00"), "-999", " -999 ", "-999.0", False, 0]
    data = CsvData(missing=("", "-999", "0"))
    assert texts_of(np.array(values, object), data).to_pylist() == [None] * 5 + ["-999.0", "False", None]
