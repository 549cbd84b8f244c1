"""Tells which of TFDV's options are heeded, and which generators they ask for."""

from collections.abc import Iterable

from tensorflow_data_validation.statistics import stats_impl
from tensorflow_data_validation.statistics.generators.stats_generator import CombinerStatsGenerator
from tensorflow_data_validation.statistics.generators.top_k_uniques_stats_generator import TopKUniquesStatsGenerator
from tensorflow_data_validation.statistics.stats_options import StatsOptions

from components.errors import TransferlineError
from components.statistics_gen.value_counts import ValueCounts
from components.wording import listed

HEEDED = {
    "schema",
    "num_top_values",
    "frequency_threshold",
    "num_rank_histogram_buckets",
    "num_values_histogram_buckets",
    "num_histogram_buckets",
    "num_quantiles_histogram_buckets",
    "epsilon",
    "use_sketch_based_topk_uniques",
}


def check(options: StatsOptions) -> None:
    """Checks that nothing is asked for that isn't heeded.

    Raises:
        TransferlineError: Something is.
    """
    usual = vars(StatsOptions())
    asked = {name.removeprefix("_") for name, value in vars(options).items() if value != usual.get(name)}
    refuse(asked - HEEDED)


def refuse(unheeded: Iterable[str]) -> None:
    """Refuses options.

    Raises:
        TransferlineError: There are some.
    """
    if names := sorted(unheeded):
        raise TransferlineError(
            f"StatisticsGen doesn't heed these options: {listed(names)}.",
            place="stats_options",
            cure="Leave them out, or use StatisticsGen of tfx.components, which heeds all.",
        )


def generators_of(options: StatsOptions) -> list[CombinerStatsGenerator]:
    """Returns TFDV's generators, with ours in place of the one that counts values."""
    return [
        ValueCounts(options) if isinstance(generator, TopKUniquesStatsGenerator) else generator
        for generator in stats_impl.get_generators(options)
    ]
