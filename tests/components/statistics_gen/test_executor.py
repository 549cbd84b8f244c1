import pytest

from components.errors import TransferlineError


def test_a_split_without_a_file_is_an_error(write_examples, serialized, statistics):
    examples = write_examples(train=[[serialized(a=[1])]], eval=[])
    with pytest.raises(TransferlineError, match="There are no files of records") as caught:
        statistics(examples)
    assert caught.value.place.endswith("Split-eval")
