from components.ingest.findings import (
    conflicts_text,
    findings_of,
    long_cells_text,
    missing_classes,
    missing_classes_text,
    strays,
)
from components.ingest.report import Conflicts, IngestReport, LongCells

COUNTS = {"train": {"a": 9, "b": 3, "c": 1}, "eval": {"a": 1}, "test": {"a": 1, "b": 1}}


def test_classes_that_miss_a_split_are_named_with_what_they_have():
    names = missing_classes(COUNTS)
    assert names == ["b", "c"]
    assert missing_classes_text(names, COUNTS) == (
        "2 classes miss a split: 'b' (train 3, eval 0, test 1), 'c' (train 1, eval 0, test 0)"
    )
    assert missing_classes_text(["b"], COUNTS) == "1 class misses a split: 'b' (train 3, eval 0, test 1)"
    assert missing_classes_text([], COUNTS) == ""


def test_a_split_without_any_record_is_another_matter():
    assert missing_classes({**COUNTS, "eval": {}}) == ["c"]
    assert missing_classes({}) == []


def test_the_best_that_a_model_can_do_is_said():
    text = conflicts_text(Conflicts(groups=1, records=10, outvoted=4), 100)
    assert text == (
        "10 of 100 records (10.0%) conflict with another one, which has the same inputs and another label, in 1 group: "
        "no model of these inputs can be right for more than 96.0% of the records"
    )
    assert conflicts_text(Conflicts(groups=8, records=16, outvoted=8, share=0.125), 100).startswith("about 16 of")
    assert conflicts_text(Conflicts(), 100) == ""
    assert conflicts_text(Conflicts(groups=2, records=5, outvoted=2, quarantined=True), 100) == (
        "5 records in 2 groups, the same but for their labels, are quarantined"
    )


def test_what_a_line_of_a_run_says():
    report = IngestReport(found=16, counts=COUNTS, quarantined=0, conflicts=Conflicts(groups=1, records=4, outvoted=2))
    assert findings_of(report)[0] == "4 in conflict"
    assert findings_of(report)[1].startswith("2 classes miss a split")
    assert findings_of(IngestReport(found=0, counts={}, quarantined=0)) == []


def test_a_few_long_cells_are_named_and_many_are_letters():
    few = LongCells(column="town", given=500, cells=3, longest=12_000, first=("a.csv, line 2", "b.csv, line 9"))
    many = LongCells(column="note", given=500, cells=100, longest=900, first=("a.csv, line 3",))
    none = LongCells(column="name", given=500, cells=0, longest=20)
    assert strays([few, many, none]) == (few,)
    assert long_cells_text(few) == (
        "3 cells of the column 'town', of 500, are too long for the name of a category, up to 12,000 bytes: a.csv, "
        "line 2; b.csv, line 9 and 1 more"
    )
    report = IngestReport(found=500, counts={}, quarantined=0, long_cells=(few,))
    assert findings_of(report) == ["3 cells too long for a name in 'town'"]
