"""The Beam steps where two worker processes share each stage, as on Flink and Spark, beside the local engine.

`make engines-test` has more of it: three workers, every step of photos, killed workers, another engine.
"""

import pytest
from conftest import write_photos
from engines import check_close, evaluate, run_until, serving

from pipeline import catalog
from pipeline.config.overrides import apply_overrides
from pipeline.config.sources import HiggsToy
from pipeline.data.sources import write_to

WORKERS = 2
ROWS, BAD_ROWS, FILES = 600, 3, 4
PHOTOS_OF_A_CLASS, CLASSES = 52, 5  # a worker takes 256 at a time


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    with serving(tmp_path_factory.mktemp("workers") / "engine", WORKERS) as engine:
        yield engine


@pytest.fixture(scope="module")
def rows(tmp_path_factory, engine):
    """What became of rows in several files, three of which can't be read: here, and in two workers."""
    folder = tmp_path_factory.mktemp("rows")
    write_to(HiggsToy(rows=ROWS), folder / "rows.csv")
    lines = (folder / "rows.csv").read_text().splitlines()
    (folder / "data").mkdir()
    for number in range(FILES):
        bad = ["a bad row"] * (BAD_ROWS if number == 1 else 0)
        (folder / "data" / f"{number}.csv").write_text("\n".join([*lines[number::FILES], *bad, ""]))
    settings = [
        f"data.path={folder}/data",
        "data.split.eval_rows=150",
        "data.split.test_rows=150",
        "gate.max_quarantined=0.1",
        'trainer.models={"tiny": {"widths": [4]}}',
        "trainer.max_epochs=1",
    ]
    config = apply_overrides(catalog.load("higgs_toy"), settings)
    there_config = apply_overrides(config, [*engine.settings, f"output_dir={folder}/there"])
    here = run_until("Trainer", apply_overrides(config, [f"output_dir={folder}/here"]))
    there = run_until("Transform", there_config)
    return (config, here), (there_config, there)


@pytest.fixture(scope="module")
def photos(tmp_path_factory, engine):
    """What became of photos, one of which can't be read: here, and in two workers."""
    folder = tmp_path_factory.mktemp("photos")
    write_photos(folder / "data", PHOTOS_OF_A_CLASS, size=24)
    (folder / "data" / "blue" / "broken.png").write_bytes(b"no photo")
    config = apply_overrides(catalog.load("photos"), [f"data.path={folder}/data"])
    here = run_until("StatisticsGen", apply_overrides(config, [f"output_dir={folder}/here"]))
    there = run_until("StatisticsGen", apply_overrides(config, [*engine.settings, f"output_dir={folder}/there"]))
    return here, there


def test_rows_are_the_same_records_and_the_same_report(rows):
    (_, here), (_, there) = rows
    assert there.ingested("CsvExampleGen") == here.ingested("CsvExampleGen")
    report = there.report("CsvExampleGen")
    assert (report.found, report.quarantined, report.unused) == (ROWS + BAD_ROWS, BAD_ROWS, 0)


def test_photos_are_the_same_records_and_the_same_report(photos):
    here, there = photos
    assert there.ingested("ImageExampleGen") == here.ingested("ImageExampleGen")
    report = there.report("ImageExampleGen")
    assert (report.found, report.quarantined) == (PHOTOS_OF_A_CLASS * CLASSES + 1, 1)


def test_the_statistics_are_the_same(rows, photos):
    for here, there in ((rows[0][1], rows[1][1]), photos):
        check_close(there.statistics(), here.statistics())
        assert here.statistics()["test", "examples"] > 0


def test_the_transform_graph_is_the_same(rows):
    (_, here), (_, there) = rows
    examples = here.records("CsvExampleGen", "test")
    check_close(there.transformed(examples), here.transformed(examples))
    assert there.transformed(examples)["classes"].tolist() == ["0", "1"]


def test_the_evaluation_is_the_same(rows, tmp_path):
    (_, here), _ = rows
    model, results = here.of("Trainer", "model"), []
    for number, (config, made) in enumerate(rows):
        results.append(evaluate(config, made.of("CsvExampleGen", "examples"), model, tmp_path / str(number)))
    assert len({key for key, _ in results[0]}) > 1
    check_close(results[1], results[0])


def test_every_worker_has_done_its_share_of_every_step(rows, photos, engine):
    steps = {"ReadRanges", "WritePhotos", "OfFile", "ReadBatches"}
    assert {step for step in steps if len(engine.worked(step)) == WORKERS} == steps
