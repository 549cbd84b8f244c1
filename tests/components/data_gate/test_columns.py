"""What columns lack, and what they have that training doesn't, is bounded column by column."""

import pytest

from components.column_rules import ColumnBounds, ColumnRules
from components.data_gate.columns import column_faults
from components.ingest.column_splits import ColumnSplits, SplitColumn

TOWN = ColumnSplits(
    name="town",
    type="string",
    splits={
        "train": SplitColumn(rows=100, missing=10),
        "eval": SplitColumn(rows=20, missing=2, unseen=0),
        "test": SplitColumn(rows=20, missing=10, unseen=3, first_unseen=("Rome", "Oslo")),
    },
)
AGE = ColumnSplits(
    name="age",
    type="float",
    splits={"train": SplitColumn(rows=100), "eval": SplitColumn(rows=20, missing=1), "test": SplitColumn(rows=20)},
)
BOTH = {"age": "number", "town": "category"}


def faults(rules, *columns, told=()):
    return list(column_faults(columns or (TOWN, AGE), rules, told))


def test_without_bounds_nothing_stops_a_run():
    assert faults(ColumnRules(features=BOTH)) == []


@pytest.mark.parametrize(
    ("bounds", "words"),
    [
        ({"max_unseen": 0.29}, ["'town' has a value that train doesn't have, such as 'Rome', 'Oslo', in 3 of 10 rec"]),
        ({"max_unseen": 0.3}, []),
        ({"max_missing": 0.49}, ["'town' has no value in 10 of 20 records of test (50.0%), more than gate."]),
        ({"max_missing": 0.5}, []),
        ({"max_missing": 0.0}, ["of train (10.0%)", "2 of 20 records of eval", "of test", "'age' has no value in 1"]),
        ({"max_missing_rise": 0.39}, ["(50.0%), and in 10.0% of train"]),
        ({"max_missing_rise": 0.4}, []),
        ({"max_missing_rise": 0.04}, ["records of test", "'age' has no value in 1 of 20 records of eval (5.0%)"]),
    ],
)  # fmt: skip
def test_each_bound_holds_for_every_split(bounds, words):
    found = faults(ColumnRules(features=BOTH, bounds=ColumnBounds(**bounds)))
    assert len(found) == len(words)
    assert all(word in fault for word, fault in zip(words, found, strict=True)), found


def test_a_column_of_its_own_bounds_goes_before_the_general_ones():
    strict = ColumnBounds(max_unseen=0.0, max_missing=0.0)
    own = {"town": ColumnBounds(max_unseen=1.0, max_missing=1.0), "age": ColumnBounds(max_missing=1.0)}
    assert faults(ColumnRules(features=BOTH, bounds=strict, columns=own)) == []
    assert len(faults(ColumnRules(features=BOTH, columns={"town": ColumnBounds(max_unseen=0.0)}))) == 1


def test_columns_that_are_not_learned_from_are_bounded_where_they_are_named_only():
    strict = ColumnBounds(max_unseen=0.0, max_missing=0.0, max_missing_rise=0.0)
    assert faults(ColumnRules(bounds=strict, weight="age")) == []
    assert len(faults(ColumnRules(bounds=strict))) == 1  # age, as every column of numbers
    named = ColumnRules(features={"age": "number"}, columns={"town": ColumnBounds(max_unseen=0.1)})
    assert [fault[:6] for fault in faults(named)] == ["'town'"]


def test_a_number_has_no_unseen_values():
    column = ColumnSplits(name="age", type="float", splits={"test": SplitColumn(rows=9, unseen=9)})
    assert faults(ColumnRules(features=BOTH, bounds=ColumnBounds(max_unseen=0.0)), column) == []


def test_of_a_column_without_a_value_in_training_nothing_can_be_learned():
    empty = ColumnSplits(name="age", type="float", splits={"train": SplitColumn(rows=9, missing=9)})
    (fault,) = faults(ColumnRules(features=BOTH), empty)
    assert fault.startswith("'age' has no value in the training split")
    assert len(faults(ColumnRules(), empty)) == 1
    assert faults(ColumnRules(features={"town": "category"}), empty) == []


def test_what_the_schema_found_is_not_said_again():
    rules = ColumnRules(features=BOTH, bounds=ColumnBounds(max_unseen=0.0))
    assert faults(rules, told={("town", "test")}) == []


def test_bounds_that_name_no_column_are_a_fault():
    (fault,) = faults(ColumnRules(features=BOTH, columns={"twon": ColumnBounds(max_missing=0.1)}))
    assert fault.startswith("gate.columns names 'twon', which is no column (did you mean 'town'?)")
