"""Each column is used for something, or it is said why not."""

import pytest

from components.column_roles import LEFT_OUT, NAMES_ROWS, NOT_NAMED, ColumnRoles, by_reason, not_learned_text, uses_of
from components.csv_example_gen.column_counts import ColumnCounts


def counts(name, kind="string", **changes):
    return ColumnCounts(name=name, type=kind, **{"rows": 100, "distinct": 7, **changes})


COLUMNS = [
    counts("age", "float", distinct=1_000, more_distinct=True),
    counts("town"),
    counts("label", distinct=2),
    counts("share", "float"),
]


@pytest.mark.parametrize(
    ("features", "learned"),
    [
        ({}, {"age": "learned from as a number", "town": f"not learned from: {NOT_NAMED}; sliced by"}),
        (
            {"town": "category"},
            {"age": f"not learned from: {NOT_NAMED}", "town": "learned from as a category; sliced by"},
        ),
    ],
)
def test_each_column_has_its_use(features, learned):
    roles = ColumnRoles(features=features, weight="share", slices=("label", "town"))
    found = {use.name: use.text for use in uses_of(COLUMNS, roles)}
    assert found == {**learned, "label": "the label; sliced by", "share": "each row's weight"}


@pytest.mark.parametrize(
    ("column", "why"),
    [
        (counts("a", missing=100, distinct=0), LEFT_OUT["empty"]),
        (counts("a", missing=90, distinct=1), LEFT_OUT["constant"]),
        (counts("a", "int", missing=40, distinct=60), LEFT_OUT["key"]),
        (counts("a", rows=10, distinct=10), NOT_NAMED),
        (counts("a", "float", distinct=100), NOT_NAMED),
        (counts("a", rows=200_000, distinct=200_000, more_distinct=True), NOT_NAMED),
        (counts("customer_id"), LEFT_OUT["group"]),
        (counts("ticket"), NAMES_ROWS),
        (counts("answer"), "tells the class"),
        (counts("a"), NOT_NAMED),
    ],
)
def test_why_a_column_is_not_learned_from(column, why):
    roles = ColumnRoles(features={"x": "number"}, ids=("ticket",), left_out={"answer": "tells the class"})
    (use,) = uses_of([column], roles)
    assert (use.use, use.why) == ("left out", why)


def test_columns_with_one_reason_are_named_together():
    assert by_reason({"a": "no value", "b": "a key", "c\n": "no value"}) == "a, c\\n (no value); b (a key)"
    roles = ColumnRoles(features={"age": "number"}, weight="share")
    assert not_learned_text(uses_of(COLUMNS, roles)) == f"Not learned from: town ({NOT_NAMED})."
    assert not_learned_text(uses_of(COLUMNS[2:], roles)) == ""
