import numpy as np
import pytest

from components.arrow import pa
from components.transform.config import Boolean, Category, Date, Number, Text
from pipeline.profile.features import feature_of
from pipeline.profile.target import Classes, Numbers

RNG = np.random.default_rng(0)
ROWS = 2_000
LABELS = RNG.integers(0, 2, ROWS)
NAMES = np.array(["Rome", "Bonn", "Oslo"])
DAYS = RNG.integers(0, 900, ROWS) * 86_400
TEXTS = [" ".join(RNG.choice(["red", "big", "Öl", "car", "old"], 6)) for _ in range(ROWS)]


def found(values, kind="float", labels=LABELS, classes=2):
    types = {"float": pa.float32(), "int": pa.int64(), "date": pa.int64(), "string": pa.string()}
    return feature_of(pa.array(values, types[kind]), kind, Classes(np.asarray(labels), classes))


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (RNG.normal(size=ROWS), Number()),
        (RNG.uniform(-3, 9, ROWS), Number()),
        (RNG.lognormal(0, 1.5, ROWS), Number(scale="log")),
        (-RNG.lognormal(3, 1.5, ROWS), Number(scale="log")),
        (np.exp(RNG.lognormal(0, 1, ROWS).clip(max=20)), Number(scale="quantile")),
        (RNG.integers(0, 2, ROWS), Boolean()),
        ([0.5, None] * (ROWS // 4) + [2.5] * (ROWS // 2), Boolean()),
        (RNG.poisson(1, ROWS), Number()),
    ],
)
def test_numbers(values, expected):
    assert found(values) == expected


def test_codes_whose_order_says_nothing_of_the_class_are_categories():
    codes = RNG.integers(1, 6, ROWS)
    assert found(codes) == Number()
    by_order = (RNG.random(ROWS) < codes / 6).astype(int)
    assert found(codes, labels=by_order) == Number()
    by_code = (RNG.random(ROWS) < np.isin(codes, (2, 4)) * 0.5 + 0.2).astype(int)
    assert found(codes, "int", by_code) == Category()
    third = np.where(codes == 3, 2, LABELS)
    assert found(codes, "int", third, classes=3) == Category()


def test_texts():
    assert found(RNG.choice(NAMES, ROWS), "string") == Category()
    assert found(RNG.choice(NAMES[:2], ROWS), "string") == Boolean()
    assert found([f"Smith {n}" for n in range(ROWS)], "string") is None
    assert found(TEXTS, "string") == Text()
    assert found([*TEXTS[:5]] * (ROWS // 5), "string") == Category()


def test_dates_have_the_parts_that_differ():
    assert found(DAYS, "date") == Date(parts=("year", "month", "weekday", "days"))
    hours = DAYS % (300 * 86_400) + 3_600 * RNG.integers(0, 24, ROWS)
    assert found(hours, "date") == Date(parts=("month", "weekday", "hour", "days"))


def test_codes_are_categories_where_the_mean_of_a_number_to_predict_goes_up_and_down():
    codes = RNG.integers(1, 6, ROWS)
    noise = RNG.normal(size=ROWS)

    def kind(means):
        values = pa.array(codes, pa.float32())
        return feature_of(values, "float", Numbers(np.array(means)[codes - 1] + noise))

    assert kind([0, 0, 0, 0, 0]) == Number()
    assert kind([1, 2, 3, 4, 5]) == Number()
    assert kind([1, 5, 1, 5, 1]) == Category()
