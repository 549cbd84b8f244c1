"""Says what the gate of a new pipeline does with records that can't be used, conflicts, and classes that are rare."""

import math
from collections.abc import Iterable, Mapping

from components.column_rules import ColumnBounds
from components.contract import SPLITS
from components.data_gate.config import GateRules
from components.ingest.findings import conflicts_text, missing_classes, outvoted_share
from components.ingest.report import Conflicts
from pipeline.profile.columns import Column
from pipeline.profile.quarantine import SPARE, Quarantine, rounded_up

MAX_CONFLICTS = 0.3
"""Above it, no model of these columns can be right about 7 of 10 records: the columns that would tell them apart are
missing, or rows were joined with the wrong labels."""

RULES = GateRules(max_conflicts=MAX_CONFLICTS, fail_on_missing_class=True)
MOST = RULES.max_quarantined
NOT_LAID_OUT: Mapping[str, Mapping[str, int]] = {}


LIKELY = 0.2
"""Splits of one table may differ in this much by chance; more is another table."""

DEVIATIONS = 4


def rules_for_rows(rules: GateRules, columns: Iterable[Column], test: int, *, by_group: bool) -> GateRules:
    """Returns the rules of a new pipeline of rows: what splits of one table wouldn't show by chance stops a run.

    Args:
        rules: What there are besides.
        columns: What was found in the columns.
        test: About how many rows the smallest split has.
        by_group: Whether rows are split by their group, which may have values of its own.
    """
    rules = rules.model_copy(update={"max_missing_rise": _bound(0.0, 0.5, test)})
    if by_group:
        return rules
    # The share of a category's values that occur once tells what share of the next ones is new (Good, 1953).
    bounds = {column.name: _bound(column.once, column.once, test) for column in columns}
    own = {name: ColumnBounds(max_unseen=bound) for name, bound in bounds.items() if bound > LIKELY}
    return rules.model_copy(update={"max_unseen": LIKELY, **({"columns": own} if own else {})})


def _bound(expected: float, share: float, rows: int) -> float:
    """Returns what isn't exceeded by chance.

    Args:
        expected: What is expected of a share.
        share: The share that its deviation is as large as that of.
        rows: What it is a share of.
    """
    deviation = math.sqrt(share * (1 - share) / max(rows, 1))
    return float(rounded_up(max(LIKELY / SPARE, expected + DEVIATIONS * deviation)))


def what_stops(found: Quarantine) -> str:
    """Returns how much can't be used, and whether that stops a run."""
    return found.text + f"; more than {MOST:.0%} stop the run" * found.stops(MOST)


def settings_to_run(
    found: Quarantine, *, class_is_missing: bool, conflicts: Conflicts | None = None, records: int = 0
) -> tuple[str, ...]:
    """Returns the settings without which a run would stop; none where it goes on.

    Args:
        found: What can't be used.
        class_is_missing: Whether a class will miss a split.
        conflicts: Records with the same inputs and different labels.
        records: Of how many.
    """
    settings = [found.setting] if found.stops(MOST) else []
    if class_is_missing:
        settings.append("gate.fail_on_missing_class=false")
    if conflicts and (share := outvoted_share(conflicts, records)) > MAX_CONFLICTS:
        settings.append(f"gate.max_conflicts={rounded_up(share)}")
    return tuple(settings)


def misses_a_split(counts: Mapping[str, int], by_split: Mapping[str, Mapping[str, int]] = NOT_LAID_OUT) -> bool:
    """Whether a class can't be in each split, or isn't in each one that is laid out.

    Args:
        counts: Records by class.
        by_split: Records by split, then by class, where that is laid out.
    """
    return bool(missing_classes(by_split)) or min(counts.values()) < len(SPLITS)


def missing_warning(what: str) -> str:
    """Returns what to say where a class misses a split.

    Args:
        what: What the records are: "photos" or "rows".
    """
    return f"A class without {what} in train, eval or test stops the run: nothing would say how well it is known."


def conflicts_warning(conflicts: Conflicts, records: int) -> str:
    """Returns how many records conflict, where any do, and whether that stops a run."""
    text = conflicts_text(conflicts, records)
    stops = f"; with more than {MAX_CONFLICTS:.0%} wrong at best the run stops"
    return f"{text[0].upper()}{text[1:]}{stops * (outvoted_share(conflicts, records) > MAX_CONFLICTS)}."
