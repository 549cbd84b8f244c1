"""A Parquet file is read, never run: CVE-2023-47248. `predict` is tried beside its model, in ../prediction."""

import pytest
from hostile_parquet import run_command, write_hostile

from pipeline.config.sources import HiggsToy
from pipeline.data.sources import write_to


@pytest.fixture
def hostile(tmp_path):
    """Returns the path of a hostile file, and of the folder that its program makes."""
    write_hostile(tmp_path / "rows.parquet", tmp_path / "it_ran")
    return tmp_path / "rows.parquet", tmp_path / "it_ran"


@pytest.fixture
def among_others(tmp_path):
    """Returns the path of a folder of CSV files with one hostile file, and of the folder that its program makes."""
    folder = tmp_path / "rows"
    folder.mkdir()
    for name in "abc":
        write_to(HiggsToy(rows=100), folder / f"{name}.csv")
    write_hostile(folder / "rows.parquet", tmp_path / "it_ran")
    return folder, tmp_path / "it_ran"


@pytest.mark.parametrize("where", ["hostile", "among_others"])
def test_new_refuses_it(where, request, tmp_path):
    path, marker = request.getfixturevalue(where)
    out = tmp_path / "mine.py"
    done = run_command("new", "mine", "--csv", path, "--label", "0", "--out", out)
    assert not marker.exists()
    assert done.returncode == 1
    assert not out.exists()
    assert "arrow.py_extension_type" in done.stderr
    assert "place: rows.parquet" in done.stderr
    assert "cure:" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("where", ["hostile", "among_others"])
def test_check_refuses_it(where, request, tmp_path):
    path, marker = request.getfixturevalue(where)
    done = run_command("check", "higgs_toy", "--data-dir", path, "--output-dir", tmp_path / "out", "--json")
    assert not marker.exists()
    assert done.returncode == 1
    assert "arrow.py_extension_type" in done.stdout
    assert "rows.parquet" in done.stdout
    assert "Traceback" not in done.stderr
