import pytest

from pipeline import catalog
from pipeline.checks.finding import has_fault
from pipeline.checks.here import check_here
from pipeline.config.overrides import apply_overrides

DATAFLOW = [
    "beam.engine=dataflow",
    "beam.project=pets",
    "beam.region=r",
    "beam.temp_location=gs://pets/t",
    "beam.image=i",
]


@pytest.mark.parametrize("settings", [["output_dir=gs://bucket/runs"], DATAFLOW])
def test_what_a_run_refuses_is_a_fault(settings):
    assert has_fault(check_here(apply_overrides(catalog.load("digits"), settings)))


def test_a_run_on_this_machine_is_none():
    assert list(check_here(catalog.load("digits"))) == []


def test_a_file_that_would_hide_a_library_is_warned_of(tmp_path):
    digits = apply_overrides(catalog.load("digits"), [f"output_dir={tmp_path}"])
    (finding,) = check_here(digits.read_from(tmp_path / "numpy.py"))
    assert (finding.level, "my_numpy.py" in finding.cure) == ("warning", True)
    assert list(check_here(digits.read_from(tmp_path / "pets.py"))) == []
