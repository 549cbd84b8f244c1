import datetime

import pandas as pd
import pytest

from components.csv_example_gen.config import CsvData
from components.errors import TransferlineError
from pipeline.prediction.frame_columns import columns_of

NOON = datetime.datetime(2024, 2, 29, 12, 0, 0, 999_999)
AHEAD = datetime.timezone(datetime.timedelta(hours=2))


def dates_of(column, written="iso"):
    data = CsvData(label="class", dates={"day": written})
    return list(columns_of(pd.DataFrame({"day": column}), {"day": "date"}, data)["day"])


@pytest.mark.parametrize("none", [[], [None]])
def test_text_dates_are_those_of_a_file(none):
    given = ["2024-02-29", "9999-12-31", "0900-05-05", "2024-02-29 13:45:00.5+02:00"]
    expected = ["2024-02-29T00:00:00", "9999-12-31T00:00:00", "0900-05-05T00:00:00", "2024-02-29T11:45:00"]
    assert dates_of([*given, *none]) == expected + [""] * len(none)


@pytest.mark.parametrize("none", [[], [None]])
def test_dates_by_their_type_are_of_any_year_and_read_as_what_they_are(none):
    given = [datetime.date(9999, 12, 31), NOON, NOON.replace(tzinfo=AHEAD)]
    expected = ["9999-12-31T00:00:00", "2024-02-29T12:00:00", "2024-02-29T10:00:00"]
    assert dates_of([*given, *none], "%d.%m.%Y") == expected + [""] * len(none)
    stamps = pd.Series(pd.to_datetime(["1960-01-01 00:00:00.5", *none])).dt.tz_localize("Europe/Berlin")
    assert dates_of(stamps, "%d.%m.%Y") == ["1959-12-31T23:00:00"] + [""] * len(none)


def test_dates_that_pandas_takes_for_numbers_are_read_as_they_are_written():
    assert dates_of([20240229, 20240301], "%Y%m%d") == ["2024-02-29T00:00:00", "2024-03-01T00:00:00"]
    with pytest.raises(TransferlineError, match="The column 'day' has 7, which is no date"):
        dates_of([7])
