import pytest

from components.arrow import pa
from components.csv_example_gen.config import CsvData
from components.csv_example_gen.dates import seconds_of
from pipeline.prediction.given import dates_given, numbers_given


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


def test_a_date_for_none_is_taken_away_as_the_column_or_iso_writes_it():
    days = seconds_of(pa.array(["2024-02-29", "1900-01-01", "9999-12-31", None]), "iso")
    data = CsvData(dates={"day": "%d.%m.%Y"}, missing=("", "01.01.1900", "9999-12-31", "?"))
    assert dates_given("day", days, data).to_pylist() == [days[0].as_py(), None, None, None]
    assert dates_given("other", days, data).to_pylist() == [days[0].as_py(), days[1].as_py(), None, None]
    assert dates_given("day", days, CsvData()).equals(days)
