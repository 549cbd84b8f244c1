"""Finds a run by what a person calls it."""

from collections.abc import Sequence

from components.errors import TransferlineError
from pipeline.names import nearest
from pipeline.run_record import RunRecord

LATEST, PREVIOUS = "latest", "previous"
SHOWN = 5


def find_run(records: Sequence[RunRecord], name: str) -> RunRecord:
    """Returns the run of an ID.

    Args:
        records: All runs, the newest first.
        name: A run's ID or the beginning of one; or "latest", or "previous" for the one before it.

    Raises:
        TransferlineError: There is no such run, or more than one.
    """
    places = {LATEST: 0, PREVIOUS: 1}
    if name in places:
        if len(records) <= places[name]:
            raise TransferlineError(f"there is no {name} run: {len(records)} were recorded", cure="run the pipeline")
        return records[places[name]]
    found = [record for record in records if name and record.run_id.startswith(name)]
    exact = [record for record in found if record.run_id == name]
    if len(exact or found) == 1:
        return (exact or found)[0]
    ids = [record.run_id for record in found or records]
    listed = ", ".join(ids[:SHOWN]) + (f" and {len(ids) - SHOWN} more" if len(ids) > SHOWN else "")
    if found:
        raise TransferlineError(f"several runs begin with '{name}': {listed}", cure="give more of the ID")
    raise TransferlineError(
        f"there is no run '{name}'{nearest(name, ids)}",
        cure=f"use {LATEST}, {PREVIOUS}, or one of {listed}" if ids else "run the pipeline",
    )
