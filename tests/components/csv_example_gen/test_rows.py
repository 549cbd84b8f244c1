"""What becomes of the weights of rows."""

import pytest

from components.arrow import pa, parquet
from components.csv_example_gen.config import CsvData
from components.csv_example_gen.files import list_files
from components.csv_example_gen.layout import find_layout
from components.csv_example_gen.reader import Reader

WEIGHTS = (1.5, 0.0, None, -2.0, 3.0, float("inf"))
REASONS = {
    2: "the weight w is missing",
    3: "the weight w is -2, which is below 0",
    5: "w is inf, or too large for a float32",
}


def read(folder, ending, weights, **settings):
    path = folder / f"rows.{ending}"
    if ending == "parquet":
        parquet.write_table(pa.table({"w": weights, "label": ["a"] * len(weights)}), path)
    else:
        cells = ["" if weight is None else str(weight) for weight in weights]
        path.write_text("w,label\n" + "".join(f"{cell},a\n" for cell in cells))
    data = CsvData(path=str(path), weight="w", **settings)
    reader = Reader(find_layout(list_files(data.path), data, {}), data)
    ((rows,),) = [[reader.records(piece, part.file) for piece in reader.pieces(part)] for part in reader.parts()]
    return rows


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_a_weight_that_is_missing_or_below_0_is_a_fault(tmp_path, ending):
    rows = read(tmp_path, ending, WEIGHTS)
    assert rows.table["w"].to_pylist() == [1.5, 0.0, 3.0]
    assert {fault.line: fault.reason for fault in rows.faults} == REASONS


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_whole_weights_are_kept_as_other_numbers(tmp_path, ending):
    rows = read(tmp_path, ending, (1, 2**30, 3))
    assert rows.table["w"].type == pa.float32()
    assert rows.table["w"].to_pylist() == [1.0, 2.0**30, 3.0]


@pytest.mark.parametrize(
    ("settings", "cause"),
    [
        ({"weight": "label"}, "weight: label is the label"),
        ({"weight": "w", "types": {"w": "string"}}, "types says"),
        ({"weight": "w", "columns": ("x", "label")}, "columns: the weight 'w' isn't among them"),
    ],
)
def test_what_can_be_no_weight_is_refused(settings, cause):
    with pytest.raises(ValueError, match=cause):
        CsvData(**settings)
