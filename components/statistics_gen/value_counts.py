"""Counts the different values of texts.

Of TFDV's two generators one counts exactly, and makes an element of Beam of each value; the other only estimates. This
one counts exactly with Arrow for as long as the different values fit the memory, then hands them to TFDV's sketches.
"""

from collections.abc import Iterable
from typing import TypeAlias

from tensorflow_data_validation.arrow import arrow_util
from tensorflow_data_validation.constants import LARGE_BYTES_PLACEHOLDER, NON_UTF8_PLACEHOLDER
from tensorflow_data_validation.statistics.generators.stats_generator import CombinerStatsGenerator
from tensorflow_data_validation.statistics.stats_options import StatsOptions
from tensorflow_data_validation.types import FeaturePath
from tensorflow_data_validation.utils import schema_util, stats_util
from tensorflow_data_validation.utils import top_k_uniques_stats_util as top_k
from tensorflow_metadata.proto.v0.statistics_pb2 import DatasetFeatureStatistics, FeatureNameStatistics
from tfx_bsl.arrow import array_util
from tfx_bsl.sketches import KmvSketch, MisraGriesSketch

from components.arrow import pa, pc
from components.contract import ESTIMATED
from components.value_table import COUNTS, VALUES, ValueTable

EXACT_BYTES = 64 * 2**20
"""What the different values of one feature may take, with their counts, before they are only estimated."""


class ValueCounts(CombinerStatsGenerator):
    """Takes the place of TFDV's TopKUniquesStatsGenerator: the same features, the same figures."""

    def __init__(self, options: StatsOptions) -> None:
        super().__init__(type(self).__name__, options.schema)
        self._options = options
        self._bytes = frozenset(schema_util.get_bytes_features(options.schema) if options.schema else ())
        self._categories = schema_util.get_categorical_numeric_feature_types(options.schema) if options.schema else {}

    def create_accumulator(self) -> "Accumulator":
        """Returns one without any feature."""
        return {}

    def add_input(self, accumulator: "Accumulator", batch: pa.RecordBatch) -> "Accumulator":
        """Counts the values of a batch."""
        for path, column, _ in arrow_util.enumerate_arrays(batch, None, enumerate_leaves_only=True):
            if self._is_counted(path, stats_util.get_feature_type_from_arrow_type(path, column.type)):
                values, _ = array_util.flatten_nested(column)
                accumulator.setdefault(path, Counted()).add(values)
        return accumulator

    def merge_accumulators(self, accumulators: Iterable["Accumulator"]) -> "Accumulator":
        """Adds up what several have counted."""
        merged = self.create_accumulator()
        for accumulator in accumulators:
            for path, counted in accumulator.items():
                if path in merged:
                    merged[path].merge(counted)
                else:
                    merged[path] = counted
        return merged

    def extract_output(self, accumulator: "Accumulator") -> DatasetFeatureStatistics:
        """Returns TFDV's message: the number of different values, and the most frequent ones."""
        options = self._options
        most = max(options.num_top_values, options.num_rank_histogram_buckets)
        features = [
            top_k.make_feature_stats_proto_topk_uniques(
                feature_path=path,
                num_top_values=options.num_top_values,
                num_rank_histogram_buckets=options.num_rank_histogram_buckets,
                num_unique=counted.distinct(),
                value_count_list=counted.most_frequent(most),
                frequency_threshold=options.frequency_threshold,
            )
            for path, counted in accumulator.items()
            if counted.distinct()
        ]
        for feature in features:
            if accumulator[FeaturePath.from_proto(feature.path)].is_estimated:
                feature.custom_stats.add(name=ESTIMATED, num=1)
        return DatasetFeatureStatistics(features=features)

    def _is_counted(self, path: FeaturePath, kind: int | None) -> bool:
        if kind == FeatureNameStatistics.STRING:
            return path not in self._bytes
        return kind == FeatureNameStatistics.INT and top_k.output_categorical_numeric(self._categories, path, kind)


class Counted:
    """How often each value of a feature occurs."""

    def __init__(self) -> None:
        self._table = ValueTable()
        self._sketches: Sketches | None = None

    def add(self, values: pa.Array) -> None:
        """Counts each of the values."""
        if len(values):
            self._table.add(*values.value_counts().flatten())
            self._check()

    def merge(self, other: "Counted") -> None:
        """Adds what another one has counted."""
        if other._sketches:
            self._estimate().merge(other._sketches)
        self._table.merge(other._table)
        self._check()

    @property
    def is_estimated(self) -> bool:
        """Whether there are too many to be counted exactly."""
        self._whole()
        return self._sketches is not None

    def distinct(self) -> int:
        """Returns how many different values there are."""
        whole = self._whole()
        return self._sketches.distinct() if self._sketches else 0 if whole is None else whole.num_rows

    def most_frequent(self, most: int) -> list[top_k.FeatureValueCount]:
        """Returns the most frequent values with their counts; of those that are as frequent, the last ones."""
        whole = self._whole()
        counted = self._sketches.counts() if self._sketches else whole
        if counted is None:
            return []
        order = [(COUNTS, "descending"), (VALUES, "descending")]
        first = counted.take(pc.select_k_unstable(counted, min(most, counted.num_rows), sort_keys=order)).to_pylist()
        return [top_k.FeatureValueCount(row[VALUES], row[COUNTS]) for row in first]

    def _whole(self) -> pa.Table | None:
        found = self._table.whole()
        self._check()
        return found

    def _check(self) -> None:
        """Hands the counts to sketches where there are too many."""
        found = self._table.summed()
        if self._sketches or (found is not None and found.nbytes > EXACT_BYTES):
            self._estimate()

    def _estimate(self) -> "Sketches":
        self._sketches = self._sketches or Sketches()
        for counts in self._table.parts():
            self._sketches.add(counts)
        self._table = ValueTable()
        return self._sketches


class Sketches:
    """Estimates: the number of different values to 1 %, counts to a thousandth of all, as TFDV's other generator."""

    def __init__(self) -> None:
        # As TFDV has them: in its stats_impl and top_k_uniques_sketch_stats_generator.
        self._distinct = KmvSketch(16384)
        self._counts = MisraGriesSketch(
            num_buckets=1024,
            invalid_utf8_placeholder=NON_UTF8_PLACEHOLDER,
            large_string_threshold=1024,
            large_string_placeholder=LARGE_BYTES_PLACEHOLDER,
        )

    def add(self, counts: pa.Table) -> None:
        """Adds values that were counted."""
        for batch in counts.combine_chunks().to_batches():
            self._distinct.AddValues(batch[VALUES])
            self._counts.AddValues(batch[VALUES], batch[COUNTS].cast(pa.float32()))

    def merge(self, other: "Sketches") -> None:
        """Adds what is in another one."""
        self._distinct.Merge(other._distinct)
        self._counts.Merge(other._counts)

    def distinct(self) -> int:
        """Returns how many different values there are, about."""
        return int(self._distinct.Estimate())

    def counts(self) -> pa.Table:
        """Returns the most frequent values, and their counts, about."""
        return pa.Table.from_arrays(self._counts.Estimate().flatten(), [VALUES, COUNTS])


Accumulator: TypeAlias = dict[FeaturePath, Counted]
