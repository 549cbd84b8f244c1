import pandas as pd
import pytest
import tensorflow_data_validation as tfdv
from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import schema_pb2

from components.data_gate.checks import anomaly_faults, ingest_faults
from components.data_gate.config import GateRules
from components.ingest.report import Conflicts, Duplicate, IngestReport, LabelRange, Quarantined

TWO_CLASSES = {split: {"cat": 10, "dog": 10} for split in ("train", "eval", "test")}


def report(**changes):
    return IngestReport(**({"found": 60, "counts": TWO_CLASSES, "quarantined": 0} | changes))


def test_good_data_has_no_faults():
    assert ingest_faults(report(), GateRules()) == []


def test_quarantine_above_the_share_shows_the_first_records():
    first = tuple(Quarantined(place=f"cat/{n}.jpg", reason="it is empty") for n in range(7))
    (fault,) = ingest_faults(report(found=70, quarantined=10, first_quarantined=first), GateRules())
    assert "10 of 70 records (14.3%)" in fault
    assert fault.count("it is empty") == 5


def test_quarantine_at_the_share_passes():
    assert ingest_faults(report(found=100, quarantined=5), GateRules(max_quarantined=0.05)) == []


def test_hidden_files_are_no_fault_of_the_data():
    assert ingest_faults(report(found=120, quarantined=60, hidden=60), GateRules()) == []
    assert ingest_faults(report(found=130, quarantined=70, hidden=60), GateRules())


def test_a_newline_in_a_name_stays_on_one_line():
    first = (Quarantined(place="cat/a\nb.jpg", reason="it is empty"),)
    (fault,) = ingest_faults(report(quarantined=60, first_quarantined=first), GateRules())
    assert "\n" not in fault


def test_an_empty_split():
    (fault,) = ingest_faults(report(counts=TWO_CLASSES | {"test": {}}), GateRules())
    assert "no records in the split 'test'" in fault


def test_one_class_only():
    (fault,) = ingest_faults(report(counts={split: {"cat": 10} for split in TWO_CLASSES}), GateRules())
    assert "the only class in train is 'cat'" in fault


def test_a_class_seen_only_in_test():
    (fault,) = ingest_faults(report(counts=TWO_CLASSES | {"test": {"cat": 1, "fox": 1}}), GateRules())
    assert "the class 'fox' occurs in test but not in train" in fault


LEAK = Duplicate(places=("train/cat: a.jpg", "test/cat: b.jpg"), splits=("test", "train"), labels=("cat",))
CONFLICT = Duplicate(places=("train/cat: a.jpg", "train/dog: a.jpg"), splits=("train",), labels=("cat", "dog"))


@pytest.mark.parametrize(
    ("duplicate", "rules", "faulty"),
    [
        (LEAK, GateRules(), True),
        (LEAK, GateRules(fail_on_leak=False), False),
        (CONFLICT, GateRules(), False),
        (CONFLICT, GateRules(fail_on_label_conflict=True), True),
        (Duplicate(places=("a", "b"), splits=("eval", "train"), labels=("cat",)), GateRules(), False),
    ],
)
def test_duplicates_stop_the_run_as_the_rules_say(duplicate, rules, faulty):
    faults = ingest_faults(report(duplicates=(duplicate,)), rules)
    assert bool(faults) == faulty
    assert not faults or " = ".join(duplicate.places) in faults[0]


RARE = {"train": {"cat": 9, "dog": 9, "fox": 3}, "eval": {"cat": 1, "dog": 1}, "test": {"cat": 1, "dog": 2}}


def test_a_class_that_misses_a_split_stops_the_run_where_the_rules_say_so():
    assert ingest_faults(report(counts=RARE), GateRules()) == []
    (fault,) = ingest_faults(report(counts=RARE), GateRules(fail_on_missing_class=True))
    assert fault.startswith("1 class misses a split: 'fox' (train 3, eval 0, test 0); add records")
    assert "data.split.stratify" in fault
    once = RARE | {"train": {"cat": 9, "dog": 9, "fox": 1}}
    (fault,) = ingest_faults(report(counts=once), GateRules(fail_on_missing_class=True))
    assert "data.split.stratify" not in fault
    assert ingest_faults(report(), GateRules(fail_on_missing_class=True)) == []


def test_a_class_that_is_missing_from_train_is_named_once():
    counts = RARE | {"train": {"cat": 9, "dog": 9}, "test": {"cat": 1, "dog": 2, "fox": 1}}
    (fault,) = ingest_faults(report(counts=counts), GateRules(fail_on_missing_class=True))
    assert "the class 'fox' occurs in test but not in train" in fault


def test_a_test_of_one_class_names_the_other():
    counts = TWO_CLASSES | {"test": {"dog": 4}}
    (fault,) = ingest_faults(report(counts=counts), GateRules(fail_on_missing_class=True))
    assert "'cat' (train 10, eval 10, test 0)" in fault


@pytest.mark.parametrize(("allowed", "faulty"), [(None, False), (0.1, True), (0.2, False)])
def test_conflicts_stop_the_run_above_the_share_that_no_model_can_be_right_about(allowed, faulty):
    group = Duplicate(places=("train/cat: a.csv, line 2", "train/dog: a.csv, line 3"), splits=(), labels=())
    conflicts = Conflicts(groups=5, records=30, outvoted=12, first=(group,))
    faults = ingest_faults(report(conflicts=conflicts), GateRules(max_conflicts=allowed))
    assert bool(faults) == faulty
    assert not faults or faults[0].startswith(
        "30 of 60 records (50.0%) conflict with another one, which has the same inputs and another label, in 5 groups: "
        "no model of these inputs can be right for more than 80.0% of the records, and gate.max_conflicts=10.0% asks "
        "for 90.0%: train/cat: a.csv, line 2 = train/dog: a.csv, line 3; add columns"
    )


@pytest.mark.parametrize(("allowed", "faulty"), [(0.1, True), (0.15, False), (None, False)])
def test_photos_under_several_labels_are_bounded_as_a_share_of_all(allowed, faulty):
    group = Duplicate(places=("train/cat: a.jpg", "test/dog: b.jpg"), splits=("test", "train"), labels=("cat", "dog"))
    conflicts = Conflicts(groups=10, records=20, outvoted=10, first=(group,), quarantined=True)
    found = report(conflicts=conflicts)
    faults = ingest_faults(found, GateRules(max_conflicts=allowed))
    expected = (
        "20 records in 10 groups, the same but for their labels, are quarantined, and 12.5% of all have another label "
        "than most of their group, more than gate.max_conflicts=10.0% allows: train/cat: a.jpg = test/dog: b.jpg; "
        "correct the labels"
    )
    assert faults == [expected] * faulty
    (fault,) = ingest_faults(found, GateRules(fail_on_label_conflict=True))
    assert fault.startswith("10 groups of records are identical with different labels: train/cat: a.jpg = test/dog")


def test_conflicts_that_were_not_counted_stop_nothing():
    assert ingest_faults(report(), GateRules(max_conflicts=0.0)) == []


SCHEMA = """
feature { name: "label" type: BYTES domain: "label" presence { min_fraction: 1 } }
feature { name: "image/width" type: INT int_domain { min: 1 max: 100 } }
string_domain { name: "label" value: "cat" value: "dog" }
"""


def test_an_anomaly_says_feature_split_expected_and_seen():
    schema = text_format.Parse(SCHEMA, schema_pb2.Schema())
    statistics = tfdv.generate_statistics_from_dataframe(_frame())
    faults = anomaly_faults({"test": tfdv.validate_statistics(statistics, schema)}, schema)
    label = next(fault for fault in faults if "'label'" in fault)
    expected = "text or bytes, one of 'cat', 'dog', in every record"
    assert label.startswith(f"feature 'label' in test: expected {expected}; seen: ")
    assert "fox" in label
    width = next(fault for fault in faults if "'image/width'" in fault)
    assert "expected whole numbers, from 1 to 100; seen: " in width
    assert "500" in width
    assert any("'colour'" in fault and "no such feature" in fault for fault in faults)


def _frame():
    return pd.DataFrame({"label": ["cat", "fox"], "image/width": [5, 500], "colour": ["red", "blue"]})


def test_a_file_that_ends_in_the_middle_is_a_fault_however_much_is_left_of_it():
    broken = (Quarantined(place="a.csv.gz, line 9", reason="the file is damaged or ends in the middle: no end"),)
    (fault,) = ingest_faults(report(found=61, quarantined=1, broken=broken), GateRules())
    assert "a.csv.gz, line 9" in fault
    assert "fetch the file again" in fault


def labels(low, high, outside=0):
    return LabelRange(
        lowest=low, highest=high, lowest_place="houses.csv, line 2", highest_place="houses.csv, line 7", outside=outside
    )


def of_numbers(**ranges):
    counts = {split: {"": 20} for split in ("train", "eval", "test")}
    return report(counts=counts, label_ranges={"train": labels(5, 50), "eval": labels(6, 49), **ranges})


def test_numbers_to_predict_are_no_classes():
    assert ingest_faults(of_numbers(test=labels(7, 51, outside=1)), GateRules()) == []


def test_labels_outside_of_those_of_the_training_rows_are_named_with_the_farthest():
    found = of_numbers(test=labels(7, 512.5, outside=2))
    (fault,) = ingest_faults(found, GateRules())
    assert fault == (
        "2 of 20 labels in test (10.0%) lie outside of those in train, which go from 5 to 50, more than "
        "gate.max_labels_outside=5.0% allows: the least is 7 ('houses.csv, line 2'), the greatest 512.5 "
        "('houses.csv, line 7'); correct them, split the rows by hash, or allow more"
    )
    assert ingest_faults(found, GateRules(max_labels_outside=None)) == []
    assert ingest_faults(found, GateRules(max_labels_outside=0.1)) == []


def test_training_labels_that_are_all_the_same():
    assert ingest_faults(of_numbers(train=labels(5, 5)), GateRules()) == [
        "all labels in train are 5: there is nothing to learn"
    ]


def test_no_training_row_is_said_of_numbers_too():
    empty = report(counts={"train": {}, "eval": {"": 20}, "test": {"": 40}}, label_ranges={"eval": labels(6, 49)})
    assert ingest_faults(empty, GateRules()) == [
        "no records in the split 'train': add records there or change data.split"
    ]
