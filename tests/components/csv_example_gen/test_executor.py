"""What becomes of good and bad files, through the whole component."""

import gzip
import json
import shutil

import pytest

from components.arrow import pa, parquet
from components.csv_example_gen.column_counts import read_columns
from components.errors import TransferlineError
from components.ingest.column_splits import read_column_splits


def lines(count, start=0):
    return "".join(f"{i}.5,{i},{i % 2}\n" for i in range(start, start + count))


def by_x(splits):
    return sorted(row["x"] for rows in splits.values() for row in rows)


def test_rows_of_a_csv_become_examples(execute, tmp_path):
    path = tmp_path / "rows.csv"
    path.write_text("x,city,label\n" + "".join(f"{i}.5,town {i % 3},{i % 2}\n" for i in range(300)))
    report, splits = execute(path)
    assert report.found == 300
    assert report.quarantined == 0
    rows = [row for split in splits.values() for row in split]
    assert sorted(row["x"] for row in rows) == [i + 0.5 for i in range(300)]
    assert {(row["city"], row["label"]) for row in rows} == {(b"town %d" % (i % 3), b"%d" % (i % 2)) for i in range(6)}
    assert 200 < len(splits["train"]) < 280
    assert len(splits["eval"]) > 10
    assert len(splits["test"]) > 10


def test_the_same_rows_from_csv_gzip_and_parquet(execute, tmp_path):
    text = "x,y,label\n" + lines(100)
    found = []
    for name in ("rows.csv", "rows.csv.gz", "rows.parquet"):
        path = tmp_path / name
        if name.endswith(".gz"):
            path.write_bytes(gzip.compress(text.encode()))
        elif name.endswith(".parquet"):
            table = {"x": [i + 0.5 for i in range(100)], "y": list(range(100)), "label": [i % 2 for i in range(100)]}
            parquet.write_table(pa.table(table), path, row_group_size=30)
        else:
            path.write_text(text)
        _, splits = execute(path, types={"y": "float"})
        found.append({split: sorted(map(repr_of, rows)) for split, rows in splits.items()})
    assert found[0] == found[1] == found[2]


def repr_of(row):
    return tuple(sorted(row.items()))


def test_a_split_by_rows_takes_the_first_the_next_and_the_last(execute, tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "a.csv").write_text("x,y,label\n" + lines(60))
    (tmp_path / "data" / "b.csv").write_text("y,x,label\n" + "".join(f"{i},{i}.5,0\n" for i in range(60, 100)))
    split = {"by": "rows", "eval_rows": 10, "train_rows": 55, "test_rows": 20}
    report, splits = execute(tmp_path / "data", split=split)
    assert [row["x"] for row in splits["eval"]] == [i + 0.5 for i in range(10)]
    assert sorted(row["x"] for row in splits["train"]) == [i + 0.5 for i in range(10, 65)]
    assert [row["x"] for row in splits["test"]] == [i + 0.5 for i in range(80, 100)]
    assert report.unused == 15


def test_a_split_by_rows_of_an_archive(execute, tmp_path):
    path = tmp_path / "rows.csv.gz"
    path.write_bytes(gzip.compress(("x,y,label\n" + lines(50)).encode()))
    _, splits = execute(path, split={"by": "rows", "eval_rows": 5, "test_rows": 5})
    assert [row["x"] for row in splits["eval"]] == [i + 0.5 for i in range(5)]
    assert [row["x"] for row in splits["test"]] == [i + 0.5 for i in range(45, 50)]
    assert len(splits["train"]) == 40


def test_a_split_by_rows_that_asks_for_too_many(execute, tmp_path):
    path = tmp_path / "rows.csv"
    path.write_text("x,y,label\n" + lines(10))
    with pytest.raises(TransferlineError, match="There are 10 rows, and the split asks for 1,000 to validate"):
        execute(path, split={"by": "rows"})


def test_a_split_by_the_names_of_files(execute, tmp_path):
    for name, start in (("train/a.csv", 0), ("validation.csv", 10), ("test-01.csv", 20)):
        path = tmp_path / "data" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x,y,label\n" + lines(10, start))
    _, splits = execute(tmp_path / "data")
    assert {split: min(row["x"] for row in rows) for split, rows in splits.items()} == {
        "train": 0.5,
        "eval": 10.5,
        "test": 20.5,
    }


# One fault a case: what the line is, and what its reason says.
FAULTS = {
    "too few cells": (b"1,2", "it has 2 cells instead of 3"),
    "too many cells": (b"1,2,0,9", "it has 4 cells instead of 3"),
    "text in a number": (b"one,2,0", "x: 'one' is no number"),
    "NaN": (b"nan,2,0", "x is nan"),
    "infinity": (b"-inf,2,0", "x is -inf, or too large for a float32"),
    "too large for a float32": (b"1e300,2,0", "x is inf, or too large for a float32"),
    "a blank line": (b"", "blank line"),
    "no label": (b"1,2,", "the label label is missing"),
    "a blank label": (b"1,2,  ", "the label label is missing"),
    "another label": (b"1,2,7", "the label label is '7', not one of 0, 1"),
    "a label with a fraction": (b"1,2,0.5", "the label label is '0.5', not one of 0, 1"),
    "a label of text": (b"1,2,yes", "label: 'yes' is no number"),
    "an open quote": (b'"1,2,0', "a quote isn't closed; cells with line breaks need data.newlines_in_values=true"),
    "a carriage return": (b"1\r,2,0", "there is a carriage return inside of it"),
    "no UTF-8": (b"1,\xff\xfe,0", "it isn't UTF-8 text"),
}


def test_every_bad_row_is_quarantined_with_file_line_and_reason(execute, tmp_path):
    good = b"%d.5,%d,%d"
    content = [b"x,y,label"]
    expected = []
    for number, (line, reason) in enumerate(FAULTS.values()):
        content += [good % (number, number, number % 2)] * 2 + [line]
        expected.append((f"rows.csv, line {len(content)}", reason))
    path = tmp_path / "rows.csv"
    path.write_bytes(b"\n".join(content) + b"\n")
    report, splits = execute(path, classes=("0", "1"))
    quarantine = (tmp_path / "out" / "ingest_report" / "quarantine.jsonl").read_text().splitlines()
    found = {item["place"]: item["reason"] for item in map(json.loads, quarantine)}
    assert found == dict(expected)
    assert (report.found, report.quarantined, report.hidden) == (3 * len(FAULTS), len(FAULTS), 1)
    assert by_x(splits) == sorted(i + 0.5 for i in range(len(FAULTS)) for _ in range(2))


def test_an_empty_file_and_one_without_rows_among_others(execute, tmp_path):
    data = tmp_path / "data"
    data.mkdir()
    (data / "a.csv").write_text("x,y,label\n" + lines(50))
    (data / "b.csv").write_bytes(b"")
    (data / "c.csv").write_text("x,y,label\n")
    report, splits = execute(data)
    assert report.found == 52
    assert {item.place: item.reason for item in report.first_quarantined} == {
        "b.csv": "the file is empty",
        "c.csv": "there is no row below the header",
    }
    assert len(by_x(splits)) == 50


def test_nothing_but_an_empty_file(execute, tmp_path):
    (tmp_path / "rows.csv").write_bytes(b"")
    report, splits = execute(tmp_path / "rows.csv")
    assert (report.found, report.quarantined) == (1, 1)
    assert splits == {"train": [], "eval": [], "test": []}


@pytest.mark.parametrize("kept", [0.3, 0.9])
def test_a_truncated_archive_is_broken_and_its_whole_lines_are_kept(execute, tmp_path, kept):
    text = "x,y,label\n" + "".join(f"{i * 37 % 1009}.5,{i * 7919 % 104729},{i % 2}\n" for i in range(20_000))
    archive = gzip.compress(text.encode())
    path = tmp_path / "rows.csv.gz"
    path.write_bytes(archive[: int(len(archive) * kept)])
    report, splits = execute(path)
    (broken,) = report.broken
    assert broken.reason.startswith("the file is damaged or ends in the middle")
    assert broken.place == f"rows.csv.gz, line {report.found + 1}"
    assert 0 < sum(map(len, splits.values())) < 20_000


def test_identical_rows_in_different_splits_are_reported(execute, tmp_path):
    path = tmp_path / "rows.csv"
    path.write_text("x,y,label\n" + lines(10) + "3.5,3,1\n" + lines(9, 11) + "3.5,3,1\n3.5,3,0\n")
    report, _ = execute(path, split={"by": "rows", "eval_rows": 5, "test_rows": 5})
    (group,) = report.duplicates
    assert group.splits == ("eval", "test", "train")
    assert group.places == ("eval: rows.csv, line 5", "test: rows.csv, line 22", "train: rows.csv, line 12")


def test_files_with_different_columns(execute, tmp_path):
    data = tmp_path / "data"
    data.mkdir()
    (data / "a.csv").write_text("x,y,label\n" + lines(5))
    (data / "b.csv").write_text("x,z,label\n" + lines(5))
    with pytest.raises(TransferlineError, match=r"aren't those of a.csv: the file lacks y and has z besides") as error:
        execute(data)
    assert error.value.place == "b.csv"


def repeating(rows):
    """Rows of which many are the same but for their label, and three are of a class of their own."""
    lines = [f"{i * i % 60},town {i * 7 % 5},{'no' if i % 7 else 'yes'}" for i in range(rows)]
    return "age,town,label\n" + "\n".join([*lines, *(f"{i}.5,town 1,rare" for i in range(3))]) + "\n"


def inputs_of(rows):
    return {(row["age"], row["town"]) for row in rows}


BY_INPUTS = {"by": "hash", "train": 0.6, "eval": 0.2, "test": 0.2, "key": ("age", "town"), "count_conflicts": True}


@pytest.mark.parametrize("stratify", [False, True])
def test_rows_with_the_same_inputs_stay_together_and_other_labels_are_counted(execute, tmp_path, stratify):
    (tmp_path / "rows.csv").write_text(repeating(1000))
    report, splits = execute(tmp_path / "rows.csv", split={**BY_INPUTS, "stratify": stratify})
    assert not inputs_of(splits["train"]) & inputs_of(splits["test"])
    assert not inputs_of(splits["train"]) & inputs_of(splits["eval"])
    rows = [(row["age"], row["town"], row["label"]) for split in splits.values() for row in split]
    of = {}
    for age, town, label in rows:
        of.setdefault((age, town), []).append(label)
    differing = [labels for labels in of.values() if len(set(labels)) > 1]
    found = report.conflicts
    assert (found.groups, found.records) == (len(differing), sum(map(len, differing)))
    assert found.outvoted == sum(len(labels) - max(map(labels.count, labels)) for labels in differing) > 0
    conflicting = [i for i in range(1000) if len(set(of[float(i * i % 60), f"town {i * 7 % 5}".encode()])) > 1]
    assert found.first[0].places[0].endswith(f": rows.csv, line {conflicting[0] + 2}")
    if stratify:
        for split in splits:
            assert b"rare" in {row["label"] for row in splits[split]}


def test_without_a_key_neither_the_number_nor_the_weight_of_a_row_tells_it_from_its_twin(execute, tmp_path):
    rows = "".join(f"{i},{i % 5},{i / 7},{'ab'[i % 2]}\n" for i in range(200))
    (tmp_path / "rows.csv").write_text("row,age,share,label\n" + rows)
    report, _ = execute(tmp_path / "rows.csv", id=("row",), weight="share", split={"count_conflicts": True})
    assert (report.conflicts.groups, report.conflicts.records) == (5, 200)


def test_conflicts_are_not_counted_unless_that_is_asked(execute, tmp_path):
    (tmp_path / "rows.csv").write_text(repeating(200))
    report, _ = execute(tmp_path / "rows.csv", split={**BY_INPUTS, "count_conflicts": False})
    assert report.conflicts is None


def test_a_stratified_split_is_the_same_over_files_and_formats(execute, tmp_path):
    lines = [f"{i}.25,{'abc'[i % 3] if i % 50 else 'rare'}" for i in range(900)]
    (tmp_path / "one").mkdir()
    (tmp_path / "one" / "rows.csv").write_text("\n".join(["x,label", *lines]) + "\n")
    (tmp_path / "three").mkdir()
    for n in range(3):
        text = "\n".join(["x,label", *lines[n::3]]) + "\n"
        (tmp_path / "three" / f"{n}.csv.gz").write_bytes(gzip.compress(text.encode()))
    split = {"by": "hash", "stratify": True}
    report, one = execute(tmp_path / "one", split=split)
    assert {name: report.counts[name]["rare"] for name in one} == {"train": 14, "eval": 2, "test": 2}
    for name in one:
        assert abs(report.counts[name]["a"] - {"train": 235.2, "eval": 29.4, "test": 29.4}[name]) <= 1
    shutil.rmtree(tmp_path / "out")
    _, three = execute(tmp_path / "three", split=split)
    assert all(sorted(map(repr_of, one[name])) == sorted(map(repr_of, three[name])) for name in one)


def test_what_lies_beside_the_rows_is_in_the_log_and_the_report(execute, tmp_path, caplog):
    data = tmp_path / "data"
    data.mkdir()
    (data / "a.csv").write_text("x,y,label\n" + lines(50))
    (data / "SOURCE.txt").write_text("Fetched today, from\nsomewhere.\n")
    report, _ = execute(data)
    assert (report.found, report.quarantined) == (50, 0)
    assert (report.passed_over, report.first_passed_over) == (1, ("SOURCE.txt",))
    assert "Not read, since these aren't files of rows: SOURCE.txt" in caplog.text


def test_a_column_of_numbers_in_train_and_of_text_in_test(execute, tmp_path, caplog):
    data = tmp_path / "data"
    data.mkdir()
    (data / "train.csv").write_text("x,y,label\n" + lines(50))
    (data / "test.csv").write_text("x,y,label\n" + "high,1,0\nlow,2,1\n3.5,3,1\n")
    _, splits = execute(data, split={"by": "file"})
    assert "The column x is read as text: it is of numbers in train.csv, of text in test.csv" in caplog.text
    assert {row["x"] for row in splits["test"]} == {b"high", b"low", b"3.5"}
    report, splits = execute(data, split={"by": "file"}, types={"x": "float"})
    assert [(item.place, item.reason) for item in report.first_quarantined] == [
        ("test.csv, line 2", "x: 'high' is no number"),
        ("test.csv, line 3", "x: 'low' is no number"),
    ]
    assert by_x(splits) == sorted([3.5, *(i + 0.5 for i in range(50))])


def test_a_column_without_a_value_in_train_or_in_test(execute, tmp_path):
    data = tmp_path / "data"
    data.mkdir()
    (data / "train.csv").write_text("x,y,label\n" + "".join(f",{i},{i % 2}\n" for i in range(30)))
    (data / "test.csv").write_text("x,y,label\n" + "".join(f"{i}.5,,{i % 2}\n" for i in range(10)))
    report, splits = execute(data, split={"by": "file"})
    assert report.quarantined == 0
    columns = read_columns(str(tmp_path / "out" / "ingest_report"))
    assert (columns["x"].type, columns["x"].missing, columns["x"].distinct) == ("float", columns["x"].rows, 0)
    assert (columns["y"].type, columns["y"].missing) == ("float", 0)
    assert [row["x"] for row in splits["test"]] == [i + 0.5 for i in range(10)]
    assert not any("y" in row for row in splits["test"])
    of = {column.name: column for column in read_column_splits(str(tmp_path / "out" / "ingest_report"))}
    assert [(of["x"].of(split).missing, of["y"].of(split).missing) for split in splits] == [
        (len(rows) * (split != "test"), len(rows) * (split == "test")) for split, rows in splits.items()
    ]


def test_a_category_of_ten_kilobytes_is_kept_and_isnt_listed(execute, tmp_path):
    long = "x" * 10_000
    path = tmp_path / "rows.csv"
    rows = (f"{i}.5,{['Rome', long][i % 50 == 0]},{i % 2}\n" for i in range(500))
    path.write_text("x,town,label\n" + "".join(rows))
    report, splits = execute(path)
    assert report.quarantined == 0
    (found,) = report.long_cells
    assert (found.column, found.given, found.cells, found.longest) == ("town", 500, 10, 10_000)
    assert found.first == tuple(f"rows.csv, line {n}" for n in (2, 52, 102, 152, 202))
    assert sum(row["town"] == long.encode() for rows in splits.values() for row in rows) == 10
    town = read_columns(str(tmp_path / "out" / "ingest_report"))["town"]
    assert (town.distinct, list(town.values), town.missing) == (2, ["Rome"], 0)
    assert town.rows - town.values["Rome"] == sum(row["town"] == long.encode() for row in splits["train"])
