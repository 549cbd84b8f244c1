import pytest

from components.csv_example_gen.column_counts import ColumnCounts
from components.errors import TransferlineError
from components.transform.config import Boolean, Category, Date, Number, RowTransform, Text
from components.transform.plan import planned
from components.transform.vector import find_layout, write_layout

DAY = 86_400


def counted(name, kind, values=None, **more):
    values = values or {}
    given = {"rows": 100, "distinct": len(values), "values": values, **more}
    return ColumnCounts(name=name, type=kind, **given)


COUNTS = {
    column.name: column
    for column in [
        counted("age", "float", distinct=80, missing=5, lowest=1, highest=99),
        counted("fare", "float", distinct=90, lowest=0, highest=500),
        counted("codes", "int", {"3": 60, "1": 40}),
        counted("town", "string", {f"town {n}": 1 for n in range(100)}),
        counted("port", "string", {"S": 70, "C": 20}, missing=10),
        counted("sex", "string", {"male": 60, "female": 40}),
        counted("note", "string", distinct=100, more_distinct=True),
        counted("day", "date", distinct=50, lowest=10 * DAY, highest=(365 * 3 + 10) * DAY, missing=1),
        counted("empty", "string", missing=100),
        counted("label", "string", {"yes": 50, "no": 50}),
    ]
}


def plan(features):
    return planned(RowTransform(features=features), COUNTS, "label")


def described(layout):
    return [(part.column, part.what, part.begin, part.width) for part in layout.parts]


def test_names_alone_are_packed_as_ever():
    for features in ((), ("fare", "age")):
        layout = plan(features)
        assert layout.of_numbers_only
        assert tuple(layout.columns) == (features or ("age", "codes", "fare"))
        assert [part.scale for part in layout.parts] == ["standard"] * len(layout.columns)
        assert layout.width == len(layout.columns)


def test_numbers_come_before_codes_and_those_of_a_scale_together():
    layout = plan(
        {
            "age": Number(),
            "codes": Category(),
            "day": Date(parts=("year", "month")),
            "fare": Number(scale="log"),
            "note": Text(buckets=8),
        }
    )
    assert described(layout) == [
        ("age", "value", 0, 1),
        ("fare", "value", 1, 1),
        ("day", "year", 2, 1),
        ("age", "missing", 3, 1),
        ("day", "missing", 4, 1),
        ("note", "words", 5, 8),
        ("codes", "value", 13, 1),
        ("day", "month", 14, 1),
    ]
    assert (layout.width, layout.numbers) == (15, 13)
    assert not layout.of_numbers_only
    assert layout.columns == {"age": "float", "codes": "int", "day": "date", "fare": "float", "note": "string"}
    assert [(raw.column, raw.what, raw.categories) for raw in layout.raw[:5]] == [
        ("age", "value", 0),
        ("codes", "value", 0),
        ("day", "year", 0),
        ("day", "month", 0),
        ("fare", "value", 0),
    ]
    assert len(layout.raw) == 5 + 8


def test_a_flag_where_training_has_holes_unless_told_otherwise():
    assert [part.what for part in plan({"age": Number(), "fare": Number()}).parts] == ["value", "value", "missing"]
    assert [part.what for part in plan({"age": Number(missing="mean")}).parts] == ["value"]


@pytest.mark.parametrize(
    ("column", "feature", "values", "buckets", "embedded"),
    [
        ("port", Category(), 2, 0, False),
        ("port", Category(encoding="embedding"), 2, 0, True),
        ("town", Category(), 100, 0, True),
        ("town", Category(encoding="one_hot"), 100, 0, False),
        ("town", Category(vocabulary=20), 20, 1_000, True),
        ("town", Category(encoding="hash", buckets=16), 0, 16, True),
        ("note", Category(buckets=16), 0, 16, True),
        ("sex", Boolean(), 2, 0, False),
    ],
)
def test_categories(column, feature, values, buckets, embedded):
    (part,) = plan({column: feature}).parts
    assert (len(part.values), part.buckets, part.embedding > 0) == (values, buckets, embedded)
    assert part.learned == values + buckets + (column == "port")


@pytest.mark.parametrize(
    ("kind", "highest", "categories"), [("float", 40, 0), ("int", 40, 0), ("int", 2**24 + 2, 3), ("string", None, 3)]
)
def test_codes_that_are_numbers_are_numbers_for_trees_where_a_float32_has_them(kind, highest, categories):
    lowest = None if highest is None else -1
    column = counted("zone", kind, {"-1": 40, "7": 40, "40": 20}, lowest=lowest, highest=highest)
    layout = planned(RowTransform(features={"zone": Category()}), {"zone": column}, "label")
    assert [(raw.column, raw.categories) for raw in layout.raw] == [("zone", categories)]
    assert layout.parts[0].coded


def test_more_values_have_wider_embeddings_to_a_bound():
    widths = [plan({"town": Category(encoding="hash", buckets=n)}).parts[0].embedding for n in (20, 100, 10_000)]
    assert widths == [9, 21, 32]
    assert plan({"town": Category(width=5)}).parts[0].embedding == 5


def test_the_vocabulary_is_in_the_order_of_the_counts_and_of_two_values_by_name():
    assert plan({"codes": Category()}).parts[0].values == ("3", "1")
    assert plan({"sex": Boolean()}).parts[0].values == ("female", "male")


def test_dates_are_scaled_by_those_of_training():
    parts = {part.what: part for part in plan({"day": Date()}).parts}
    assert list(parts) == ["year", "days", "missing", "month", "weekday", "hour"]
    assert (parts["year"].low, parts["year"].high) == (1970, 1973)
    assert (parts["days"].low, parts["days"].high) == (10, 1105)
    assert (parts["month"].values[0], parts["month"].values[-1], len(parts["hour"].values)) == ("1", "12", 24)


@pytest.mark.parametrize(
    ("features", "cause"),
    [
        ({"Age": Number()}, r"There is no column 'Age' \(did you mean 'age'\?\)"),
        ({"label": Category()}, "There is no column 'label'"),
        ({"sex": Number()}, "The column 'sex' is text, and can't be of the kind number"),
        ({"age": Text()}, "The column 'age' is of numbers, and can't be of the kind text"),
        ({"codes": Date()}, "The column 'codes' is of whole numbers, and can't be of the kind date"),
        ({"day": Category()}, "The column 'day' is of dates, and can't be of the kind category"),
        ({"town": Boolean()}, "has 100 values in the training split, and not two"),
        ({"age": Category()}, "has too many values with fractions"),
        ({"empty": Category()}, "has no value in the training split"),
        ({}, "no column of numbers"),
        (("sex",), "no column of numbers 'sex'"),
    ],
)
def test_what_a_column_cannot_be_is_said(features, cause):
    with pytest.raises(TransferlineError, match=cause) as error:
        plan(features)
    assert error.value.place.startswith("transform.features")
    assert error.value.cure


def test_the_layout_is_kept_beside_the_graph(tmp_path):
    layout = plan({"age": Number(), "port": Category(), "day": Date()})
    assert find_layout(str(tmp_path)) is None
    write_layout(layout, str(tmp_path))
    assert find_layout(str(tmp_path)) == layout
