"""Records say which row of the data they are."""

import gzip

import pytest
from pydantic import ValidationError

from components.arrow import pa, parquet
from components.contract import PLACE
from components.csv_example_gen import blocks
from components.csv_example_gen.config import CsvData


def places(stored):
    return {row["x"]: row[PLACE].decode() for row in stored}


@pytest.mark.parametrize("ending", ["csv", "csv.gz"])
def test_the_line_of_each_row_also_of_those_after_faults_and_in_later_ranges(take, tmp_path, monkeypatch, ending):
    monkeypatch.setattr(blocks, "BLOCK_BYTES", 30)
    lines = [f"{at}.5,{at % 2}" if at % 7 else "oops,1" for at in range(100)]
    text = "\n".join(["x,label", *lines]).encode()
    path = tmp_path / f"rows.{ending}"
    path.write_bytes(gzip.compress(text) if ending == "csv.gz" else text)
    stored, _, faults = take(path, 100, types={"x": "float"}, keep_places=True)
    assert places(stored) == {at + 0.5: f"rows.{ending}, line {at + 2}" for at in range(100) if at % 7}
    assert faults[1].place == f"rows.{ending}, line 9"


def test_the_row_of_a_parquet_file(take, tmp_path):
    table = pa.table({"x": [float(at) for at in range(30)], "label": ["a", "b", None] * 10})
    parquet.write_table(table, tmp_path / "rows.parquet", row_group_size=7)
    stored, _, _ = take(tmp_path / "rows.parquet", keep_places=True)
    assert places(stored) == {float(at): f"rows.parquet, row {at + 1}" for at in range(30) if at % 3 < 2}


def test_a_key_names_the_row_and_is_kept_as_it_is_written(take, tmp_path):
    path = tmp_path / "rows.csv"
    path.write_text("n,town,x,label\n007,Rome,0.5,0\n008,,1.5,1\n")
    stored, _, _ = take(path, id=("n", "town"))
    assert [row["n"] for row in sorted(stored, key=lambda row: row["x"])] == [b"007", b"008"]
    assert places(stored) == {0.5: "n 007, town Rome", 1.5: "n 008, town (none)"}
    stored, _, _ = take(path, id=("n",))
    assert places(stored) == {0.5: "n 007", 1.5: "n 008"}


def test_the_place_of_a_row_has_no_say_in_its_split_and_is_not_counted(execute, tmp_path):
    path = tmp_path / "rows.csv"
    path.write_text("x,label\n" + "".join(f"{at % 20}.5,{at % 2}\n" for at in range(200)))
    _, with_places = execute(path, keep_places=True)
    assert "row/place" not in (tmp_path / "out" / "ingest_report" / "columns.json").read_text()
    _, without = execute(path)
    for split, rows in without.items():
        kept = with_places[split]
        assert sorted(row["x"] for row in kept) == sorted(row["x"] for row in rows)
        assert all(PLACE in row for row in kept)
        assert not any(PLACE in row for row in rows)


@pytest.mark.parametrize("settings", [{"id": ("label",)}, {"id": ("n",), "types": {"n": "int"}}])
def test_a_key_is_neither_the_label_nor_a_number(settings):
    with pytest.raises(ValidationError, match="id: "):
        CsvData(**settings)
