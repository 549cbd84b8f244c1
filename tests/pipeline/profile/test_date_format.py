from datetime import datetime, timedelta

import pytest

from components.arrow import pa
from pipeline.profile.date_format import FORMATS, date_format

DAYS = [datetime(2019, 11, 3, 4, 5) + timedelta(days=3 * n, minutes=7 * n) for n in range(60)]


@pytest.mark.parametrize("written", FORMATS)
def test_each_format_is_found(written):
    as_text = "%Y-%m-%dT%H:%M:%S" if written == "iso" else written
    assert date_format(pa.array([day.strftime(as_text) for day in DAYS])) == written


def test_a_few_that_are_none_do_not_matter_and_many_do():
    days = [day.strftime("%d.%m.%Y") for day in DAYS]
    assert date_format(pa.array([*days, "unknown"])) == "%d.%m.%Y"
    assert date_format(pa.array([*days, *(f"unknown {n}" for n in range(10))])) is None


def test_of_times_in_their_order_the_first_days_of_a_month_dont_decide():
    minutes = [datetime(2021, 3, 1) + timedelta(minutes=n) for n in range(30 * 24 * 60)]
    assert date_format(pa.array([at.strftime("%d/%m/%Y %H:%M") for at in minutes])) == "%d/%m/%Y %H:%M"


@pytest.mark.parametrize(
    "texts",
    [[], ["Rome", "Oslo"], ["1.5", "2.5"], ["12345678"], ["10.0.0.1", "10.0.0.2"], ["2021-02-30"], ["5-10-20"]],
    ids=str,
)
def test_what_is_no_date(texts):
    assert date_format(pa.array(texts, pa.string())) is None
