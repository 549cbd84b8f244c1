"""An engine that loses, doubles or mixes up one element between two stages of a Beam step.

Either the step ends with an error, or what it writes is what a faithful engine would have written: that one record is
gone must never go unnoticed.
"""

import logging
from pathlib import Path
from random import Random

from unfaithful_runner import FAULTS
from unfaithful_steps import STEPS, UNNOTICED, faithful, verdict

from torture.part import Part


def run(random: Random, folder: Path) -> str:
    """Runs a step, with one fault of the engine."""
    step, kind = random.choice(sorted(STEPS)), random.choice(FAULTS)
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        _, elements = faithful(step)
        number = random.randrange(elements)
        became, words = verdict(step, kind, number, folder)
    finally:
        logging.disable(before)
    if became == UNNOTICED:
        raise AssertionError(f"an engine that {kind} the element {number} of {step} changes {words} unnoticed")
    return f"{step}, {kind}: {became}"


PART = Part(name="unfaithful", cases=600, run=run, sample=4, seconds=120)
