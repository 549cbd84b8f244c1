"""Checks what the columns of rows lack, and what they have that training doesn't."""

from collections.abc import Collection, Iterable, Iterator

from components.column_rules import CATEGORIES, NUMBERS, ColumnBounds, ColumnRules
from components.contract import SPLITS
from components.ingest.column_splits import ColumnSplits
from components.wording import listed, nearest, printable

TRAIN = SPLITS[0]


def column_faults(
    columns: Iterable[ColumnSplits], rules: ColumnRules, told: Collection[tuple[str, str]] = ()
) -> Iterator[str]:
    """Yields what is wrong with a column in a split.

    Args:
        columns: What each column has in each split.
        rules: What is asked of them.
        told: Columns and splits that the schema has found something about already.
    """
    every = list(columns)
    names = [column.name for column in every]
    for name in rules.columns:
        if name not in names:
            yield f"gate.columns names '{printable(name)}', which is no column{nearest(name, names)}: correct it"
    for column in every:
        kind = rules.kind_of(column.name, column.type in NUMBERS)
        bounds = rules.bounds_of(column.name, kind)
        trained = column.of(TRAIN)
        if kind and trained.rows and trained.missing == trained.rows:
            where = f"'{printable(column.name)}' has no value in the training split"
            yield f"{where}: name the others in transform.features"
            continue
        for split in SPLITS:
            if (column.name, split) in told:
                continue
            yield from _missing(column, split, bounds)
            if kind in CATEGORIES or not kind:
                yield from _unseen(column, split, bounds)


def _missing(column: ColumnSplits, split: str, bounds: ColumnBounds) -> Iterator[str]:
    found, trained = column.of(split), column.of(TRAIN)
    share = found.missing_share
    lacking = f"'{printable(column.name)}' has no value in {found.missing:,} of {found.rows:,} records of {split}"
    if bounds.max_missing is not None and share > bounds.max_missing:
        yield (
            f"{lacking} ({share:.1%}), more than gate.max_missing={bounds.max_missing:.1%} allows; fill them, leave "
            "the column out, or raise the bound"
        )
    elif bounds.max_missing_rise is not None and share - trained.missing_share > bounds.max_missing_rise:
        yield (
            f"{lacking} ({share:.1%}), and in {trained.missing_share:.1%} of train, which is more above it than "
            f"gate.max_missing_rise={bounds.max_missing_rise:.1%} allows; look for what changed, or raise the bound"
        )


def _unseen(column: ColumnSplits, split: str, bounds: ColumnBounds) -> Iterator[str]:
    found = column.of(split)
    if bounds.max_unseen is None or not found.unseen or found.unseen_share <= bounds.max_unseen:
        return
    such_as = f", such as {listed(map(repr, found.first_unseen))}," if found.first_unseen else ""
    yield (
        f"'{printable(column.name)}' has a value that train doesn't have{such_as} in {found.unseen:,} of "
        f"{found.rows - found.missing:,} records of {split} ({found.unseen_share:.1%}), more than "
        f"gate.max_unseen={bounds.max_unseen:.1%} allows; add such records to train, leave the column out, or raise "
        "the bound"
    )
