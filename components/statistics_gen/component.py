"""Defines StatisticsGen: TFDV's statistics of each split."""

from tensorflow_data_validation.statistics.stats_options import StatsOptions
from tfx import types
from tfx.components.statistics_gen.component import StatisticsGen as TfxStatisticsGen
from tfx.dsl.components.base.executor_spec import BeamExecutorSpec

from components.statistics_gen.executor import Executor
from components.statistics_gen.options import check


class StatisticsGen(TfxStatisticsGen):
    """Takes the place of TFX's, for examples in gzipped TFRecords.

    Outputs: `statistics` (ExampleStatistics: `FeatureStats.pb` of each split).
    """

    EXECUTOR_SPEC = BeamExecutorSpec(Executor)

    def __init__(
        self,
        examples: types.BaseChannel,
        schema: types.BaseChannel | None = None,
        stats_options: StatsOptions | None = None,
    ) -> None:
        """Declares the statistics.

        Args:
            examples: Examples.
            schema: Says which features are bytes or categories; not beside a schema in the options.
            stats_options: Options of TFDV.

        Raises:
            TransferlineError: An option is asked for that isn't heeded.
        """
        check(stats_options or StatsOptions())
        super().__init__(examples=examples, schema=schema, stats_options=stats_options)
