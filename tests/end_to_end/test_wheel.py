"""Transferline as a wheel beside the Kubeflow SDK: from photos to a pushed model and a compiled pipeline.

No file is edited. The libraries are the locked environment's, so that nothing is resolved anew.
"""

import json
import re
import shutil
import subprocess
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path

import pytest
from conftest import ROOT, Home, write_photos

SDK = "kubeflow==0.5.0"
PACKAGED = ("transferline", "pipeline", "components", "schemas")
FILES = ("setup.py", "pyproject.toml", "MANIFEST.in", "LICENSE", "README.md", "requirements.in", "requirements-dev.in")
SMALL = (
    "--set=transform.image_size=64",
    "--set=trainer.weights=None",
    "--set=trainer.feature_extraction.epochs=1",
    "--set=trainer.fine_tuning.epochs=1",
    '--set=evaluation.thresholds=[{"metric": "accuracy", "at_least": 0}]',
    "--set=evaluation.better_than_guessing=false",
)
ON_CLUSTER = ("--image", "registry.example.com/transferline:1", "--root", "gs://bucket/transferline")


@dataclass(frozen=True)
class Installed:
    """An environment that has the wheel, and an empty folder to work in.

    Attributes:
        environment: Its folder.
        folder: Where commands are given.
        home: The home of who gives them.
    """

    environment: Path
    folder: Path
    home: Home

    def python(self, *arguments):
        return self.home.command(self.environment / "bin" / "python", *arguments, cwd=self.folder)

    def transferline(self, *arguments):
        command = [str(self.environment / "bin" / "transferline"), *map(str, arguments)]
        done = self.home.command(*command, cwd=self.folder)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    base = tmp_path_factory.mktemp("wheel")
    for name in PACKAGED:  # setuptools builds in the source's own folder
        shutil.copytree(ROOT / name, base / "source" / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in FILES:
        shutil.copy(ROOT / name, base / "source")
    environment = base / "environment"
    pip("wheel", "--no-deps", "--no-index", "--no-build-isolation", "--wheel-dir", base, base / "source")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", environment], check=True)
    (wheel,) = base.glob("transferline-*.whl")
    pip("--python", environment / "bin" / "python", "install", "--no-deps", "--no-index", wheel)
    install_sdk(environment)
    libraries = sysconfig.get_path("purelib")
    # A line of a path: what is installed editable there has a .pth of its own, which isn't read.
    (site_packages(environment) / "libraries.pth").write_text(f"{libraries}\n")
    (base / "folder").mkdir()
    return Installed(environment, base / "folder", Home(base / "home", source=""))


def pip(*arguments):
    command = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", *map(str, arguments)]
    subprocess.run(command, check=True, capture_output=True, text=True)


def site_packages(environment):
    (folder,) = environment.glob("lib/python3*/site-packages")
    return folder


def install_sdk(environment):
    """Installs the SDK without its dependencies, which contradict TFX's; without an index, a package of its name."""
    python = environment / "bin" / "python"
    try:
        pip("--python", python, "install", "--no-deps", "--retries", "1", "--timeout", "10", SDK)
    except subprocess.CalledProcessError:
        stand_in = site_packages(environment) / "kubeflow"
        stand_in.mkdir()
        (stand_in / "__init__.py").write_text("")


@pytest.fixture(scope="module")
def pushed(installed):
    """The output of `new`, `check` and `run`."""
    write_photos(installed.folder / "photos", 24)
    new = installed.transferline("new", "shapes", "--images", "photos")
    check = installed.transferline("check", "shapes")
    return new, check, installed.transferline("run", "shapes", *SMALL)


def test_what_is_imported_is_the_wheel_and_the_sdk(installed):
    code = (
        "import components, kubeflow, pipeline, transferline, importlib.metadata as m; "
        "modules = (components, kubeflow, pipeline, transferline); "
        "print(*(each.__file__ for each in modules), m.version('transferline'), sep='\\n')"
    )
    done = installed.python("-c", code)
    assert done.returncode == 0, done.stderr
    *files, version = done.stdout.splitlines()
    assert [Path(file).parents[1] for file in files] == [site_packages(installed.environment)] * len(files)
    assert version == re.search(r'version="([^"]+)"', (ROOT / "setup.py").read_text()).group(1)


def test_the_doctor_says_that_a_wheel_has_no_lock_to_compare_with(installed):
    done = installed.home.command(installed.environment / "bin" / "transferline", "doctor", cwd=installed.folder)
    assert "There is no lock here: versions weren't compared." in done.stdout, done.stderr


def test_from_photos_to_a_pushed_model(installed, pushed):
    new, check, ran = pushed
    assert f"Written: {installed.folder}/pipelines/shapes.py\n" in new
    assert new.endswith("Run it:  transferline run shapes\n")
    assert "no faults" in check
    (line,) = [line for line in ran.splitlines() if line.startswith("Model:")]
    model = line.removeprefix("Model:").strip()
    assert Path(model, "saved_model.pb").is_file()
    assert Path(model).is_relative_to(installed.home.path / "transferline" / "shapes")


def test_the_pushed_model_predicts_and_its_report_is_there(installed, pushed):
    (line,) = installed.transferline("predict", "shapes", "photos/red/000.png", "--json").splitlines()
    assert set(json.loads(line)["scores"]) == {"amber", "blue", "green", "pink", "red"}
    report = Path(installed.transferline("report", "shapes").strip()).read_text()
    assert f"<b>catalog file</b> <code>{installed.folder}/pipelines/shapes.py</code>" in report


def test_it_is_compiled_and_needs_nothing_of_this_machine(installed, pushed):
    options = ("--target", "kubeflow", *ON_CLUSTER, "--data-dir", "gs://bucket/photos", "-o", "shapes.yaml")
    installed.transferline("compile", "shapes", *options)
    compiled = (installed.folder / "shapes.yaml").read_text()
    assert "gs://bucket/photos" in compiled
    assert str(installed.folder) not in compiled


def test_the_list_has_what_was_written_and_what_came_along(installed, pushed):
    listed = {each["name"]: each for each in json.loads(installed.transferline("list", "--json"))}
    assert (listed["shapes"]["kind"], listed["shapes"]["status"]) == ("photos", "pushed")
    assert Path(listed["digits"]["file"]).is_relative_to(site_packages(installed.environment))


def test_nothing_was_written_beside_the_pipelines_file(installed, pushed):
    assert [path.name for path in (installed.folder / "pipelines").iterdir()] == ["shapes.py"]
