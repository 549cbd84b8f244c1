import pytest
from pydantic import ValidationError

from components.image_example_gen.config import ImageData, Split


def test_data_survives_json():
    data = ImageData(path="photos", split=Split(by="hash"), class_aliases={"cats": "cat"})
    assert ImageData.model_validate_json(data.model_dump_json()) == data


def test_shares_must_sum_to_one():
    with pytest.raises(ValidationError, match=r"must sum to 1, and they sum to 1\.1"):
        Split(train=0.9, eval=0.1, test=0.1)


@pytest.mark.parametrize("share", ["train", "eval", "test", "test_from_eval"])
def test_no_share_may_be_empty(share):
    with pytest.raises(ValidationError, match=f"{share}\n.*greater than 0"):
        Split(**{share: 0.0})


def test_shares_of_thirds_are_accepted():
    assert Split(train=1 / 3, eval=1 / 3, test=1 / 3)
