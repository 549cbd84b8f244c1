import os
import subprocess
import sys

import pytest
from PIL import Image
from small_disk import small_disk

from components.trainer.transfer_learning.weights_cache import HUB_NAME, store
from pipeline import catalog
from pipeline.checks.folders import MODELS, check_cache, check_temporary, room_needed
from pipeline.config.overrides import apply_overrides
from pipeline.config.sources import HiggsToy
from pipeline.data.sources import source_path, write_to


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("TRANSFERLINE_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("TRANSFERLINE_DATA_DIR", raising=False)
    return tmp_path / "cache"


def config(name, *settings):
    return apply_overrides(catalog.load(name), settings)


def test_the_cache_is_looked_at_as_long_as_a_run_would_write_to_it(cache, monkeypatch):
    (finding,) = check_cache(config("digits"))
    assert (finding.subject, finding.level) == ("cache", "ok")
    source_path(config("digits").source).mkdir(parents=True)
    assert [each.level for each in check_cache(config("digits"))] == ["ok"]  # there are no weights yet
    store(HUB_NAME, lambda path: path.write_bytes(b"weights"))
    assert list(check_cache(config("digits"))) == []
    assert list(check_cache(config("higgs", "data.path=/rows"))) == []
    monkeypatch.setenv("TRANSFERLINE_DATA_DIR", "/rows")
    assert list(check_cache(config("higgs"))) == []


def test_a_cache_that_cannot_be_written_to_is_a_fault(cache):
    cache.write_text("a file")
    (finding,) = check_cache(config("digits"))
    assert finding.level == "fault"
    assert finding.text.startswith(f"{cache} can't be written to")
    assert finding.cure == "Name another in the variable TRANSFERLINE_CACHE."


def test_a_cache_without_room_is_a_fault(tmp_path, monkeypatch):
    (tmp_path / "disk").mkdir()
    with small_disk(tmp_path / "disk", "size=2m") as disk:
        monkeypatch.setenv("TRANSFERLINE_CACHE", str(disk.path / "cache"))
        (finding,) = check_cache(config("flowers"))
        assert finding.level == "fault"
        assert finding.text.startswith(f"2.1 MB free at {disk.path}/cache, and the first run keeps ")
        assert list(check_cache(config("higgs_toy"))) != []
        (finding,) = check_cache(config("higgs_toy"))
        assert finding.level == "ok"


def test_the_room_that_a_run_needs_goes_by_its_data(tmp_path):
    write_to(HiggsToy(rows=1000), tmp_path / "rows.csv")
    size = os.path.getsize(tmp_path / "rows.csv")
    assert room_needed(config("higgs", f"data.path={tmp_path}/rows.csv")) == MODELS + 2 * size
    for number in range(10):
        (tmp_path / "photos" / "cat").mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (8, 8), (number, 0, 0)).save(tmp_path / "photos" / "cat" / f"{number}.png")
    size = sum(path.stat().st_size for path in (tmp_path / "photos" / "cat").iterdir())
    at = f"data.path={tmp_path}/photos"
    assert room_needed(config("photos", at, "trainer.views=2")) == MODELS + 2 * size + 10 * 2 * 22_000
    assert room_needed(config("photos", at, "trainer.views=fresh")) == MODELS + 2 * size
    assert room_needed(config("photos", "data.path=/nowhere")) == room_needed(config("photos")) == MODELS


def temporary(folder):
    program = "from pipeline.checks.folders import check_temporary as check; print(check().level, check().text)"
    environment = os.environ | {"TMPDIR": str(folder)}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_a_folder_of_temporary_files_that_is_full_or_cannot_be_taken_is_a_warning(tmp_path):
    assert check_temporary().subject == "temporary"
    (tmp_path / "disk").mkdir()
    with small_disk(tmp_path / "disk", "size=1m") as disk:
        assert temporary(disk.path) == f"warning 1.0 MB free at {disk.path}."
        disk.fill()
        assert temporary(disk.path).startswith(f"warning {disk.path} can't be written to: ")
    assert temporary("/nowhere").startswith("warning /nowhere can't be written to: ")
