import datetime
import io
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from components.arrow import pa
from components.csv_example_gen.config import CsvData
from components.errors import TransferlineError
from pipeline.prediction.frame_columns import columns_of

NOON = datetime.datetime(2024, 2, 29, 12, 0, 0, 999_999)
AHEAD = datetime.timezone(datetime.timedelta(hours=2))


def dates_of(column, written="iso"):
    data = CsvData(label="class", dates={"day": written})
    return list(columns_of(pd.DataFrame({"day": column}), {"day": "date"}, data, {})["day"])


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


CODES = "smoker,zip,code,note\ntrue,10115,7,?\nfalse,,8, a \n,20095,9,?b\n"


def texts_of(frame, trained, **settings):
    data = CsvData(label="class", **settings)
    types = dict.fromkeys(frame.columns, "string")
    return {name: list(each) for name, each in columns_of(frame, types, data, trained).items()}


@pytest.mark.parametrize("rows", [2, 3])
def test_texts_that_pandas_takes_for_others_are_those_of_the_file(rows):
    """Of two rows `smoker` is of booleans, of three of objects."""
    frame = pd.read_csv(io.StringIO(CODES), nrows=rows)
    trained = {"smoker": frozenset(["true", "false"]), "note": frozenset([" a ", "?b"])}
    assert texts_of(frame, trained, missing=("", "?")) == {
        "smoker": ["true", "false", ""][:rows],
        "zip": ["10115", "", "20095"][:rows],
        "code": ["7", "8", "9"][:rows],
        "note": ["", " a ", "?b"][:rows],
    }


@pytest.mark.parametrize("kind", ["boolean", "category", "object"])
def test_booleans_of_each_type_are_written_as_training_wrote_them(kind):
    frame = pd.DataFrame({"smoker": pd.Series([True, None, False], dtype=kind)})
    assert texts_of(frame, {"smoker": frozenset(["TRUE", "FALSE"])}) == {"smoker": ["TRUE", "", "FALSE"]}
    assert texts_of(frame, {}) == {"smoker": ["True", "", "False"]}


def test_a_sign_for_no_value_is_none_whatever_blanks_are_around_it():
    frame = pd.DataFrame({"note": ["?", " - ", None, " a "]})
    assert texts_of(frame, {}, missing=("?", "-")) == {"note": ["", "", "", " a "]}


def test_numbers_and_dates_in_text_have_no_value_where_the_data_say_so():
    frame = pd.DataFrame({"size": ["1.5", " ? ", ""], "day": ["2024-02-29", "?", " "]})
    data = CsvData(label="class", missing=("", "?"))
    found = columns_of(frame, {"size": "float", "day": "date"}, data, {})
    assert found["size"].tolist() == pytest.approx([1.5, float("nan"), float("nan")], nan_ok=True)
    assert list(found["day"]) == ["2024-02-29T00:00:00", "", ""]
    with pytest.raises(TransferlineError, match=r"The column 'size' has ' \? ', which is no number"):
        columns_of(frame, {"size": "float"}, CsvData(label="class"), {})


@pytest.mark.parametrize(
    "kind", ["int64", "int16", "Int64", "int64[pyarrow]", "float16", "float32", "float64", "Float32", "double[pyarrow]"]
)
def test_a_number_for_no_value_is_none_whatever_type_the_column_has(kind):
    frame = pd.DataFrame({"size": pd.Series([-999, 3, 7]).astype(kind)})
    data = CsvData(label="class", missing=("", "-999"))
    for wanted in ("float", "int"):
        np.testing.assert_array_equal(columns_of(frame, {"size": wanted}, data, {})["size"], [np.nan, 3, 7])
    assert list(columns_of(frame, {"size": "string"}, data, {})["size"]) == ["", "3", "7"]
    assert list(columns_of(frame, {"size": "float"}, CsvData(label="class"), {})["size"]) == [-999, 3, 7]


def test_whole_numbers_stay_whole_beside_one_for_no_value():
    large = 2**63 - 3
    assert texts_of(pd.DataFrame({"id": [large, -1, 0]}), {}, missing=("", "-1", str(large + 2))) == {
        "id": [str(large), "", "0"]
    }


def test_pandas_reads_the_same_from_a_file_as_the_pipeline_does():
    frame = pd.read_csv(io.StringIO("size,code\n-999,1\n2.5,9\n,3\n"))
    data = CsvData(label="class", missing=("", "-999", "9"))
    found = columns_of(frame, {"size": "float", "code": "string"}, data, {})
    np.testing.assert_array_equal(found["size"], [np.nan, 2.5, np.nan])
    assert list(found["code"]) == ["1", "", "3"]


WITH_NUMBER = CsvData(label="class", missing=("", "-999"))
OF_OTHER_TYPES = {
    "decimals": pd.Series([Decimal("-999.00"), Decimal("1.00"), None]),
    "objects": pd.Series([-999.0, 1, None], dtype=object),
    "floats in a category": pd.Series([-999.0, 1, None], dtype="category"),
    "integers in a category": pd.Series(pd.Categorical([-999, 1, None])),
    "other byte order": pd.Series(np.array([-999, 1, np.nan], ">f8")),
    "long": pd.Series(np.array([-999, 1, np.nan], np.longdouble)),
    "sparse": pd.Series(pd.arrays.SparseArray([-999.0, 1.0, np.nan])),
}


@pytest.mark.parametrize("column", [pytest.param(each, id=name) for name, each in OF_OTHER_TYPES.items()])
def test_a_number_for_no_value_is_none_among_values_of_any_type(column):
    frame = pd.DataFrame({"size": column})
    for kind in ("float", "int"):
        np.testing.assert_array_equal(columns_of(frame, {"size": kind}, WITH_NUMBER, {})["size"], [np.nan, 1, np.nan])
        with_it = columns_of(frame, {"size": kind}, CsvData(label="class"), {})["size"]
        np.testing.assert_array_equal(with_it, [-999, 1, np.nan])
    texts = columns_of(frame, {"size": "string"}, WITH_NUMBER, {})["size"]
    assert list(texts) == ["", "1.00" if isinstance(column[0], Decimal) else "1", ""]


def test_text_is_a_number_for_no_value_where_the_column_is_of_numbers():
    frame = pd.DataFrame({"size": ["-999.0", " -999.00", "-999", "7"]})
    for kind in ("float", "int"):
        np.testing.assert_array_equal(columns_of(frame, {"size": kind}, WITH_NUMBER, {})["size"], [np.nan] * 3 + [7])
    assert texts_of(frame, {}, missing=("", "-999")) == {"size": ["-999.0", " -999.00", "", "7"]}


@pytest.mark.parametrize(
    "column",
    [
        pd.Series([1, 1e30]),
        pd.Series([1, 2.0**63, None]),
        pd.Series([1, 2**63], dtype="uint64"),
        pd.Series([1, -(2**63)]),
        pd.Series(["1", "-9223372036854775808"]),
    ],
)
def test_a_number_of_more_than_64_bits_is_no_whole_number(column):
    with pytest.raises(TransferlineError, match="which is no whole number of 64 bits") as caught:
        columns_of(pd.DataFrame({"size": column}), {"size": "int"}, CsvData(label="class"), {})
    assert caught.value.place == "index 1"


def test_the_largest_whole_number_stays_one():
    """As float64 it would be 2^63, which the model takes for none."""
    frame = pd.DataFrame({"size": [2**63 - 1, 1 - 2**63]})
    largest, smallest = columns_of(frame, {"size": "int"}, CsvData(label="class"), {})["size"]
    assert -(2**63) < smallest < largest < 2**63


@pytest.mark.parametrize("kind", ["boolean", "category", "object", "string"])
def test_booleans_are_whole_numbers_where_training_had_them_as_such(kind):
    frame = pd.DataFrame({"smoker": pd.Series([True, None, False], dtype="object").astype(kind)})
    found = columns_of(frame, {"smoker": "int"}, CsvData(label="class"), {})["smoker"]
    np.testing.assert_array_equal(found, [1, np.nan, 0])


@pytest.mark.parametrize("kind", ["datetime64[ns]", "object", "category"])
def test_a_date_for_no_value_is_none_whatever_type_it_has(kind):
    days = pd.Series([datetime.date(1900, 1, 1), datetime.date(2024, 2, 29), None], dtype=object).astype(kind)
    for named, written in (("1900-01-01", "iso"), ("01.01.1900", "%d.%m.%Y"), ("1900-01-01", "%d.%m.%Y")):
        data = CsvData(label="class", dates={"day": written}, missing=("", named))
        found = columns_of(pd.DataFrame({"day": days}), {"day": "date"}, data, {})["day"]
        assert list(found) == ["", "2024-02-29T00:00:00", ""]


def test_a_category_that_no_row_has_does_not_matter_and_a_wrong_one_is_placed():
    column = pd.Series(pd.Categorical(["2", None, "1", "2"], categories=["x", "1", "2"]))
    found = columns_of(pd.DataFrame({"size": column}), {"size": "float"}, CsvData(label="class"), {})["size"]
    np.testing.assert_array_equal(found, [2, np.nan, 1, 2])
    column = pd.Series(pd.Categorical(["1", "x", "x"]), index=[5, 6, 7])
    with pytest.raises(TransferlineError, match="The column 'size' has 'x', which is no number") as caught:
        columns_of(pd.DataFrame({"size": column}), {"size": "float"}, CsvData(label="class"), {})
    assert caught.value.place == "index 6"


@pytest.mark.skipif(pd.__version__ < "2", reason="pandas 1 keeps no decimals or dictionaries of Arrow")
@pytest.mark.parametrize(
    ("values", "of_arrow"),
    [
        ([Decimal("-999.00"), None, Decimal("1.00")], pa.decimal128(5, 2)),
        (["-999", None, "1.00"], pa.dictionary(pa.int32(), pa.string())),
    ],
    ids=["decimal", "dictionary"],
)
def test_a_number_for_no_value_is_none_in_types_of_arrow(values, of_arrow):
    frame = pd.DataFrame({"size": pd.Series(values, dtype=pd.ArrowDtype(of_arrow))})
    found = columns_of(frame, {"size": "float"}, WITH_NUMBER, {})["size"]
    np.testing.assert_array_equal(found, [np.nan, np.nan, 1])
    assert texts_of(frame, {}, missing=("", "-999")) == {"size": ["", "", "1.00"]}
