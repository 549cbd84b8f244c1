from datetime import datetime, timedelta, timezone

import numpy as np
import pytest
import tensorflow as tf

from components.transform.dates import part_of_date, seconds_of

EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
NONE = -1
DATES = [
    datetime(1, 1, 1, tzinfo=timezone.utc),
    datetime(1600, 2, 29, 23, 59, 59, tzinfo=timezone.utc),
    datetime(1900, 3, 1, tzinfo=timezone.utc),
    datetime(1969, 12, 31, 23, 59, 59, tzinfo=timezone.utc),
    datetime(2000, 2, 29, tzinfo=timezone.utc),
    datetime(9999, 12, 31, 23, 59, 59, tzinfo=timezone.utc),
    *(EPOCH + timedelta(seconds=int(s)) for s in np.random.default_rng(0).integers(-(10**10), 10**10, 500)),
]


def seconds(date):
    return int((date - EPOCH).total_seconds())


@pytest.mark.parametrize(
    ("what", "expected"),
    [
        ("year", lambda date: date.year),
        ("month", lambda date: date.month),
        ("weekday", lambda date: date.weekday()),
        ("hour", lambda date: date.hour),
        ("days", lambda date: (date - EPOCH).days),
    ],
)
def test_parts_are_those_of_the_calendar(what, expected):
    found = part_of_date(tf.constant([seconds(date) for date in DATES], tf.int64), what)
    assert found.numpy().tolist() == [expected(date) for date in DATES]


@pytest.mark.parametrize("form", ["%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%SZ", " %Y-%m-%dT%H:%M:%S.25 "])
def test_texts_become_seconds(form):
    texts = [date.strftime(form).replace(str(date.year), f"{date.year:04}", 1) for date in DATES[1:]]
    assert seconds_of(tf.constant(texts), NONE).numpy().tolist() == [seconds(date) for date in DATES[1:]]


def test_a_day_alone_begins_at_midnight():
    found = seconds_of(tf.constant(["1970-01-02", "1970-01-02T00:01"]), NONE)
    assert found.numpy().tolist() == [86_400, 86_460]


def test_a_time_zone_is_taken_off():
    texts = ["1970-01-02T00:00Z", "1970-01-02T00:00:00+01:30", "1970-01-02 00:00:00 -0230", "1970-01-02T00:00-03"]
    expected = [86_400, 86_400 - 5_400, 86_400 + 9_000, 86_400 + 10_800]
    assert seconds_of(tf.constant(texts), NONE).numpy().tolist() == expected


@pytest.mark.parametrize(
    "text",
    ["", "2023-02-29", "2023-00-01", "2023-13-01", "2023-01-00", "2023-01-32", "2023-1-1", "01.02.2023", "yesterday",
     "2023-01-01T24:00", "2023-01-01T00:60", "2023-01-01x"],
)  # fmt: skip
def test_what_is_no_date_counts_as_missing(text):
    assert seconds_of(tf.constant([text]), NONE).numpy().tolist() == [NONE]
