"""Puts the hashes of the records of rare classes together, across workers."""

from collections.abc import Iterable
from typing import TypeAlias

import apache_beam as beam
import numpy as np

from components.ingest.strata import RARE, ClassHashes, Hashes

Gathered: TypeAlias = dict[str, list[Hashes] | None]
"""As `ClassHashes`, in parts."""


class GatherClasses(beam.CombineFn):
    """Puts the hashes of rare classes together, from `ClassHashes` of parts of the records."""

    def create_accumulator(self) -> Gathered:
        """Nothing yet."""
        return {}

    def add_input(self, accumulator: Gathered, part: ClassHashes) -> Gathered:
        """Takes in a part."""
        for name, hashes in part.items():
            known = accumulator.setdefault(name, [])
            if known is None:
                continue
            if hashes is None or sum(map(len, known)) + len(hashes) > RARE:
                accumulator[name] = None
            else:
                known.append(hashes)
        return accumulator

    def merge_accumulators(self, accumulators: Iterable[Gathered]) -> Gathered:
        """Takes in what other workers have."""
        result = self.create_accumulator()
        for accumulator in accumulators:
            self.add_input(result, self.extract_output(accumulator))
        return result

    def extract_output(self, accumulator: Gathered) -> ClassHashes:
        """Returns each class's hashes as one array."""
        return {name: None if known is None else np.concatenate(known) for name, known in accumulator.items()}
