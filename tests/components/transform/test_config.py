import pytest
from pydantic import ValidationError

from components.transform.config import ImageTransform


def test_the_default_is_the_size_the_published_figures_are_for():
    assert ImageTransform().image_size == 160


@pytest.mark.parametrize("size", [0, 31, 1025])
def test_a_size_that_the_network_cannot_take_is_refused(size):
    with pytest.raises(ValidationError):
        ImageTransform(image_size=size)
