"""Reads a file of rows as `new`, `check` and a run do, without what they do with it, and so without TensorFlow."""

from components.csv_example_gen.config import CsvData
from components.csv_example_gen.files import list_files
from components.csv_example_gen.layout import find_layout
from components.csv_example_gen.reader import Reader


def outcome(path):
    """Returns in a few words what becomes of the rows of a file."""
    data = CsvData(path=str(path))
    reader = Reader(find_layout(list_files(data.path), data, {}), data)
    written, faults, found = 0, [], 0
    for part in reader.parts():
        for piece in reader.pieces(part):
            rows = reader.records(piece, part.file)
            written += rows.table.num_rows
            faults += rows.faults
            found += rows.count
    assert found == written + len(faults)
    return f"{written} written, {len(faults)} quarantined: {'; '.join(dict.fromkeys(fault.reason for fault in faults))}"
