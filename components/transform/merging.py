"""Has TFT count what comes in where it merges what its analyzers added up, so that a sum that is lost is found out.

TFT packs the sums of all analyzers, and takes them apart again before they are merged: what is lost or doubled there
takes no count along, and an analyzer without any gives what it gives of no rows. As many sums of each must arrive.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, TypeAlias

from tensorflow_transform.beam import analyzer_impls

from components.ingest.record_counts import lost

Accumulator: TypeAlias = tuple[list[Any], list[int]]
"""TFT's own, one an analyzer, and how many sums of each have come in."""

STOCK = analyzer_impls._PackedCombinerWrapper  # TFT has no other way in


class CountedMerge(STOCK):  # type: ignore[misc, valid-type] # TFT has no types
    """TFT's own, which counts where it merges."""

    def create_accumulator(self, *args: Any, **kwargs: Any) -> Accumulator:
        """Begins with nothing."""
        sums = super().create_accumulator(*args, **kwargs)
        return sums, [0] * len(sums)

    def add_input(self, accumulator: Accumulator, element: Any) -> Accumulator:
        """Takes a sum of one analyzer with the analyzer's label, or a batch of rows."""
        sums, counts = accumulator
        if self._is_combining_accumulators:
            counts[self._combiner_label_to_index[element[0]]] += 1
        return super().add_input(sums, element), counts

    def merge_accumulators(self, accumulators: Iterable[Accumulator]) -> Accumulator:
        """Merges those of several workers."""
        sums, counts = zip(*accumulators, strict=True)
        return super().merge_accumulators(sums), [sum(each) for each in zip(*counts, strict=True)]

    def compact(self, accumulator: Accumulator) -> Accumulator:
        """Makes it smaller, before it is sent."""
        sums, counts = accumulator
        return super().compact(sums), counts

    def extract_output(self, accumulator: Accumulator) -> dict[str, Any]:
        """Returns what each analyzer found, or its sum, by its label.

        Raises:
            TransferlineError: More sums of one analyzer than of another have come in.
        """
        sums, counts = accumulator
        if len(set(counts)) > 1:
            raise lost(f"{min(counts)} to {max(counts)} sums of each analyzer came in", "Transform")
        found: dict[str, Any] = super().extract_output(sums)
        return found


@contextmanager
def counted_merging() -> Iterator[None]:
    """Has TFT make graphs that count so."""
    analyzer_impls._PackedCombinerWrapper = CountedMerge
    try:
        yield
    finally:
        analyzer_impls._PackedCombinerWrapper = STOCK
