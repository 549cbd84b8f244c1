import gzip

import numpy as np
import pytest

from components.arrow import pa, parquet
from components.csv_example_gen.config import RowSplit
from components.errors import TransferlineError
from pipeline.new.row_pipeline import draft_for_rows
from pipeline.profile.rows import look_at_rows

ROWS = 2500


def columns(rows=ROWS, seed=0):
    """A table in which x and y tell the class, and the other columns are as tables have them."""
    rng = np.random.default_rng(seed)
    x, y = rng.normal(size=(2, rows))
    label = np.where(x + y + rng.normal(size=rows) > 0, "yes", "no")
    return {
        "x": [f"{value:.4f}" for value in x],
        "my y": [f"{value:.4f}" if n % 10 else "NA" for n, value in enumerate(y)],
        "row id": [str(n) for n in range(rows)],
        "customer_id": [str(1000 + n // 4) for n in range(rows)],
        "code": [f"k{n}" for n in range(rows)],
        "always": ["7"] * rows,
        "never": [""] * rows,
        "town": [("Köln", "Bonn", "Rom")[n % 3] for n in range(rows)],
        "day": [f"2021-03-{1 + n % 28:02d}" for n in range(rows)],
        "price": [f"{n % 97},{n % 89:02d}" for n in range(rows)],
        "answer": ["1" if each == "yes" else "0" for each in label],
        "label": label.tolist(),
    }


def csv_text(table, delimiter=";", header=True):
    lines = [delimiter.join(table)] if header else []
    return "\n".join([*lines, *(delimiter.join(row) for row in zip(*table.values(), strict=True))]) + "\n"


def look(tmp_path, content, label, name="rows.csv", **options):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return look_at_rows(str(path), label, **options)


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    return look(tmp_path_factory.mktemp("rows"), csv_text(columns()), "label")


def has(warnings, *words):
    return any(all(word in warning for word in words) for warning in warnings)


def test_the_role_of_each_column(found):
    assert {column.name: column.role for column in found.columns} == {
        "x": "feature",
        "my y": "feature",
        "row id": "key",
        "customer_id": "group",
        "code": "key",
        "always": "constant",
        "never": "empty",
        "town": "text",
        "day": "date",
        "price": "text",
        "answer": "label's copy",
    }


def test_how_it_is_read(found):
    assert found.data.delimiter == ";"
    assert set(found.data.missing) == {"", "NA"}
    assert (found.rows, found.read, found.all_read, found.fault_count) == (ROWS, ROWS, True, 0)
    assert set(found.classes) == {"no", "yes"}
    assert sum(found.classes.values()) == ROWS


def test_the_file_that_is_written(found, written):
    draft = draft_for_rows("mine", found)
    text, config = written(draft)
    assert config == draft.config
    assert config.transform.features == ("x", "my y")
    assert config.data.classes == ("no", "yes")
    assert config.data.split == RowSplit(by="hash", key=("customer_id",))
    assert config.evaluation.slices == ("label", "x_quartile", "my_y_quartile", "town")
    assert {threshold.metric for threshold in config.evaluation.thresholds} == {"accuracy", "auc"}
    assert len(config.trainer.models) > 1
    assert "2,500 rows" in text


def test_what_is_wrong_is_said(found):
    warnings = draft_for_rows("mine", found).warnings
    for name in ("row id", "customer_id", "code", "always", "never", "answer"):
        assert has(warnings, f"column '{name}'", "left out")
    assert has(warnings, "'my y'", "no value in 10%", "mean")
    assert has(warnings, "'town'", "not a feature yet")
    assert has(warnings, "'day'", "dates")
    assert has(warnings, "'price'", "decimal comma")
    assert not has(warnings, "'x'")


def test_good_rows_have_no_warnings(tmp_path):
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


def test_parquet(tmp_path, written):
    rng = np.random.default_rng(1)
    x = rng.normal(size=ROWS)
    table = pa.table({"x": x, "flag": x + rng.normal(size=ROWS) > 0, "kind": pa.array(["u", "v"] * (ROWS // 2))})
    parquet.write_table(table, tmp_path / "rows.parquet", row_group_size=500)
    found = look_at_rows(str(tmp_path / "rows.parquet"), "flag")
    assert (found.rows, found.read, set(found.classes)) == (ROWS, ROWS, {"0", "1"})
    _, config = written(draft_for_rows("mine", found))
    assert config.transform.features == ("x",)
    assert config.evaluation.slices == ("label", "x_quartile", "kind")


def test_a_large_file_is_looked_at_from_all_over(tmp_path, monkeypatch):
    monkeypatch.setattr("pipeline.profile.rows.SAMPLE_BYTES", 20_000)
    lines = ["x,label", *(f"{n / 7:.4f},{'early' if n < 5000 else 'late'}" for n in range(10_000))]
    for content, name in (("\n".join(lines).encode(), "a.csv"), (gzip.compress("\n".join(lines).encode()), "b.csv.gz")):
        found = look(tmp_path, content, "label", name=name)
        assert found.read < 10_000
        assert found.rows == pytest.approx(10_000, rel=0.2)
        assert not found.all_read
    found = look(tmp_path, "\n".join(lines), "label")
    assert set(found.classes) == {"early", "late"}
    assert has(draft_for_rows("mine", found).warnings, "rows were read to know this")


def test_files_named_by_split(tmp_path, written):
    for split, seed in (("train", 0), ("validation", 1), ("test", 2)):
        table = {name: values for name, values in columns(600, seed).items() if name in ("x", "label")}
        (tmp_path / f"{split}.csv").write_text(csv_text(table))
    found = look_at_rows(str(tmp_path), "label")
    assert (found.rows, found.splits) == (1800, {"train", "eval", "test"})
    _, config = written(draft_for_rows("mine", found))
    assert config.data.split.by == "file"


def test_files_with_their_columns_in_different_orders(tmp_path):
    lines = [f"{n / 7:.3f},{n % 13}.5,{'ab'[n % 2]}" for n in range(100)]
    (tmp_path / "1.csv").write_text("x,y,label\n" + "\n".join(lines))
    (tmp_path / "2.csv").write_text("label,x,y\n" + "\n".join(f"{line[-1]},{line[:-2]}" for line in lines))
    found = look_at_rows(str(tmp_path), "label")
    assert (found.read, found.fault_count, found.classes) == (200, 0, {"a": 100, "b": 100})
    assert {column.name: column.distinct for column in found.columns} == {"x": 100, "y": 13}


def test_text_that_comes_late_in_a_column_of_numbers(tmp_path):
    cells = ["1.5"] * 1500 + ["low"] * 1500
    text = csv_text({"x": cells, "y": ["0.5", "0.25"] * 1500, "label": ["a", "b", "b"] * 1000})
    assert look(tmp_path, text, "label").data.types == {"x": "string"}


def test_cells_with_line_breaks(tmp_path):
    lines = [f'{n},"a\nb",{n % 2}' for n in range(300)]
    found = look(tmp_path, "x,note,label\n" + "\n".join(lines) + "\n", "label")
    assert found.data.newlines_in_values
    assert (found.read, found.fault_count) == (300, 0)


def test_rows_that_cannot_be_used(tmp_path):
    lines = [f"{n / 7:.3f},{'ab'[n % 2]}" + ",x" * (n % 10 == 0) for n in range(400)]
    found = look(tmp_path, "x,label\n" + "\n".join(lines), "label")
    assert found.fault_count == 40
    assert has(draft_for_rows("mine", found).warnings, "40 of 400 rows", "5% stop the run", "3 cells instead of 2")


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
        ([f"{n}.5" for n in range(200)], "only classes can be told"),
        ([f"name {n}" for n in range(200)], "too many for classes"),
    ],
)
def test_a_label_that_tells_no_classes(tmp_path, labels, message):
    text = csv_text({"x": [f"{n % 7}.5" for n in range(200)], "label": labels})
    with pytest.raises(TransferlineError, match=message):
        draft_for_rows("mine", look(tmp_path, text, "label"))


def test_nothing_to_learn_from(tmp_path):
    text = csv_text({"town": ["Rom", "Bonn", "Bonn"] * 20, "label": ["a", "b"] * 30})
    with pytest.raises(TransferlineError, match="no column of numbers"):
        draft_for_rows("mine", look(tmp_path, text, "label"))


def test_classes_that_are_rare_or_unbalanced(tmp_path):
    rng = np.random.default_rng(0)
    labels = ["fraud"] * 5 + ["fine"] * 995
    text = csv_text({"x": [f"{value:.5f}" for value in rng.normal(size=1000)], "label": labels})
    draft = draft_for_rows("mine", look(tmp_path, text, "label"))
    assert has(draft.warnings, "few rows of a class: fraud 5")
    assert has(draft.warnings, "unbalanced", "'fine' is 199 times")
    accuracy = draft.config.evaluation.thresholds[0]
    assert (accuracy.metric, accuracy.at_least) == ("accuracy", 0.97)


def test_a_column_that_nearly_tells_the_label(tmp_path):
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 2, 1000)
    x = labels + rng.normal(size=1000) / 10
    text = csv_text({"x": [f"{value:.5f}" for value in x], "label": [str(label) for label in labels]})
    assert has(draft_for_rows("mine", look(tmp_path, text, "label")).warnings, "'x'", "nearly without fault")
