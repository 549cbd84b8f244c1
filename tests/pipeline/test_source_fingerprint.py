import subprocess
import sys

import pytest

from pipeline import source_fingerprint


@pytest.fixture
def fingerprint(tmp_path):
    """A function that computes the fingerprint of components.trainer in a small copy of the two packages."""
    for package in ("components", "components/trainer", "components/transform", "components/other", "pipeline"):
        (tmp_path / package).mkdir()
        (tmp_path / package / "__init__.py").write_text("")
    (tmp_path / "components/trainer/run_fn.py").write_text("from components.trainer import model\n")
    (tmp_path / "components/trainer/model.py").write_text("import components.transform.images\n")
    (tmp_path / "components/transform/images.py").write_text("SIZE = 1\n")
    (tmp_path / "components/other/unused.py").write_text("SIZE = 1\n")

    def compute():
        code = (
            "import importlib.util, sys; sys.path.insert(0, sys.argv[1])\n"
            "spec = importlib.util.spec_from_file_location('fingerprint', sys.argv[2])\n"
            "module = importlib.util.module_from_spec(spec); spec.loader.exec_module(module)\n"
            "print(module.source_fingerprint('components.trainer.run_fn'))"
        )
        command = [sys.executable, "-c", code, str(tmp_path), source_fingerprint.__file__]
        return subprocess.run(command, capture_output=True, text=True, check=True, cwd=tmp_path).stdout.strip()

    return tmp_path, compute


def test_only_code_that_the_step_imports_changes_its_fingerprint(fingerprint):
    folder, compute = fingerprint
    before = compute()
    assert len(before) == 16

    (folder / "components/other/unused.py").write_text("SIZE = 2\n")
    assert compute() == before

    (folder / "components/transform/images.py").write_text("SIZE = 2\n")
    indirectly_imported = compute()
    assert indirectly_imported != before

    (folder / "components/trainer/__init__.py").write_text("# runs on import\n")
    assert compute() != indirectly_imported
