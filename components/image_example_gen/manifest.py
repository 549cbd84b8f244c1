"""Reads a manifest: a CSV file that names photos in the columns path, label and, optionally, split."""

import csv
import io
import os
from dataclasses import dataclass

from components.errors import TransferlineError
from components.image_example_gen.folders import PhotoFile, make_listing, sources_of
from components.image_example_gen.names import class_fault, class_name
from components.image_example_gen.records import LEADS_OUT, Listing, PhotoRecord
from components.ingest import storage
from components.ingest.file_names import split_of_name
from components.ingest.report import Quarantined
from components.wording import is_unicode, printable

REQUIRED = ("path", "label")
OPTIONAL = "split"


@dataclass(frozen=True)
class Row:
    """One row of a manifest.

    Attributes:
        number: Its number as a spreadsheet shows it; the header is row 1.
        path: The photo's path, as written.
        label: The class name, as written.
        split: The split, as written; empty if there is none.
        cells_too_many: How many more cells it has than the header.
        group: What it says in the column of groups; empty if there is none.
    """

    number: int
    path: str
    label: str
    split: str
    cells_too_many: int
    group: str = ""


def list_manifest(
    path: str, by: str, aliases: dict[str, str], group: str = "", *, take_outside: bool = True
) -> Listing:
    """Finds the photos that a manifest names, by paths relative to it.

    Args:
        path: The manifest.
        by: `Split.by`; the split column is read unless this is "hash" or the column is empty throughout.
        aliases: Class name by the manifest's label.
        group: The column of groups; "" for none.
        take_outside: Whether photos are taken that lie elsewhere than below the manifest's folder.

    Raises:
        TransferlineError: The manifest can't be read as CSV or lacks a column.
    """
    rows = read_rows(path, group)
    folder = os.path.dirname(path)
    outside: list[str] = []
    with_split = by != "hash" and any(row.split for row in rows)
    photos: list[PhotoFile] = []
    faults: list[Quarantined] = []
    first_row: dict[tuple[str, str, str], int] = {}
    for row in rows:
        fault = _fault(row, with_split, aliases)
        if not fault and group and not row.group:
            fault = f"file {printable(row.path)} has no {printable(group)}, which data.split.group names"
        split = split_of_name(row.split) if with_split else ""
        target = PhotoRecord(row.path, class_name(row.label, aliases), split, row.group)
        if not fault and (first := first_row.setdefault((row.path, target.label, split), row.number)) != row.number:
            fault = f"it repeats row {first}"
        photo = storage.join(folder, row.path)
        leads_out = not fault and storage.leads_out(photo, folder)
        if leads_out and not take_outside:
            fault = f"file {printable(row.path)} {LEADS_OUT}"
        if fault:
            place = f"{printable(os.path.basename(path))}, row {row.number}"
            faults.append(Quarantined(place=place, reason=f"manifest row {row.number}: {fault}"))
        else:
            photos.append(PhotoFile(photo, target, row.number))
            outside += [row.path] * leads_out
    return make_listing(sources_of(photos), [photo.target for photo in photos], faults, tuple(outside))


def photo_paths(path: str) -> list[str]:
    """Returns the path of every file that a manifest names.

    Raises:
        TransferlineError: As `list_manifest`.
    """
    folder = os.path.dirname(path)
    return [storage.join(folder, row.path) for row in read_rows(path) if row.path and "\0" not in row.path]


def read_rows(path: str, group: str = "") -> list[Row]:
    """Returns the rows of a manifest that aren't blank.

    Args:
        path: The manifest.
        group: The column of groups; "" for none.

    Raises:
        TransferlineError: The manifest can't be read as CSV or lacks a column.
    """
    reader = csv.reader(io.StringIO(_read_text(path), newline=""))
    rows: list[Row] = []
    number = 0
    try:
        columns = _columns(path, next(reader, []), group)
        for number, cells in enumerate(reader, start=2):
            if "\0" in "".join(cells):
                raise csv.Error("line contains NUL")  # which the reader lets pass from Python 3.11 on
            if cells:
                padded = cells + [""] * (len(columns) - len(cells))
                row = dict(zip(columns, padded, strict=False))
                too_many = max(0, len(cells) - len(columns))
                split, its_group = row.get(OPTIONAL, "").strip(), row[group.strip().lower()].strip() if group else ""
                rows.append(Row(number, row["path"], row["label"], split, too_many, its_group))
    except csv.Error as error:
        raise TransferlineError(
            f"The manifest can't be read as CSV: {error}.",
            place=f"{printable(path)}, row {number + 1}",
            cure="Save it again as comma-separated UTF-8 text.",
        ) from error
    return rows


def _read_text(path: str) -> str:
    try:
        with storage.open_file(path) as file:
            return file.read().decode("utf-8-sig", "surrogateescape")
    except OSError as error:
        raise TransferlineError(
            f"The manifest can't be read: {error.strerror or error}.", place=printable(path), cure="Check data.path."
        ) from error


def _columns(path: str, header: list[str], group: str) -> list[str]:
    columns = [name.strip().lower() for name in header]
    required = (*REQUIRED, group.strip().lower()) if group else REQUIRED
    missing = [printable(name) for name in required if name not in columns]
    if missing:
        found = ", ".join(printable(name) for name in header) or "none"
        raise TransferlineError(
            f"The manifest has no column {' and no column '.join(missing)}; its columns are: {found}.",
            place=printable(path),
            cure="Give it a first row path,label (or path,label,split), separated by commas; data.split.group names a "
            "column too.",
        )
    return columns


def _fault(row: Row, with_split: bool, aliases: dict[str, str]) -> str:
    file = f"file {printable(row.path)}"
    if row.cells_too_many:
        return "it has more cells than the header; a cell with a comma needs quotes"
    if not row.path or "\0" in row.path:
        return "it has no path"
    if fault := _label_fault(row.label, aliases):
        return f"the label of {file} {fault}"
    if with_split and not row.split:
        return f"{file} has no split, as others have"
    if with_split and not split_of_name(row.split):
        return f"{file} has the split '{printable(row.split)}', which is none of train, eval and test"
    return ""


def _label_fault(label: str, aliases: dict[str, str]) -> str:
    if fault := class_fault(class_name(label, aliases)):
        return fault
    # Names of files may be any bytes; those of classes are text.
    return "" if is_unicode(label) else f"isn't UTF-8 text ({printable(label)}): save the manifest as UTF-8"
