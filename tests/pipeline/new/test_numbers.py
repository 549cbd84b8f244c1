"""A label that is a number to predict: what `new` takes for one, and what it writes."""

import numpy as np
import pytest
from looked_at import look

from components.arrow import pa, parquet
from components.csv_example_gen.config import RowSplit
from components.data_gate.config import GateRules
from components.errors import TransferlineError
from components.evaluator.config import Threshold
from pipeline.config import MLP, Category, Number, Trees
from pipeline.new.number_label import least_r2
from pipeline.new.row_pipeline import draft_for_rows
from pipeline.profile.rows import look_at_rows

ROWS = 1200


def table(label, rows=ROWS):
    rng = np.random.default_rng(0)
    x = rng.normal(size=rows)
    return {
        "x": [f"{value:.5f}" for value in x],
        "town": rng.choice(["Rome", "Bonn", "Oslo"], rows).tolist(),
        "price": [f"{value:.4f}" for value in label(x, rng)],
    }


def normal(x, rng):
    return 100 + 10 * x + rng.normal(0, 10, len(x))


def skewed(x, rng):
    return np.exp(3 + x + rng.normal(0, 0.5, len(x)))


@pytest.fixture
def drafted(tmp_path, csv_text):
    def draft(columns, label="price", **options):
        return draft_for_rows("mine", look(tmp_path, csv_text(columns), label, **options))

    return draft


def has(warnings, *words):
    return any(all(word in warning for word in words) for warning in warnings)


def test_the_file_that_is_written(drafted, written):
    draft = drafted(table(normal))
    text, config = written(draft)
    assert config == draft.config
    assert (config.task, config.data.classes) == ("regression", ())
    assert config.gate == GateRules(max_unseen=0.2, max_missing_rise=0.2)
    assert config.data.split == RowSplit(by="hash", train=0.6, eval=0.2, test=0.2, key=("x", "town"))
    assert config.transform.features == {"x": Number(), "town": Category()}
    assert [type(model) for model in config.trainer.models.values()] == [Trees, MLP, MLP]
    assert config.trainer.label_scale == "standard"
    assert config.evaluation.better_than_guessing
    assert config.evaluation.slices == ("x_quartile", "town")
    rmse, r2 = config.evaluation.thresholds
    assert r2 == Threshold(metric="r2", at_least=0, max_drop=0.05)
    deviation = np.std([float(price) for price in table(normal)["price"]])
    assert rmse.metric == "rmse"
    assert rmse.at_most == pytest.approx(deviation * (1 - least_r2(240)) ** 0.5, rel=0.005)
    for absent in ("operating_point", "calibrate", "stratify", "count_conflicts", "classes"):
        assert f"{absent}=" not in text
    assert "To predict: price, from " in draft.data
    assert "Always predicting the mean has a root mean squared error (RMSE) of about " in " ".join(text.split())
    assert draft.warnings == ()


def test_a_skewed_label_is_learned_by_its_logarithm_and_that_is_said(drafted, written):
    draft = drafted(table(skewed))
    _, config = written(draft)
    assert config.trainer.label_scale == "log"
    assert has(draft.warnings, "The label is skewed", "its logarithm is learned", 'trainer.label_scale="standard"')


def test_a_skewed_label_that_has_no_logarithm_is_learned_as_it_is(drafted):
    draft = drafted(table(lambda x, rng: skewed(x, rng) - 1))
    assert draft.config.trainer.label_scale == "standard"
    assert has(draft.warnings, "The label is skewed", "not all labels are above 0")


@pytest.mark.parametrize(
    ("labels", "task"),
    [
        ([str(n % 50) for n in range(ROWS)], "classification"),
        ([str(n % 51) for n in range(ROWS)], "regression"),
        ([f"{n % 20}.5" for n in range(ROWS)], "classification"),
        ([f"{n % 21}.5" for n in range(ROWS)], "regression"),
    ],
)
def test_few_numbers_are_classes_and_how_to_change_that_is_said(drafted, labels, task):
    draft = drafted(table(normal) | {"price": labels})
    assert draft.config.task == task
    assert has(draft.warnings, "each of which is taken for a class", "--task regression") == (task == "classification")
    assert drafted(table(normal) | {"price": labels}, task="regression").config.task == "regression"


def test_two_numbers_are_classes_without_a_word(drafted):
    draft = drafted(table(normal) | {"price": [str(n % 2) for n in range(ROWS)]})
    assert draft.config.task == "classification"
    assert not has(draft.warnings, "--task")


def test_classes_of_a_number_can_be_asked_for(drafted):
    columns = table(normal) | {"price": [str(n % 60) for n in range(ROWS)]}
    assert len(drafted(columns, task="classification").config.data.classes) == 0  # more than are listed
    assert drafted(columns, task="classification").config.task == "classification"


def test_a_label_that_is_the_same_in_every_row(drafted):
    with pytest.raises(TransferlineError, match="The label price is 7 in every row: there is nothing to learn"):
        drafted(table(normal) | {"price": ["7"] * ROWS}, task="regression")


def test_the_labels_logarithm_is_a_copy_of_it_and_a_column_that_goes_with_it_is_told(drafted):
    columns = table(skewed)
    prices = np.array(columns["price"], float)
    near = np.log(prices) + np.random.default_rng(1).normal(0, 0.05, ROWS)
    columns |= {"log": [f"{value:.6f}" for value in np.log(prices)], "near": [f"{value:.6f}" for value in near]}
    draft = drafted(columns)
    assert set(draft.config.transform.features) == {"x", "town", "near"}
    assert has(draft.warnings, "'log'", "as if it were a copy of it", "left out")
    assert has(draft.warnings, "'near'", "tells the number nearly without fault")


def test_whole_numbers_of_parquet(tmp_path):
    rng = np.random.default_rng(0)
    x = rng.normal(size=ROWS)
    rows = pa.table({"x": x, "riders": np.round(100 + 20 * x).astype(int)})
    parquet.write_table(rows, tmp_path / "rows.parquet")
    found = look_at_rows(str(tmp_path / "rows.parquet"), "riders")
    assert (found.layout.task, found.classes, found.number.count) == ("regression", {}, ROWS)
    assert found.number.mean == pytest.approx(np.round(100 + 20 * x).mean())
    assert draft_for_rows("mine", found).config.task == "regression"


def test_labels_that_are_no_numbers_are_told(drafted):
    columns = table(normal)
    columns["price"][7] = ""
    draft = drafted(columns)
    assert has(draft.warnings, "1 of 1,200 rows can't be used", "label price is missing")


def test_a_small_test_says_what_it_can_tell(drafted):
    assert has(drafted(table(normal, 200)).warnings, "about 40 rows", "isn't known where its R2 is below 0.38")


def test_files_named_by_split(tmp_path, csv_text, written):
    for split in ("train", "test"):
        (tmp_path / f"{split}.csv").write_text(csv_text(table(normal, 600)))
    _, config = written(draft_for_rows("mine", look_at_rows(str(tmp_path), "price")))
    assert config.data.split == RowSplit(by="file", key=("x", "town"))


def with_commas(columns, separator=";"):
    cells = [[text.replace(".", ",") for text in column] for column in columns.values()]
    return "".join(f"{separator.join(row)}\n" for row in [list(columns), *zip(*cells, strict=True)])


def test_a_table_of_decimal_commas_is_of_numbers(tmp_path, written):
    columns = table(normal) | {"rooms": [str(n % 7) for n in range(ROWS)]}
    columns["x"][3] = "NA"
    found = look(tmp_path, with_commas(columns), "price")
    text, config = written(draft_for_rows("mine", found))
    assert (config.data.decimal, config.data.delimiter, config.task) == (",", ";", "regression")
    assert "Most numbers with a fraction have a comma before it." in text
    assert set(config.transform.features) == {"x", "town", "rooms"}
    assert found.number.mean == pytest.approx(np.mean([float(price) for price in columns["price"]]), rel=1e-6)
    assert found.quarantine.count == 0


def test_where_points_are_more_a_column_of_commas_stays_text(tmp_path):
    columns = table(normal) | {"y": [f"{n},5" for n in range(ROWS)]}
    lines = [";".join(columns), *(";".join(row) for row in zip(*columns.values(), strict=True))]
    found = look(tmp_path, "\n".join(lines), "price")
    assert found.data.decimal == "."
    assert [column.name for column in found.columns if column.decimal_comma] == ["y"]
