import gzip
from datetime import datetime, timedelta

import pytest
from looked_at import look

from components.arrow import pa, parquet
from components.csv_example_gen.config import CsvData
from components.errors import TransferlineError
from pipeline.profile.rows import look_at_rows, profile_rows

ROWS = 2500


@pytest.fixture(scope="module")
def found(tmp_path_factory, columns, csv_text):
    return look(tmp_path_factory.mktemp("rows"), csv_text(columns(ROWS)), "label")


def test_the_role_of_each_column(found):
    assert {column.name: column.role for column in found.columns} == {
        "x": "feature",
        "my y": "feature",
        "row id": "key",
        "customer_id": "group",
        "code": "key",
        "always": "constant",
        "never": "empty",
        "town": "text",
        "day": "date",
        "price": "text",
        "answer": "label's copy",
    }


def test_how_it_is_read(found):
    assert found.data.delimiter == ";"
    assert set(found.data.missing) == {"", "NA"}
    assert (found.rows, found.read, found.all_read, found.fault_count) == (ROWS, ROWS, True, 0)
    assert set(found.classes) == {"no", "yes"}
    assert sum(found.classes.values()) == ROWS


def test_a_large_file_is_looked_at_from_all_over(tmp_path, monkeypatch):
    monkeypatch.setattr("pipeline.profile.rows.SAMPLE_BYTES", 20_000)
    lines = ["x,label", *(f"{n / 7:.4f},{'early' if n < 5000 else 'late'}" for n in range(10_000))]
    for content, name in (("\n".join(lines).encode(), "a.csv"), (gzip.compress("\n".join(lines).encode()), "b.csv.gz")):
        found = look(tmp_path, content, "label", name=name)
        assert found.read < 10_000
        assert found.rows == pytest.approx(10_000, rel=0.2)
        assert not found.all_read
        # What isn't packed is counted.
        assert found.counted == (name == "a.csv")
    found = look(tmp_path, "\n".join(lines), "label")
    assert set(found.classes) == {"early", "late"}


def test_files_with_their_columns_in_different_orders(tmp_path):
    lines = [f"{n / 7:.3f},{n % 13}.5,{'ab'[n % 2]}" for n in range(100)]
    (tmp_path / "1.csv").write_text("x,y,label\n" + "\n".join(lines))
    (tmp_path / "2.csv").write_text("label,x,y\n" + "\n".join(f"{line[-1]},{line[:-2]}" for line in lines))
    found = look_at_rows(str(tmp_path), "label")
    assert (found.read, found.fault_count, found.classes) == (200, 0, {"a": 100, "b": 100})
    assert {column.name: column.distinct for column in found.columns} == {"x": 100, "y": 13}


def test_text_that_comes_late_in_a_column_of_numbers(tmp_path, csv_text):
    cells = ["1.5"] * 1500 + ["low"] * 1500
    text = csv_text({"x": cells, "y": ["0.5", "0.25"] * 1500, "label": ["a", "b", "b"] * 1000})
    assert look(tmp_path, text, "label").data.types == {"x": "string"}


@pytest.mark.parametrize(("before", "types"), [(0, {}), (1500, {"label": "string"})])
def test_labels_that_are_codes_keep_their_zeros(tmp_path, before, types):
    cells = ["1"] * before + ["01", "02", "?"] * 300
    lines = [f"{n / 7:.3f},{cell}" for n, cell in enumerate(cells)]
    found = look(tmp_path, "\n".join(["x,label", *lines]), "label")
    assert found.data.types == types
    assert found.classes == {"01": 300, "02": 300} | ({"1": before} if before else {})
    assert found.fault_count == 300
    of_numbers = look(tmp_path, "\n".join(["x,label", *lines]), "label", task="regression")
    assert (of_numbers.data.types, of_numbers.number.highest) == ({}, 2)


def test_cells_with_line_breaks(tmp_path):
    lines = [f'{n},"a\nb",{n % 2}' for n in range(300)]
    found = look(tmp_path, "x,note,label\n" + "\n".join(lines) + "\n", "label")
    assert found.data.newlines_in_values
    assert (found.read, found.fault_count) == (300, 0)


@pytest.mark.parametrize("longest_line", [2**25, 1_000])
def test_a_quote_that_isnt_closed_makes_no_cell_of_the_rows_after_it(tmp_path, monkeypatch, longest_line):
    monkeypatch.setattr("components.csv_example_gen.blocks.MAX_LINE_BYTES", longest_line)
    lines = [f"{n % 7}.5,red,{'ab'[n % 2]}" for n in range(1000)]
    lines[500] = '3.5,"red,a'
    found = look(tmp_path, "x,color,label\n" + "\n".join(lines) + "\n", "label")
    assert not found.data.newlines_in_values
    assert (found.rows, found.fault_count) == (1000, 1)
    assert found.faults[0].reason.startswith("a quote isn't closed")


@pytest.mark.parametrize(("second", "line_breaks"), [("plain", True), ('5" pipe', False)])
def test_line_breaks_are_read_where_that_loses_no_rows(tmp_path, second, line_breaks):
    lines = [f"{n}.5,plain,{n % 2}" for n in range(300)]
    lines[7] = '7.5,"a\nb",1'
    lines[8] = f"8.5,{second},1"
    found = look(tmp_path, "x,note,label\n" + "\n".join(lines) + "\n", "label")
    assert found.data.newlines_in_values == line_breaks
    assert (found.rows, found.fault_count) == ((300, 0) if line_breaks else (301, 2))


def test_so_large_a_file_isnt_even_counted(tmp_path, monkeypatch):
    monkeypatch.setattr("pipeline.profile.rows.SAMPLE_BYTES", 20_000)
    monkeypatch.setattr("pipeline.profile.rows.COUNTED_BYTES", 50_000)
    lines = ["x,label", *(f"{n / 7:.4f},{'ab'[n % 2]}" for n in range(10_000))]
    found = look(tmp_path, "\n".join(lines), "label")
    assert not found.counted
    assert found.rows == pytest.approx(10_000, rel=0.2)


def test_of_parquet_in_small_groups_all_is_read(tmp_path):
    table = pa.table({"x": [n / 3 for n in range(500)], "label": ["a", "b"] * 250})
    parquet.write_table(table, tmp_path / "rows.parquet", row_group_size=10)
    found = look_at_rows(str(tmp_path / "rows.parquet"), "label")
    assert (found.rows, found.read, found.all_read, found.classes) == (500, 500, True, {"a": 250, "b": 250})


def test_csv_and_parquet_in_one_folder(tmp_path):
    parquet.write_table(pa.table({"x": [n / 3 for n in range(40)], "label": ["a", "b"] * 20}), tmp_path / "1.parquet")
    (tmp_path / "2.csv").write_text("label,x\n" + "a,0.5\n" * 30)
    found = look_at_rows(str(tmp_path), "label")
    assert (found.rows, found.all_read, found.classes) == (70, True, {"a": 50, "b": 20})


def test_what_cannot_be_used_has_its_place_and_blank_lines_are_nothing(tmp_path):
    (tmp_path / "a.csv").write_text("x,label\n1.5,a\n\nno,b\n2.5,b\n3.5,\n")
    (tmp_path / "b.csv").write_text("")
    data = CsvData(path=str(tmp_path), label="label", types={"x": "float"})
    found = profile_rows(data, {})
    assert (found.rows, found.read, found.fault_count, found.empty_files) == (4, 4, 3, 1)
    assert [(fault.place, fault.reason) for fault in found.faults] == [
        ("b.csv", "the file is empty"),
        ("a.csv, line 4", "x: 'no' is no number"),
        ("a.csv, line 6", "the label label is missing"),
    ]
    assert found.quarantine.text == "3 of 5 rows and empty files can't be used (60.0%)"


def test_types_of_a_schema_are_kept(tmp_path):
    (tmp_path / "rows.csv").write_text("x,label\n" + "1.5,a\nlow,b\nhigh,b\n" * 10)
    data = CsvData(path=str(tmp_path / "rows.csv"), label="label")
    assert profile_rows(data, {"x": "float"}).fault_count == 20
    assert profile_rows(data, {}).fault_count == 0


def test_no_row_at_all(tmp_path):
    (tmp_path / "rows.csv").write_text("x,label\n")
    with pytest.raises(TransferlineError, match=r"No row can be used: rows\.csv: there is no row below the header"):
        profile_rows(CsvData(path=str(tmp_path / "rows.csv")), {})


def test_how_dates_are_written_is_found_and_they_are_read(tmp_path):
    days = [f"{1 + n % 28:02d}.{1 + n % 12:02d}.20{n % 30:02d}" for n in range(200)]
    whole = [f"20{n % 30:02d}{1 + n % 12:02d}{1 + n % 28:02d}" for n in range(200)]
    lines = [f"{day},{whole[n]},{n / 7:.3f},{'ab'[n % 2]}" for n, day in enumerate(days)]
    lines[5] = "31.02.2020,20200101,1.5,a"
    lines[6] = "NA,NA,1.5,a"
    found = look(tmp_path, "\n".join(["day,whole,x,label", *lines]), "label")
    assert found.data.dates == {"day": "%d.%m.%Y", "whole": "%Y%m%d"}
    assert set(found.data.missing) == {"", "NA"}
    assert {column.name: column.role for column in found.columns} == {"day": "date", "whole": "date", "x": "feature"}
    assert [(each.place, each.reason) for each in found.faults] == [
        ("rows.csv, line 7", "day: '31.02.2020' is no date of the form %d.%m.%Y")
    ]


def test_dates_of_parquet(tmp_path):
    days = [datetime(2020, 1, 1) + timedelta(hours=31 * n) for n in range(50)]
    text = [day.strftime("%d/%m/%Y") for day in days]
    table = pa.table({"at": days, "day": text, "x": [0.5 * n for n in range(50)], "label": ["a", "b"] * 25})
    parquet.write_table(table, tmp_path / "rows.parquet")
    found = look_at_rows(str(tmp_path / "rows.parquet"), "label")
    assert found.data.dates == {"at": "iso", "day": "%d/%m/%Y"}
    assert {column.name: column.role for column in found.columns} == {"at": "date", "day": "date", "x": "feature"}
    assert found.fault_count == 0


def test_signs_for_no_value_in_the_text_of_parquet(tmp_path):
    """As in a CSV of the same rows; what is text though it could be of numbers may be meant as such."""
    some = range(200)
    numbers = [f"{n / 7:.3f}" for n in some]
    columns = {
        "x": ["NA" if n % 10 == 0 else numbers[n] for n in some],
        "day": ["n/a" if n % 20 == 5 else f"2020-01-{1 + n % 28:02d}" for n in some],
        "town": ["null" if n % 9 == 0 else "Rome" if n % 2 else "Oslo" for n in some],
        "postcode": ["NA" if n % 30 == 1 else f"{n % 40:05d}" for n in some],
        "text": numbers,
        "label": ["a", "b"] * 100,
    }
    parquet.write_table(pa.table(columns), tmp_path / "rows.parquet")
    found = look_at_rows(str(tmp_path / "rows.parquet"), "label")
    assert (set(found.data.missing), found.data.types) == ({"", "NA", "n/a"}, {"x": "float"})
    assert (found.data.dates, found.fault_count) == ({"day": "iso"}, 0)
    assert {column.name: round(column.missing, 2) for column in found.columns} == {
        "x": 0.1,
        "day": 0.05,
        "town": 0.0,
        "postcode": 0.04,
        "text": 0.0,
    }


@pytest.mark.parametrize("beside", ["", "x,text,label\n2.5,plain,a\n"], ids=["alone", "with CSV"])
def test_line_breaks_in_the_text_of_parquet(tmp_path, beside):
    """So that a CSV of the same rows can be predicted; CSV itself that has none is read at once by many."""
    table = {"x": [0.5, 1.5, None] * 20, "text": ["one\ntwo", "plain", None] * 20, "label": ["a", "b", "b"] * 20}
    parquet.write_table(pa.table(table), tmp_path / "rows.parquet")
    if beside:
        (tmp_path / "rows.csv").write_text(beside)
    found = look_at_rows(str(tmp_path), "label")
    assert found.data.newlines_in_values is not bool(beside)
    assert found.fault_count == 0


def test_a_table_of_dates_that_says_nothing_of_them_is_read_as_before(tmp_path):
    parquet.write_table(pa.table({"at": [datetime(2020, 1, 1)] * 3, "label": ["a", "b", "b"]}), tmp_path / "r.parquet")
    found = profile_rows(CsvData(path=str(tmp_path / "r.parquet")), {})
    assert found.layout.types == {"at": "string", "label": "string"}


def test_a_note_beside_the_rows_is_told(tmp_path):
    (tmp_path / "rows.csv").write_text("x,label\n" + "1.5,a\n2.5,b\n" * 10)
    (tmp_path / "SOURCE.txt").write_text("Fetched today.\n")
    assert look_at_rows(str(tmp_path), "label").passed_over == ("SOURCE.txt",)
    assert profile_rows(CsvData(path=str(tmp_path)), {}).passed_over == ("SOURCE.txt",)
