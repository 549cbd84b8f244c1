from components.ingest.findings import conflicts_text, findings_of, missing_classes, missing_classes_text
from components.ingest.report import Conflicts, IngestReport

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


def test_what_a_line_of_a_run_says():
    report = IngestReport(found=16, counts=COUNTS, quarantined=0, conflicts=Conflicts(groups=1, records=4, outvoted=2))
    assert findings_of(report)[0] == "4 in conflict"
    assert findings_of(report)[1].startswith("2 classes miss a split")
    assert findings_of(IngestReport(found=0, counts={}, quarantined=0)) == []
