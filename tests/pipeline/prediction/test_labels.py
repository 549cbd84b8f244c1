import pytest

from pipeline.prediction.labels import booleans, type_of


@pytest.mark.parametrize(
    ("seen", "class_names", "kind"),
    [
        ("float", ("1", "2"), "float"),
        ("int", ("-1", "0", "123456789012"), "int"),
        ("float", ("1.5", "2", "0.1"), "float"),
        ("float", ("01", "02"), "string"),
        ("float", ("1", "2", "A"), "string"),
        ("float", ("1.0", "2.0"), "string"),
        ("float", ("1.50", "2"), "string"),
        ("float", ("+1", "1"), "string"),
        ("float", ("1", "nan"), "string"),
        ("float", ("False", "True"), "float"),
        ("string", ("1", "2"), "string"),
    ],
)
def test_labels_are_numbers_where_the_classes_are_named_so(seen, class_names, kind):
    assert type_of(seen, class_names) == kind


def test_booleans_are_two_classes_each_of_which_is_one():
    assert booleans(("0", "1"))["True"] == "1"
    assert booleans(("true", "false"))["0"] == "false"
    assert booleans(("0", "1", "2")) == booleans(("True", "true")) == booleans(("no", "yes")) == {}
