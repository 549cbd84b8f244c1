"""Adds up by key, on engines that may give a key what belongs to another."""

from collections.abc import Callable, Hashable, Iterable
from typing import Any

import apache_beam as beam

from components.ingest.record_counts import lost


class _Keys(beam.CombineFn):
    """Which keys values came with."""

    def create_accumulator(self) -> frozenset[Hashable]:
        """None yet."""
        return frozenset()

    def add_input(self, accumulator: frozenset[Hashable], key: Hashable) -> frozenset[Hashable]:
        """Takes in the key of a value."""
        return accumulator | {key}

    def merge_accumulators(self, accumulators: Iterable[frozenset[Hashable]]) -> frozenset[Hashable]:
        """Takes in those of other workers."""
        return frozenset().union(*accumulators)

    def extract_output(self, accumulator: frozenset[Hashable]) -> frozenset[Hashable]:
        """Returns all."""
        return accumulator


class CombineByKey(beam.PTransform):
    """Does as `beam.CombinePerKey` does; each value carries its key, and one that comes to another ends the job.

    Args:
        combine: What to make of the values of a key.
    """

    def __init__(self, combine: Callable[..., Any] | beam.CombineFn) -> None:
        super().__init__()
        self._combine = combine

    def expand(self, pairs: beam.PCollection) -> beam.PCollection:
        """Combines."""
        return (
            pairs
            | "WithKeys" >> beam.MapTuple(lambda key, value: (key, (key, value)))
            | "Combine" >> beam.CombinePerKey(beam.combiners.TupleCombineFn(_Keys(), self._combine))
            | "OfOneKey" >> beam.MapTuple(_of_one_key)
        )


def _of_one_key(key: Hashable, found: tuple[frozenset[Hashable], Any]) -> tuple[Hashable, Any]:
    keys, combined = found
    if keys != {key}:
        raise lost(f"what came to {key} was of {', '.join(map(str, sorted(keys, key=str)))}", "a worker of the engine")
    return key, combined
