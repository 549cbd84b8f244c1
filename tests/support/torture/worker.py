"""Does the cases of a part in a process of its own: `python -m torture.worker PART SEED FIRST LAST RESULTS`."""

import signal
import sys
from pathlib import Path

from torture.part import part_of, run_case


def main(name: str, seed: str, first: str, last: str, results: str) -> None:
    """Adds a line to the results for each case from the first up to, and without, the last."""
    part = part_of(name)
    with Path(results).open("a", encoding="utf-8") as file:
        for case in range(int(first), int(last)):
            # The signal ends the process even where the interpreter waits for a library.
            signal.alarm(part.seconds)
            result = run_case(part, int(seed), case)
            signal.alarm(0)
            file.write(result.model_dump_json() + "\n")
            file.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
