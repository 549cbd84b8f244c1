import pytest
from looked_at import look

from components.arrow import pa
from components.transform.config import Number
from pipeline.profile.decimals import decimal_of


@pytest.mark.parametrize(
    ("columns", "decimal"),
    [
        ({"a": ["0,123", "-0,456", "0,789"]}, ","),
        ({"a": ["1,234", "0,123"]}, ","),
        ({"a": ["1,5", "-2", " 3,25 ", "NA", None], "b": ["Rome", "Bonn, Köln", "", "", ""]}, ","),
        ({"a": ["1,5", "2,5"], "b": ["1.5", "2"]}, "."),
        ({"a": ["1,5", "2,5"], "b": ["12.03.2021", "13.03.2021"]}, ","),
        ({"a": ["1,234", "12,345", "7"]}, "."),
        ({"a": ["1,234", "12,345", "7,5"]}, ","),
        ({"a": ["1.5", "2"]}, "."),
        ({"a": ["1,5", "two", "three"]}, "."),
        ({"a": [None, None]}, "."),
    ],
)
def test_what_stands_before_fractions(columns, decimal):
    assert decimal_of(pa.table({name: pa.array(cells, pa.string()) for name, cells in columns.items()}), ",") == decimal


@pytest.mark.parametrize(
    ("cells", "decimal"),
    [(["1,234", "12,345", "7"], ","), (["1,234", *["12,345"] * 40, "1,234,567"], "."), (["1.5", "2"], ".")],
)
def test_where_semicolons_part_cells_commas_stand_before_fractions(cells, decimal):
    assert decimal_of(pa.table({"a": cells}), ";") == decimal


@pytest.mark.parametrize(
    ("points", "commas", "decimal"),
    [
        (["12.345", "999", "1.234"], ["34,5", "3,5", "2"], ","),
        (["12.345", "999", "1.5"], ["34,5", "3,5", "2"], "."),
        (["12.345", "999", "0.123"], ["34,5", "3,5", "2"], "."),
        (["12.345", "999", "1.234"], ["1,234", "2,345", "2"], "."),
        (["12.345", "999", "1.234"], ["one", "two", "3"], "."),
    ],
)
def test_points_that_may_part_thousands_beside_fractions_with_commas_say_nothing(points, commas, decimal):
    assert decimal_of(pa.table({"a": points, "b": commas}), ";") == decimal
    assert decimal_of(pa.table({"a": points, "b": commas}), "|") == "."


def test_a_column_whose_points_part_thousands_is_told_and_fractions_with_commas_are_read(tmp_path):
    lines = [f"{f'{n * n + 700:,}'.replace(',', '.')};{n % 37},{n % 7};{('ja', 'nein')[n % 2]}" for n in range(300)]
    found = look(tmp_path, "\n".join(["einwohner;quote;label", *lines]), "label")
    assert (found.data.decimal, found.fault_count) == (",", 0)
    assert {column.name: (column.thousands, column.feature) for column in found.columns} == {
        "einwohner": (True, None),
        "quote": (False, Number()),
    }


def test_a_semicolon_table_whose_fractions_all_have_three_digits_is_read_so(tmp_path):
    lines = [f"{n * 7 % 300},{n % 7}25;{n % 3};{1 + n % 90},{100 + n}" for n in range(300)]
    assert look(tmp_path, "\n".join(["area;rooms;price", *lines]), "price").data.decimal == ","


def test_a_table_with_decimal_commas_is_read_so_with_its_label(tmp_path):
    lines = [f"{n * 7 % 300},{n % 7}5;{n % 3};{1000 + n * n},5" for n in range(300)]
    found = look(tmp_path, "\n".join(["area;rooms;price", *lines]), "price")
    assert found.data.decimal == ","
    assert found.data.types == {}
    assert found.fault_count == 0
    assert {column.name: column.role for column in found.columns} == {"area": "feature", "rooms": "feature"}
    assert (found.number.lowest, found.number.highest) == (1000.5, 1000.5 + 299**2)
