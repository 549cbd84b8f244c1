import json
import os
import subprocess
import sys

import pytest
from PIL import Image

from components.trainer.transfer_learning.bases import BASES
from components.trainer.transfer_learning.weights_cache import store
from pipeline.config.sources import HiggsToy
from pipeline.data.sources import write_to

HEAVY = {"tensorflow", "tfx", "apache_beam", "ml_metadata", "tf_keras", "tensorflow_model_analysis"}


@pytest.fixture(autouse=True)
def _weights_are_here(tmp_path, monkeypatch):
    monkeypatch.setenv("TRANSFERLINE_CACHE", str(tmp_path / "cache"))
    for base in (BASES["MobileNetV2"], BASES["EfficientNetV2B0"]):
        for size in base.weights.sizes:
            store(base.weights.name(size), lambda path: path.write_bytes(b"weights"))


@pytest.fixture
def photos(tmp_path):
    for name in ("cat", "dog"):
        (tmp_path / "photos" / name).mkdir(parents=True)
        for number in range(12):
            Image.new("RGB", (8, 8), (number, ord(name[0]), 0)).save(tmp_path / "photos" / name / f"{number}.png")
    return tmp_path / "photos"


def levels(findings):
    return {(finding["subject"], finding["level"]) for finding in findings}


def test_photos_that_are_well(transferline, photos):
    findings = transferline.json("check", "photos", "--data-dir", photos)
    assert {("settings", "ok"), ("data", "ok"), ("classes", "ok"), ("thresholds", "ok"), ("disk", "ok")} <= levels(
        findings
    )


def test_a_fault_ends_with_status_1_and_its_cure(transferline, photos):
    shown = transferline("check", "photos", "--data-dir", photos / "cat", status=1)
    assert "✗" in shown
    assert "→ A classifier needs photos of two or more classes" in " ".join(shown.split())
    assert "\x1b" not in shown


def test_all_faults_of_the_settings_are_told(transferline):
    (finding,) = transferline.json(
        "check", "digits", "--set", "trainer.dropuot=1", "--set", "data.split.by=no", status=1
    )
    assert "did you mean 'trainer.dropout'" in finding["text"]
    assert "data.split.by" in finding["text"]


def test_a_user_whom_the_system_does_not_know_lives_at_the_root_and_so_does_the_tilde():
    without = {key: value for key, value in os.environ.items() if key not in ("HOME", "XDG_CACHE_HOME")}
    check = ["unshare", "--user", "--map-user=12345", sys.executable, "-m", "pipeline", "check", "digits", "--json"]
    done = subprocess.run([*check, "--output-dir", "~/out"], env=without, stdout=subprocess.PIPE, text=True, check=True)
    (disk,) = (finding["text"] for finding in json.loads(done.stdout) if finding["subject"] == "disk")
    assert disk.endswith(" free at /out")


def test_remote_data_is_said_not_to_be_looked_at(transferline):
    findings = transferline.json("check", "photos", "--data-dir", "gs://bucket/photos")
    assert ("data", "warning") in levels(findings)


def test_data_that_is_not_here_yet(transferline):
    assert ("data", "warning") in levels(transferline.json("check", "flowers"))
    assert ("data", "ok") in levels(transferline.json("check", "digits"))


def test_no_data_is_a_fault(transferline, monkeypatch):
    monkeypatch.delenv("TRANSFERLINE_DATA_DIR", raising=False)
    assert ("data", "fault") in levels(transferline.json("check", "photos", status=1))


def test_neither_tfx_nor_tensorflow_is_imported(photos, tmp_path):
    write_to(HiggsToy(rows=3000), tmp_path / "rows.csv")
    for name, data in (("photos", photos), ("higgs_toy", tmp_path / "rows.csv")):
        command = ["-m", "pipeline", "check", name, "--data-dir", str(data), "--output-dir", str(tmp_path)]
        done = subprocess.run(
            [sys.executable, "-X", "importtime", *command], capture_output=True, text=True, check=False
        )
        assert "classes" in done.stdout
        imported = {line.rpartition("|")[2].strip().partition(".")[0] for line in done.stderr.splitlines()}
        assert "pydantic" in imported
        assert not imported & HEAVY
