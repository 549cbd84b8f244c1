import pytest
from small_models import save_row_model

from pipeline import catalog


@pytest.fixture
def rows(transferline, tmp_path):
    save_row_model(transferline.home("higgs_toy") / "pushed" / "7", ("0", "1"), ("m_bb", "m_jj"))

    def write(content):
        (tmp_path / "rows.csv").write_text("class_label,m_bb,m_jj\n" + content)
        return tmp_path / "rows.csv"

    return write


def test_metrics_as_a_table_and_as_json_and_nothing_is_recorded(transferline, rows):
    path = rows("1,3,0\n0,1,0\n0,-1,0\n7,1,1\n")
    found = transferline.json("evaluate", "higgs_toy", path)
    assert (found["evaluated"], found["quarantined"], found["accuracy"]) == (3, 1, pytest.approx(2 / 3))
    shown = transferline("evaluate", "higgs_toy", path)
    lines = [line.split() for line in shown.splitlines()]
    assert ["3", "evaluated,", "1", "quarantined"] in lines
    assert next(line[:2] for line in lines if line[0] == "accuracy") == ["accuracy", "0.6667"]
    assert ["auc", "1.0000"] in lines
    assert ["1", "1", "2", "0.5000", "1.0000"] in lines
    assert [path.name for path in transferline.home("higgs_toy").iterdir()] == ["pushed"]


def test_nothing_that_can_be_evaluated_ends_with_status_1(transferline, rows):
    assert "0 evaluated, 1 quarantined" in transferline("evaluate", "higgs_toy", rows("7,1,1\n"), status=1)


WEIGHTED = """
from pipeline.config import CsvData, Evaluation, RowPipeline, Threshold

CONFIG = RowPipeline(
    name="weighted",
    data=CsvData(label="class_label", weight="w"),
    evaluation=Evaluation(thresholds=(Threshold(metric="accuracy", at_least=0.5),)),
)
"""


def test_rows_with_weights_count_by_them_which_is_said(transferline, tmp_path):
    (tmp_path / "weighted.py").write_text(WEIGHTED)
    save_row_model(transferline.home("weighted") / "pushed" / "7", ("0", "1"), ("m_bb", "m_jj"))
    (tmp_path / "rows.csv").write_text("class_label,m_bb,m_jj,w\n1,3,0,2.5\n0,1,0,0.5\n0,-1,0,0\n")
    shown = transferline("evaluate", tmp_path / "weighted.py", tmp_path / "rows.csv")
    assert "3 evaluated, 0 quarantined\nweight        3 of all that were evaluated" in shown
    assert "accuracy      0.8333" in shown
    (tmp_path / "rows.csv").write_text("class_label,m_bb,m_jj,w\n1,3,0,0\n")
    assert "1 evaluated, 0 quarantined\nweight        0 of" in transferline(
        "evaluate", tmp_path / "weighted.py", tmp_path / "rows.csv"
    )


def test_rows_are_read_as_the_models_run_read_its_own_unless_it_is_set(transferline, rows):
    path = rows("1,3,2\n0,1,2\n0,-1,2\n")
    assert "3 evaluated, 0 quarantined" in transferline("evaluate", "higgs_toy", path)
    data = catalog.load("higgs_toy").data.model_copy(update={"missing": ("", "0")})
    pushed = transferline.home("higgs_toy") / "pushed" / "7"
    transferline.save("higgs_toy", "r1", model_uri=str(pushed), config={"data": data.model_dump(mode="json")})
    assert "1 evaluated, 2 quarantined" in transferline("evaluate", "higgs_toy", path)
    assert "3 evaluated, 0 quarantined" in transferline("evaluate", "higgs_toy", path, "--set", 'data.missing=[""]')
