import old_home
import pytest

from pipeline import catalog
from pipeline.config.overrides import apply_overrides
from pipeline.runs.record import RunStore


@pytest.fixture
def old_pipeline(tmp_path):
    """The pipeline of the old home, which has been unpacked."""
    old_home.unpack(tmp_path / "out", tmp_path / "cache")
    return apply_overrides(catalog.load(old_home.NAME), [f"output_dir={tmp_path / 'out'}", *old_home.SETTINGS])


@pytest.fixture
def old_runs(old_pipeline):
    """Records of the old home, the newest first."""
    return RunStore(old_pipeline.home).runs()
