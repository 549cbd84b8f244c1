import pytest
from tensorflow_data_validation import StatsOptions
from tensorflow_metadata.proto.v0 import schema_pb2
from tfx.types import Channel, standard_artifacts

from components.errors import TransferlineError
from components.statistics_gen.component import StatisticsGen
from components.statistics_gen.options import check

EXAMPLES = Channel(type=standard_artifacts.Examples)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"schema": schema_pb2.Schema(), "num_top_values": 3, "epsilon": 0.1},
        {"num_histogram_buckets": 5, "use_sketch_based_topk_uniques": True},
    ],
)
def test_options_that_are_heeded(options):
    check(StatsOptions(**options))
    check(StatsOptions.from_json(StatsOptions(**options).to_json()))


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"sample_rate": 0.1}, "sample_rate"),
        ({"weight_feature": "w", "label_feature": "y"}, "label_feature, weight_feature"),
        ({"feature_allowlist": ["a"]}, "feature_allowlist"),
        ({"enable_semantic_domain_stats": True}, "enable_semantic_domain_stats"),
        ({"experimental_slice_functions": [lambda batch: []]}, "slice_functions"),
    ],
)
def test_options_that_are_refused(options, named):
    with pytest.raises(TransferlineError, match=rf"doesn't heed these options: {named}\."):
        StatisticsGen(examples=EXAMPLES, stats_options=StatsOptions(**options))


def test_the_step_refuses_them_too(write_examples, serialized, statistics):
    examples = write_examples(train=[[serialized(a=[1])]])
    with pytest.raises(TransferlineError, match="sample_rate"):
        statistics(examples, stats_options_json=StatsOptions(sample_rate=0.5).to_json())
    with pytest.raises(TransferlineError, match="sample_rate_by_split"):
        statistics(examples, sample_rate_by_split='{"train": 0.5}')


def test_it_is_named_as_ever():
    assert StatisticsGen(examples=EXAMPLES).id == "StatisticsGen"
