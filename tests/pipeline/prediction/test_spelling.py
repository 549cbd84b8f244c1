import numpy as np
import pytest

from pipeline.prediction.spelling import text_of


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
    ],
)
def test_a_value_is_written_as_training_wrote_it(value, trained, text):
    assert text_of(value, trained) == text
