import pytest


def test_a_split_without_a_file_is_an_error(write_examples, serialized, statistics):
    examples = write_examples(train=[[serialized(a=[1])]], eval=[])
    with pytest.raises(FileNotFoundError, match="Split-eval"):
        statistics(examples)
