"""Puts the inputs of all rows together, across workers."""

from collections.abc import Iterable

import apache_beam as beam

from components.csv_example_gen.conflicts import KEPT, LabelledInputs, thinned, together


class GatherInputs(beam.CombineFn):
    """Puts the inputs of many blocks together; what is kept is bounded, see `components.csv_example_gen.conflicts`."""

    def create_accumulator(self) -> list[LabelledInputs]:
        """Nothing yet."""
        return []

    def add_input(self, accumulator: list[LabelledInputs], block: LabelledInputs) -> list[LabelledInputs]:
        """Takes in a block."""
        accumulator.append(thinned(block, accumulator[0].zeros) if accumulator else block)
        if sum(len(part.pairs) for part in accumulator) > 2 * KEPT:
            accumulator[:] = [together(accumulator)]
        return accumulator

    def merge_accumulators(self, accumulators: Iterable[list[LabelledInputs]]) -> list[LabelledInputs]:
        """Takes in what other workers have."""
        result = self.create_accumulator()
        for accumulator in accumulators:
            for part in accumulator:
                self.add_input(result, part)
        return result

    def compact(self, accumulator: list[LabelledInputs]) -> list[LabelledInputs]:
        """Makes it small before it goes to another worker."""
        return [together(accumulator)]

    def extract_output(self, accumulator: list[LabelledInputs]) -> LabelledInputs:
        """Returns all of it as one."""
        return together(accumulator)
