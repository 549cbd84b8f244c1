"""Detects how a table is written: what separates the cells, and whether the first line names the columns."""

import csv
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress

from components.csv_example_gen.config import CsvData
from components.csv_example_gen.files import DataFile
from components.csv_example_gen.layout import NUMBER, beginning, find_layout, look_at
from components.errors import TransferlineError
from components.wording import listed, nearest, printable

LINES, LISTED = 200, 40
MISSING = ("", "NA", "N/A", "n/a", "NaN", "nan", "NULL", "null", "None", "none", "?", "-", "#N/A", "#N/A!")
"""What people write where there is no value."""

Rows = list[list[str]]


def table_format(files: Sequence[DataFile], path: str, label: str, *, header: bool | None = None) -> CsvData:
    """Returns how the files are read: delimiter, header, and columns where nothing names them.

    Args:
        files: The files; the first with anything in it is looked at.
        path: As `CsvData.path`.
        label: The label's column, by its name or by its place from 0 on.
        header: Whether the first line names the columns; None to look.

    Raises:
        TransferlineError: A file can't be read, or there is no such column.
    """
    first = next((file for file in files if file.size), files[0])
    if first.kind.names_columns:
        named, _ = look_at(first, CsvData(path=path), {})
        return CsvData(path=path, label=label_column(label, named.columns, first.name))
    content = beginning(first)
    if not content.strip() or content.startswith((b"\xff\xfe", b"\xfe\xff")):
        find_layout([first], CsvData(path=path), {})  # says what is wrong with it
        raise TransferlineError("The file is empty.", place=first.name, cure="Fetch it again, or name another.")
    lines = content.decode("utf-8-sig", "replace").splitlines()[:LINES]
    delimiter = find_delimiter(lines)
    rows = split_rows(lines, delimiter)
    has_names = has_header(rows) if header is None else header
    names = [cell.strip() or f"column_{at}" for at, cell in enumerate(rows[0])] if has_names else places(rows[0])
    return CsvData(
        path=path,
        label=label_column(label, names, first.name),
        header="yes" if has_names else "no",
        columns=() if has_names else tuple(names),
        delimiter=delimiter,
    )


def places(cells: Sequence[str]) -> list[str]:
    """Returns names for columns that have none: c0, c1 and so on."""
    return [f"c{at}" for at in range(len(cells))]


def find_delimiter(lines: Sequence[str]) -> str:
    """Returns the delimiter that cuts the most lines into the same number of cells; of two such, into more cells."""

    def fit(delimiter: str) -> tuple[float, int]:
        rows = split_rows(lines, delimiter)
        ((cells, count),) = Counter(map(len, rows)).most_common(1)
        return (count / len(rows), cells) if cells > 1 else (0.0, 1)

    # Of equal ones the one that is rarer within texts.
    best = max("\t;|,", key=fit)
    return best if fit(best)[1] > 1 else ","


def split_rows(lines: Sequence[str], delimiter: str) -> Rows:
    """Returns the cells of lines that aren't blank."""
    rows: Rows = []
    with suppress(csv.Error):
        for row in csv.reader(lines, delimiter=delimiter):
            if row:
                rows.append(row)
    return rows or [[""]]


def has_header(rows: Rows) -> bool:
    """Returns whether the first row names the columns.

    It does if no cell of it is a number or missing, and either a column below is of numbers or no name occurs there.
    """
    first, below = rows[0], [row for row in rows[1:] if len(row) == len(rows[0])]
    if any(NUMBER.fullmatch(cell) for cell in first) or len(set(first)) < len(first) or not below:
        return not any(NUMBER.fullmatch(cell) for cell in first)
    columns = list(zip(*below, strict=True))
    if any(all(NUMBER.fullmatch(cell) or cell.strip() in MISSING for cell in column) for column in columns):
        return True
    return not any(name in column for name, column in zip(first, columns, strict=True))


def label_column(label: str, names: Sequence[str], place: str) -> str:
    """Returns the name of the label's column.

    Args:
        label: Its name, or its place: 0 for the first, -1 for the last.
        names: The columns.
        place: The file, for the error.

    Raises:
        TransferlineError: There is no such column.
    """
    if label in names:
        return label
    with suppress(ValueError, IndexError):
        return names[int(label)]
    raise TransferlineError(
        f"There is no column '{printable(label)}'{nearest(label, names)}; the columns are {listed(names, LISTED)}.",
        place=place,
        cure="Give --label the name of the column with the class, or its place: 0 is the first, -1 the last.",
    )
