"""Says what was found in the records as a whole: conflicts, and classes that miss a split."""

from collections.abc import Iterable, Mapping, Sequence

from components.contract import SPLITS
from components.ingest.report import SHOWN, Conflicts, IngestReport, LongCells
from components.wording import listed, natural_key, printable

LISTED = 20
STRAYS = 0.05
"""Where a larger share of a column's cells is long, it is a column of letters."""

REFUSE_OUTSIDE = 'If others made the data, set data.outside to "refuse".'
"""What to do about photos from elsewhere."""

Counts = Mapping[str, Mapping[str, int]]
"""Records by split, then by label."""


def findings_of(report: IngestReport) -> list[str]:
    """Returns in a few words each what was found, for a line of a run."""
    names = missing_classes(report.counts)
    found = [f"{report.conflicts.records:,} in conflict"] if report.conflicts and report.conflicts.groups else []
    if outside := sum(labels.outside for labels in report.label_ranges.values()):
        found.append(f"{outside:,} label{'s' * (outside > 1)} outside of the training rows' range")
    found += [f"{report.outside:,} from outside of the data's folder"] if report.outside else []
    found += [f"{_cells(each.cells)} too long for a name in '{printable(each.column)}'" for each in report.long_cells]
    return [*found, missing_classes_text(names, report.counts)] if names else found


def missing_classes(counts: Counts) -> list[str]:
    """Returns the classes that have no record in one of the splits that have any."""
    filled = [counts[split] for split in SPLITS if counts.get(split)]
    return sorted({name for split in filled for name in split if not all(other.get(name) for other in filled)})


def missing_classes_text(names: Iterable[str], counts: Counts) -> str:
    """Returns "1 class misses a split: 'roses' (train 3, eval 0, test 0)"; "" where none does."""
    every = [f"'{printable(name)}' ({_by_split(name, counts)})" for name in names]
    if not every:
        return ""
    count = f"{len(every):,} classes miss a split" if len(every) > 1 else "1 class misses a split"
    return f"{count}: {listed(every, LISTED)}"


def outside_text(names: Sequence[str], count: int) -> str:
    """Returns that photos were taken from elsewhere; "" where none was.

    Args:
        names: The first of them.
        count: How many there are.
    """
    if not count:
        return ""
    more = f" and {count - len(names):,} more" if count > len(names) else ""
    one = count == 1
    return (
        f"{count:,} photo{'' if one else 's'} {'lies' if one else 'lie'} outside of the data's folder, where a link or "
        f"the manifest leads: {', '.join(map(printable, names))}{more}"
    )


def conflicts_text(conflicts: Conflicts, records: int) -> str:
    """Returns how many records conflict with others, and how right a model can be at most; "" where none do.

    Args:
        conflicts: What was counted.
        records: How many there are in all splits.
    """
    if not conflicts.groups:
        return ""
    groups = f"{conflicts.groups:,} group{'s' * (conflicts.groups > 1)}"
    if conflicts.quarantined:
        return f"{conflicts.records:,} records in {groups}, the same but for their labels, are quarantined"
    about = "about " if conflicts.share < 1 else ""
    return (
        f"{about}{conflicts.records:,} of {records:,} records ({conflicts.records / records:.1%}) conflict with "
        f"another one, which has the same inputs and another label, in {groups}: no model of these inputs can be right "
        f"for more than "
        f"{1 - outvoted_share(conflicts, records):.1%} of the records"
    )


def long_cells_by_column(parts: Iterable[LongCells]) -> dict[str, LongCells]:
    """Adds up what was counted in parts of the columns."""
    found: dict[str, LongCells] = {}
    for part in parts:
        found[part.column] = _together(found[part.column], part) if part.column in found else part
    return found


def strays(parts: Iterable[LongCells]) -> tuple[LongCells, ...]:
    """Returns the columns that have a few long cells, and no more than a few, of what was counted in parts of them."""
    columns = sorted(long_cells_by_column(parts).items())
    return tuple(each for _, each in columns if 0 < each.cells <= STRAYS * each.given)


def _together(one: LongCells, other: LongCells) -> LongCells:
    return LongCells(
        column=one.column,
        given=one.given + other.given,
        cells=one.cells + other.cells,
        longest=max(one.longest, other.longest),
        first=tuple(sorted({*one.first, *other.first}, key=natural_key)[:SHOWN]),
    )


def long_cells_text(found: LongCells) -> str:
    """Returns how many cells are long, and where."""
    more = found.cells - len(found.first)
    return (
        f"{_cells(found.cells)} of the column '{printable(found.column)}', of {found.given:,}, "
        f"{'is' if found.cells == 1 else 'are'} too long for the name of a category, up to {found.longest:,} bytes: "
        f"{'; '.join(found.first)}{f' and {more:,} more' * (more > 0)}"
    )


def _cells(count: int) -> str:
    return "1 cell" if count == 1 else f"{count:,} cells"


def outvoted_share(conflicts: Conflicts, records: int) -> float:
    """Returns which part of all records has another label than most of those with the same inputs.

    Args:
        conflicts: What was counted.
        records: How many were written.
    """
    every = records + conflicts.records * conflicts.quarantined
    return conflicts.outvoted / every if every else 0.0


def _by_split(name: str, counts: Counts) -> str:
    return ", ".join(f"{split} {counts.get(split, {}).get(name, 0):,}" for split in SPLITS)
