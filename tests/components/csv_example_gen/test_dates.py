"""Dates in every form that they are written in, and what becomes of those that there aren't."""

from datetime import date, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from components.arrow import pa, parquet
from components.csv_example_gen.config import CsvData
from components.csv_example_gen.date_formats import DIRECTIVES, ISO
from components.csv_example_gen.dates import seconds_of, seconds_of_typed

UTC = timezone.utc
FORMATS = (
    "%Y-%m-%d", "%d.%m.%Y", "%m/%d/%y", "%d/%m/%Y %H:%M", "%Y%m%d", "%d-%b-%Y", "%B %d, %Y %I:%M %p", "%Y-%m",
    "%a %d %b %Y %H:%M:%S.%f", "%Y-%m-%dT%H:%M:%S%z", "%A, %d %B %Y", "%Y 100%%",
)  # fmt: skip


def seconds(moment):
    """The reference: Python's own."""
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return (aware.replace(microsecond=0) - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(seconds=1)


ZONES = st.integers(-23 * 60, 23 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
MOMENTS = st.datetimes(datetime(1970, 1, 1), datetime(2068, 12, 31), timezones=ZONES)


@settings(max_examples=300)
@given(MOMENTS, st.sampled_from(FORMATS), st.sampled_from([str, str.upper, "  {}\t".format]))
def test_any_moment_is_read_as_strptime_reads_it(moment, written, changed):
    text = moment.strftime(written)
    (found,) = seconds_of(pa.array([changed(text)]), written).to_pylist()
    assert found == seconds(datetime.strptime(text, written))


@settings(max_examples=500)
@given(MOMENTS, st.sampled_from([each for each in FORMATS if "%z" not in each]), st.data())
def test_what_strptime_refuses_is_refused(moment, written, data):
    text = moment.strftime(written)
    at = data.draw(st.integers(0, len(text) - 1))
    text = text[:at] + data.draw(st.sampled_from([*"0123456789-/.: ay", ""])) + text[at + 1 :]
    (found,) = seconds_of(pa.array([text]), written).to_pylist()
    try:
        wanted = seconds(datetime.strptime(text.strip(), written))
    except ValueError:
        wanted = None
    assert found == wanted


@given(MOMENTS, st.sampled_from(["T", " "]), st.sampled_from(["auto", "seconds", "minutes", "milliseconds"]))
def test_iso_8601(moment, between, precision):
    text = moment.isoformat(between, precision)
    (found,) = seconds_of(pa.array([text]), ISO).to_pylist()
    assert found == seconds(datetime.fromisoformat(text))


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("2021-03-04", datetime(2021, 3, 4)),
        ("2021-03-04T05:06Z", datetime(2021, 3, 4, 5, 6)),
        ("2021-03-04 05:06:07,5", datetime(2021, 3, 4, 5, 6, 7)),
        ("2021-03-04T05:06:07+0130", datetime(2021, 3, 4, 3, 36, 7)),
        ("2021-03-04T05:06:07-08", datetime(2021, 3, 4, 13, 6, 7)),
        ("2020-02-29", datetime(2020, 2, 29)),
        ("1899-12-31", datetime(1899, 12, 31)),
        ("2021-02-29", None),
        ("2021-02-30", None),
        ("2021-13-01", None),
        ("2021-00-10", None),
        ("0000-01-01", None),
        ("2021-3-4", None),
        ("04.03.2021", None),
        ("2021-03-04T24:00", None),
        ("2021-03-04T05:60", None),
        ("today", None),
        ("2021", None),
    ],
)
def test_iso_8601_by_example(text, wanted):
    assert seconds_of(pa.array([text, None]), ISO).to_pylist() == [wanted and seconds(wanted), None]


def test_dates_and_timestamps_of_parquet_are_taken_to_the_second_before(take, tmp_path):
    early, late = datetime(1969, 12, 31, 23, 59, 59, 500_000), datetime(2021, 3, 4, 5, 6, 7, 999_999)
    berlin = pa.timestamp("ms", "Europe/Berlin")
    table = pa.table(
        {
            "day": [date(1960, 2, 29), None],
            "naive": pa.array([early, late], pa.timestamp("ns")),
            "zoned": pa.array([early, late], pa.timestamp("us", "UTC")).cast(berlin, safe=False),
            "text": ["31.12.1969", "04.03.2021"],
            "label": ["a", "b"],
        }
    )
    parquet.write_table(table, tmp_path / "rows.parquet")
    dates = {"day": "iso", "naive": "iso", "zoned": "iso", "text": "%d.%m.%Y"}
    stored, _, faults = take(tmp_path / "rows.parquet", dates=dates)
    first, second = sorted(stored, key=lambda row: row["label"])
    assert faults == []
    assert first == {
        "day": seconds(datetime(1960, 2, 29)), "naive": -1, "zoned": -1, "text": -86_400, "label": b"a",
    }  # fmt: skip
    moment, day = seconds(datetime(2021, 3, 4, 5, 6, 7)), seconds(datetime(2021, 3, 4))
    assert second == {"naive": moment, "zoned": moment, "text": day, "label": b"b"}


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_every_unit_of_a_timestamp(unit):
    values = pa.array([datetime(1965, 5, 5, 1, 2, 3), None], pa.timestamp(unit))
    assert seconds_of_typed(values).to_pylist() == [seconds(datetime(1965, 5, 5, 1, 2, 3)), None]


def test_dates_that_there_are_not_are_set_aside_with_line_and_reason(take, tmp_path):
    cells = ["2021-02-28", "2021-02-30", "01.03.2021", "NA", "", "soon", " 2021-03-01 "]
    path = tmp_path / "rows.csv"
    path.write_text(
        "x,day,label\n" + "".join(f"{at}.5,{cell},{at % 2}\n" for at, cell in enumerate(cells)) + "no,2021-03-05,1\n"
    )
    stored, found, faults = take(path, dates={"day": "iso"}, missing=("", "NA"), types={"x": "float"})
    assert found == 8
    assert {fault.place: fault.reason for fault in faults} == {
        "rows.csv, line 3": "day: '2021-02-30' is no date of the form YYYY-MM-DD (iso)",
        "rows.csv, line 4": "day: '01.03.2021' is no date of the form YYYY-MM-DD (iso)",
        "rows.csv, line 7": "day: 'soon' is no date of the form YYYY-MM-DD (iso)",
        "rows.csv, line 9": "x: 'no' is no number",
    }
    assert sorted((row["x"], row.get("day")) for row in stored) == [
        (0.5, seconds(datetime(2021, 2, 28))),
        (3.5, None),
        (4.5, None),
        (6.5, seconds(datetime(2021, 3, 1))),
    ]


def test_two_formats_in_one_column(take, tmp_path):
    path = tmp_path / "rows.csv"
    path.write_text("day,label\n" + "03/04/2021,0\n2021-03-04,1\n" * 5)
    stored, _, faults = take(path, dates={"day": "%m/%d/%Y"})
    assert {row["day"] for row in stored} == {seconds(datetime(2021, 3, 4))}
    assert [fault.place for fault in faults] == [f"rows.csv, line {line}" for line in range(3, 12, 2)]
    assert {fault.reason for fault in faults} == {"day: '2021-03-04' is no date of the form %m/%d/%Y"}


@pytest.mark.parametrize(
    ("settings", "fault"),
    [
        ({"dates": {"d": "%d.%m"}}, "it has no year"),
        ({"dates": {"d": "%Y-%q"}}, "%q is none of %Y"),
        ({"dates": {"d": "%Y-%"}}, "% is none of"),
        ({"dates": {"d": "%Y %Y"}}, "two of its directives say the same"),
        ({"dates": {"d": "%Y %y"}}, "two of its directives say the same"),
        ({"dates": {"d": "%Y %I"}}, "%I and %p go together"),
        ({"dates": {"d": "iso"}, "types": {"d": "float"}}, "d is float there, and a date in dates"),
        ({"types": {"d": "date"}}, "dates doesn't say how it is written"),
        ({"dates": {"label": "iso"}}, "label is the label"),
    ],
)
def test_a_format_that_cannot_be_read_is_refused_with_the_reason(settings, fault):
    with pytest.raises(ValidationError) as error:
        CsvData(**settings)
    assert fault in str(error.value)


def test_every_directive_is_known_to_strptime():
    for directive in DIRECTIVES:
        datetime(2021, 3, 4).strftime(f"%{directive}")
        assert directive == "%" or datetime.strptime(
            datetime(2021, 3, 4, tzinfo=UTC).strftime(f"%{directive}"), f"%{directive}"
        )
