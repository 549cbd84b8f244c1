"""As many sums of each of TFT's analyzers must come in where they are merged."""

import numpy as np
import pytest
from tensorflow_transform.analyzers import NumPyCombiner
from tensorflow_transform.beam import analyzer_impls
from tensorflow_transform.beam.combiner_packing_util import _CombinerOpWrapper

from components.errors import TransferlineError
from components.transform.merging import STOCK, CountedMerge, counted_merging

ONE, OTHER = ("one", [np.array([1, 2])]), ("other", [np.array([3, 4])])


@pytest.fixture
def merge():
    combiners = {label: NumPyCombiner(np.sum, 0, [np.int64], [(2,)]) for label in (ONE[0], OTHER[0])}
    return CountedMerge(
        [_CombinerOpWrapper(combiner, (label,), label) for label, combiner in combiners.items()],
        is_combining_accumulators=True,
    )


def added(merge, *sums):
    accumulator = merge.create_accumulator()
    for each in sums:
        accumulator = merge.add_input(accumulator, each)
    return merge.compact(accumulator)


def values(found):
    return {label: np.asarray(each[0]).tolist() for label, each in found.items()}


def test_what_came_in_for_each_is_merged(merge):
    whole = merge.merge_accumulators([added(merge, ONE, OTHER), added(merge, OTHER), added(merge, ONE)])
    assert values(merge.extract_output(whole)) == {"one": [2, 4], "other": [6, 8]}


@pytest.mark.parametrize("came", [[ONE], [ONE, OTHER, ONE], [OTHER, OTHER]])
def test_a_sum_that_was_lost_or_doubled_is_told(merge, came):
    parts = [added(merge, each) for each in came]
    with pytest.raises(TransferlineError, match="of each analyzer came in"):
        merge.extract_output(merge.merge_accumulators(parts))


def test_tft_has_its_own_again_afterwards():
    with counted_merging():
        assert analyzer_impls._PackedCombinerWrapper is CountedMerge
    assert analyzer_impls._PackedCombinerWrapper is STOCK
