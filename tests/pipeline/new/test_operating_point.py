import pytest

from components.operating_point import Maximize
from pipeline.new.operating_point import operating_point_for


@pytest.mark.parametrize(
    ("counts", "proposed"),
    [
        ({"no": 900, "yes": 100}, Maximize(metric="balanced_accuracy")),
        ({"no": 600, "yes": 400}, None),
        ({"a": 900, "b": 50, "c": 50}, None),
    ],
)
def test_a_cut_is_chosen_only_where_one_half_is_not_the_best(counts, proposed):
    assert operating_point_for(counts) == proposed
