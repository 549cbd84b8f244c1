import pytest

from components.arrow import pa
from components.csv_example_gen.config import CsvData
from pipeline.prediction.given import numbers_given


@pytest.mark.parametrize(
    ("values", "missing", "expected"),
    [
        ([0.0, 1.5, None], ("", "0"), [None, 1.5, None]),
        ([0, 7], ("", "0"), [None, 7]),
        ([0, 7], ("", "?"), [0, 7]),
    ],
)
def test_a_number_for_none_is_taken_away(values, missing, expected):
    assert numbers_given(pa.array(values), CsvData(missing=missing)).to_pylist() == expected
