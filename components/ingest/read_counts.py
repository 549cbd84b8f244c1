"""Adds up what the workers of a job have read."""

from collections.abc import Iterable

import apache_beam as beam

from components.ingest.record_counts import Read


class AddRead(beam.CombineFn):
    """Adds up records by file; on the way with what was made of them, nothing of which is lost or doubled alone."""

    def create_accumulator(self) -> dict[str, int]:
        """Nothing yet."""
        return {}

    def add_input(self, accumulator: dict[str, int], read: Read) -> dict[str, int]:
        """Takes in what was read of some files."""
        for file, records in read.items():
            accumulator[file] = accumulator.get(file, 0) + records
        return accumulator

    def merge_accumulators(self, accumulators: Iterable[dict[str, int]]) -> dict[str, int]:
        """Takes in what other workers have read."""
        merged = self.create_accumulator()
        for accumulator in accumulators:
            self.add_input(merged, accumulator)
        return merged

    def extract_output(self, accumulator: dict[str, int]) -> dict[str, int]:
        """Returns all."""
        return accumulator


def with_read(combine: beam.CombineFn) -> beam.CombineFn:
    """Returns a combine of pairs: of what was read, and of what is combined."""
    return beam.combiners.TupleCombineFn(AddRead(), combine)
