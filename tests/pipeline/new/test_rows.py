import gzip
from dataclasses import replace

import numpy as np
import pytest
from looked_at import look

from components.arrow import pa, parquet
from components.csv_example_gen.config import RowSplit
from components.data_gate.config import GateRules
from components.errors import TransferlineError
from pipeline.config import MLP, Boolean, Category, Date, Number, Text, Trees
from pipeline.new.row_pipeline import draft_for_rows
from pipeline.profile.rows import look_at_rows

ROWS = 2500


@pytest.fixture(scope="module")
def found(tmp_path_factory, columns, csv_text):
    return look(tmp_path_factory.mktemp("rows"), csv_text(columns(ROWS)), "label")


def has(warnings, *words):
    return any(all(word in warning for word in words) for warning in warnings)


def test_the_file_that_is_written(found, written):
    draft = draft_for_rows("mine", found)
    text, config = written(draft)
    assert config == draft.config
    assert config.transform.features == {
        "x": Number(),
        "my y": Number(),
        "town": Category(),
        "day": Date(parts=("month", "weekday", "days")),
    }
    assert config.data.classes == ("no", "yes")
    assert config.data.split == RowSplit(
        by="hash", key=("x", "my y", "town", "day"), group="customer_id", count_conflicts=True, stratify=True
    )
    assert config.evaluation.better_than_guessing
    assert config.gate == GateRules(max_conflicts=0.3, fail_on_missing_class=True, max_missing_rise=0.2)
    assert config.left_out == {
        "customer_id": "named like a key",
        "code": config.left_out["code"],
        "always": "the same value in every row",
        "never": "no value at all",
        "answer": "tells the label in every row, as if it were a copy of it",
        "price": "numbers with a decimal comma, which are read as text",
    }
    assert config.evaluation.slices == ("label", "x_quartile", "my_y_quartile", "town")
    assert {threshold.metric for threshold in config.evaluation.thresholds} == {"accuracy", "auc"}
    assert [type(model) for model in config.trainer.models.values()] == [Trees, MLP, MLP]
    assert "2,500 rows" in text


def test_what_is_wrong_is_said(found):
    warnings = draft_for_rows("mine", found).warnings
    for name in ("row id", "customer_id", "code", "always", "never", "answer"):
        assert has(warnings, "Column", f"'{name}'", "left out")
    assert has(warnings, "Values are missing", "'my y' (10% of the rows)", "the network is told")
    assert has(warnings, "'day'", "dates")
    assert has(warnings, "'price'", "decimal comma")
    assert not has(warnings, "'x'")


def test_each_column_is_told_of_once_on_the_screen_and_once_in_the_file(found, written):
    draft = draft_for_rows("mine", found)
    said = " ".join([draft.data, *draft.warnings])
    for name in ("row id", "customer_id", "code", "always", "never", "answer", "day", "price"):
        assert said.count(f"'{name}'") == 1
    assert "'town'" not in said
    text, _ = written(draft)
    assert all(text.count(f'"{name}": "') == 1 for name in ("code", "always", "never", "answer", "price"))


def test_forty_columns_of_names_are_one_warning(tmp_path, csv_text):
    table = {f"text {n}": [f"name {row % 900} of {n}" for row in range(1200)] for n in range(40)}
    table |= {"x": [f"{n % 97}.5" for n in range(1200)], "label": ["a", "b", "b", "a"] * 300}
    warnings = draft_for_rows("mine", look(tmp_path, csv_text(table), "label")).warnings
    (warning,) = [each for each in warnings if "text" in each]
    assert "'text 7' and 32 more: another text in nearly each row" in warning


def test_a_table_of_text_alone_is_learned_from(tmp_path, csv_text, written):
    rng = np.random.default_rng(0)
    table = {
        "town": [f"town {n}" for n in rng.integers(0, 120, 1200)],
        "member": rng.choice(["yes", "no"], 1200).tolist(),
        "note": [" ".join(rng.choice(["red", "car", "big", "old", "sea", "sun"], 8)) for _ in range(1200)],
        "label": ["a", "b"] * 600,
    }
    draft = draft_for_rows("mine", look(tmp_path, csv_text(table), "label"))
    _, config = written(draft)
    assert config.transform.features == {"town": Category(), "member": Boolean(), "note": Text()}
    assert has(draft.warnings, "Column 'note': free text, of which words are counted: crude")
    assert "To learn from: 1 category, 1 column of two values, 1 column of free text." in draft.data


@pytest.mark.parametrize("name", ["weight", "sample_weight", "Row Weight", "wt", "fnlwgt"])
def test_what_is_named_like_a_weight_is_learned_from_and_told(tmp_path, csv_text, written, name):
    table = {name: [f"{n % 97 + 0.5}" for n in range(1200)], "label": ["a", "b", "b", "a"] * 300}
    draft = draft_for_rows("mine", look(tmp_path, csv_text(table), "label"))
    text, config = written(draft)
    assert config.data.weight == ""
    assert list(config.transform.features) == [name]
    assert has(draft.warnings, f"'{name}'", "name it in data.weight")
    assert f"# If {name} says how much each row counts, it belongs in data.weight" in text


@pytest.mark.parametrize(("name", "lowest"), [("weight", 0), ("weight_kg", 1), ("weighted", 1), ("birth weight", 1)])
def test_other_columns_are_taken_for_no_weight(tmp_path, csv_text, name, lowest):
    table = {name: [f"{n % 97 + lowest}" for n in range(1200)], "label": ["a", "b", "b", "a"] * 300}
    assert not has(draft_for_rows("mine", look(tmp_path, csv_text(table), "label")).warnings, "data.weight")


def test_a_category_with_many_rare_values_may_have_more_that_training_has_not(tmp_path, csv_text, written):
    rng = np.random.default_rng(0)
    table = {
        "town": [f"town {n}" for n in rng.integers(0, 30, 1200)],
        "street": [f"street {n}" for n in rng.integers(0, 700, 1200)],
        "label": ["a", "b"] * 600,
    }
    _, config = written(draft_for_rows("mine", look(tmp_path, csv_text(table), "label")))
    assert config.transform.features == {"town": Category(), "street": Category()}
    once = np.mean([table["street"].count(street) == 1 for street in table["street"]])
    assert list(config.gate.columns) == ["street"]
    assert config.gate.max_unseen == 0.2
    assert max(0.2, once) < config.gate.columns["street"].max_unseen < 3 * once


def test_skewed_numbers_are_on_a_scale_that_is_said(tmp_path, csv_text, written):
    rng = np.random.default_rng(0)
    prices = [f"{value:.5f}" for value in rng.lognormal(3, 1.5, 1200)]
    draft = draft_for_rows("mine", look(tmp_path, csv_text({"price": prices, "label": ["a", "b"] * 600}), "label"))
    text, config = written(draft)
    assert config.transform.features == {"price": Number(scale="log")}
    assert "Skewed, and so by their logarithms: price." in " ".join(text.split())


def test_good_rows_have_no_warnings(tmp_path, columns, csv_text):
    table = {name: values for name, values in columns().items() if name in ("x", "label")}
    assert draft_for_rows("mine", look(tmp_path, csv_text(table), "label")).warnings == ()


def test_a_file_without_a_header(tmp_path, written):
    rng = np.random.default_rng(1)
    lines = [f"{number % 2},{','.join(f'{value + number % 2:.5f}' for value in rng.normal(size=12))}"
             for number in range(ROWS)]  # fmt: skip
    content = gzip.compress("\n".join(lines).encode())
    found = look(tmp_path, content, "0", name="rows.csv.gz")
    text, config = written(draft_for_rows("mine", found))
    assert config.data.columns == tuple(f"c{number}" for number in range(13))
    assert config.data.header == "no"
    assert config.data.classes == ("0", "1")
    assert config.transform.features == config.data.columns[1:]
    assert "features=FEATURES" in text
    assert "key=FEATURES" in text
    assert config.data.split.key == config.transform.features


def test_parquet(tmp_path, written):
    rng = np.random.default_rng(1)
    x = rng.normal(size=ROWS)
    table = pa.table({"x": x, "flag": x + rng.normal(size=ROWS) > 0, "kind": pa.array(["u", "v"] * (ROWS // 2))})
    parquet.write_table(table, tmp_path / "rows.parquet", row_group_size=500)
    found = look_at_rows(str(tmp_path / "rows.parquet"), "flag")
    assert (found.rows, found.read, set(found.classes)) == (ROWS, ROWS, {"False", "True"})
    _, config = written(draft_for_rows("mine", found))
    assert config.transform.features == {"x": Number(), "kind": Boolean()}
    assert config.evaluation.slices == ("label", "x_quartile", "kind")


def test_files_named_by_split(tmp_path, written, columns, csv_text):
    for split, seed in (("train", 0), ("validation", 1), ("test", 2)):
        table = {name: values for name, values in columns(600, seed).items() if name in ("x", "label")}
        (tmp_path / f"{split}.csv").write_text(csv_text(table))
    found = look_at_rows(str(tmp_path), "label")
    assert (found.rows, found.splits) == (1800, {"train", "eval", "test"})
    _, config = written(draft_for_rows("mine", found))
    assert config.data.split.by == "file"


def test_rows_that_cannot_be_used(tmp_path):
    lines = [f"{n / 7:.3f},{'ab'[n % 2]}" + ",x" * (n % 10 == 0) for n in range(400)]
    found = look(tmp_path, "x,label\n" + "\n".join(lines), "label")
    assert found.fault_count == 40
    draft = draft_for_rows("mine", found)
    assert has(draft.warnings, "40 of 400 rows", "5% stop the run", "3 cells instead of 2")
    assert draft.settings == ("gate.max_quarantined=0.15",)


def test_few_rows_that_cannot_be_used_stop_nothing(tmp_path):
    lines = [f"{n / 7:.3f},{'ab'[n % 2]}" + ",x" * (n % 100 == 0) for n in range(400)]
    draft = draft_for_rows("mine", look(tmp_path, "x,label\n" + "\n".join(lines), "label"))
    assert has(draft.warnings, "4 of 400 rows can't be used (1.0%): it has 3 cells instead of 2")
    assert not has(draft.warnings, "stop the run")
    assert draft.settings == ()


def test_of_a_large_file_it_is_said_that_some_was_read(tmp_path, monkeypatch):
    monkeypatch.setattr("pipeline.profile.rows.SAMPLE_BYTES", 20_000)
    lines = ["x,label", *(f"{n / 7:.4f},{'ab'[n % 2]}" for n in range(10_000))]
    found = look(tmp_path, "\n".join(lines), "label")
    draft = draft_for_rows("mine", found)
    assert has(draft.warnings, f"{found.read:,} of 10,000 rows were read to know this")
    assert f"10,000 rows in {found.data.path}, {found.read:,} looked at" in draft.data


def test_strange_names_and_classes(tmp_path, written):
    classes = ("a'b", '"x"', "ü\\n", "4")
    cells = [classes[n % 4].replace('"', '""') for n in range(ROWS)]
    lines = [f'{n % 89}.5,"{cell}"' for n, cell in enumerate(cells)]
    found = look(tmp_path, 'größe "in" cm,kind of\n' + "\n".join(lines), "-1")
    _, config = written(draft_for_rows("mine", found))
    assert set(config.data.classes) == set(classes)


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (["one"] * 200, "classes or more"),
        ([f"{n}.5" for n in range(200)], "classes are asked for"),
        ([f"name {n}" for n in range(200)], "too many for classes"),
    ],
)
def test_a_label_that_tells_no_classes(tmp_path, csv_text, labels, message):
    text = csv_text({"x": [f"{n % 7}.5" for n in range(200)], "label": labels})
    with pytest.raises(TransferlineError, match=message):
        draft_for_rows("mine", look(tmp_path, text, "label", task="classification"))


def test_nothing_to_learn_from(tmp_path, csv_text):
    text = csv_text({"town": ["Rom"] * 60, "number": [f"n{n}" for n in range(60)], "label": ["a", "b"] * 30})
    with pytest.raises(TransferlineError, match="no column to learn from"):
        draft_for_rows("mine", look(tmp_path, text, "label"))


def test_classes_that_are_rare_or_unbalanced(tmp_path, csv_text):
    rng = np.random.default_rng(0)
    labels = ["fraud"] * 5 + ["fine"] * 995
    text = csv_text({"x": [f"{value:.5f}" for value in rng.normal(size=1000)], "label": labels})
    draft = draft_for_rows("mine", look(tmp_path, text, "label"))
    assert has(draft.warnings, "Few rows of a class: fraud: 5")
    assert has(draft.warnings, "unbalanced", "199 times as many rows of 'fine' as of 'fraud'")
    first, area = draft.config.evaluation.thresholds
    assert first.at_least is None or first.metric == "balanced_accuracy"  # guessing would be right for 0.995
    assert (area.metric, area.at_least > 0.9) == ("auc", True)  # with one test row of the rare class
    assert draft.config.data.split.stratify


def test_a_column_that_nearly_tells_the_label(tmp_path, csv_text):
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 2, 1000)
    x = labels + rng.normal(size=1000) / 10
    text = csv_text({"x": [f"{value:.5f}" for value in x], "label": [str(label) for label in labels]})
    assert has(draft_for_rows("mine", look(tmp_path, text, "label")).warnings, "'x'", "nearly without fault")


def test_rows_that_are_the_same_but_for_their_label_are_told(tmp_path, csv_text):
    table = {"x": [f"{n % 300}.5" for n in range(1200)], "label": ["a" if n % 7 else "b" for n in range(1200)]}
    draft = draft_for_rows("mine", look(tmp_path, csv_text(table), "label"))
    assert has(draft.warnings, "of 1,200 records", "conflict with another one", "no model of these inputs")
    assert not has(draft.warnings, "stops")
    assert draft.settings == ()


def test_rows_of_which_nothing_can_be_told_stop_a_run(tmp_path, csv_text):
    table = {"x": [f"{n % 300}.5" for n in range(1200)], "label": ["ab"[n // 300 % 2] for n in range(1200)]}
    draft = draft_for_rows("mine", look(tmp_path, csv_text(table), "label"))
    assert has(draft.warnings, "1,200 of 1,200 records (100.0%) conflict", "more than 50.0%", "the run stops")
    assert draft.settings == ("gate.max_conflicts=0.55",)


def test_few_different_rows_are_told(tmp_path, csv_text):
    table = {"x": [f"{n % 40}.5" for n in range(1200)], "label": ["a" if n % 40 < 20 else "b" for n in range(1200)]}
    assert has(draft_for_rows("mine", look(tmp_path, csv_text(table), "label")).warnings, "only 40 different rows")


def test_a_class_that_cannot_be_in_each_split_is_told(tmp_path, csv_text):
    labels = ["a", "b"] * 200 + ["c", "c"]
    table = {"x": [f"{n / 7:.4f}" for n in range(402)], "label": labels}
    draft = draft_for_rows("mine", look(tmp_path, csv_text(table), "label"))
    assert has(draft.warnings, "A class without rows in train, eval or test stops the run")
    assert draft.settings == ("gate.fail_on_missing_class=false",)


def test_rows_are_named_by_their_key(found):
    assert draft_for_rows("mine", found).config.data.id == ("row id",)


def test_without_a_key_rows_are_named_by_their_line_unless_there_are_very_many(found):
    without = replace(found, columns=tuple(column for column in found.columns if column.name != "row id"))
    data = draft_for_rows("mine", without).config.data
    assert (data.id, data.keep_places) == ((), True)  # `code` is a text, which may be as long as a letter
    many = draft_for_rows("mine", replace(without, rows=200_000)).config.data
    assert (many.id, many.keep_places) == ((), False)


def test_what_is_passed_over_is_said(found):
    warnings = draft_for_rows("mine", replace(found, passed_over=("SOURCE.txt",))).warnings
    assert has(warnings, "Not read", "SOURCE.txt")
    assert not has(draft_for_rows("mine", found).warnings, "Not read")


def test_a_few_cells_that_are_too_long_for_a_name_are_said_with_their_lines(tmp_path, csv_text):
    towns = [["Rome", "Oslo"][n % 3 // 2] for n in range(300)]
    towns[7] = towns[207] = "x" * 10_000
    table = {"town": towns, "x": [f"{n % 50}.5" for n in range(300)], "label": ["a", "b"] * 150}
    warnings = draft_for_rows("mine", look(tmp_path, csv_text(table), "label")).warnings
    assert has(warnings, "2 cells of the column 'town', of 300", "10,000 bytes", "line 9; ", "line 209. A quote")
    letters = {**table, "town": [f"a word and {n} others {'x' * (300 * (n < 3))}" for n in range(300)]}
    assert not has(draft_for_rows("mine", look(tmp_path, csv_text(letters), "label")).warnings, "too long")
