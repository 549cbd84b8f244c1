"""Five classes of generated photos: to a pushed model, and what reruns when something changes."""

import inspect
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT, Home, write_photos
from leftovers import plant_everywhere
from small_photo_trainer import small_base

from components.pusher.model_files import SEAL_FILE
from components.pusher.seal import read_seal

SMALL = (
    "--set=transform.image_size=32",
    "--set=trainer.weights=None",
    "--set=trainer.feature_extraction.epochs=1",
    "--set=trainer.fine_tuning.epochs=1",
    "--set=trainer.fine_tuning.from_layer=1",
    "--set=trainer.batch_size=16",
    "--set=data.split.train=0.6",
    "--set=data.split.eval=0.2",
    "--set=data.split.test=0.2",
    "--set=yardstick.enabled=true",
)
ANY_MODEL = '--set=evaluation.thresholds=[{"metric": "accuracy", "at_least": 0}]'
PERFECT_MODEL = '--set=evaluation.thresholds=[{"metric": "accuracy", "at_least": 1.01}]'
PHOTOS = 5 * 24
MODEL = Path("components") / "trainer" / "transfer_learning" / "model.py"


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    folder = tmp_path_factory.mktemp("photos") / "five classes"
    write_photos(folder, PHOTOS // 5)
    return folder


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A home with a copy of the project's code, so that a test can change a line of it.

    Its base is a small one: other tests run the real one, and tracing that takes longer than what these are about.
    """
    base = tmp_path_factory.mktemp("home")
    for package in ("pipeline", "components", "schemas"):
        shutil.copytree(ROOT / package, base / "source" / package)
    with (base / "source" / MODEL).open("a") as file:
        file.write(f"\n\n{inspect.getsource(small_base)}\n\nbuild_base = small_base\n")
    return Home(base, source=base / "source")


def run(home, photos, *settings):
    return home.transferline("run", "photos", "--data-dir", photos, *SMALL, *settings)


def pushed_folder(home):
    return home.path / "transferline" / "photos" / "pushed"


def cached(record):
    return {step["name"]: step["cached"] for step in record["steps"]}


@pytest.fixture(scope="module")
def first_run(home, photos):
    done = run(home, photos, ANY_MODEL, "--verbose")
    return done, home.runs("photos")[0]


def test_five_classes_go_through_the_softmax_path_to_a_pushed_model(first_run):
    done, record = first_run
    assert done.returncode == 0, done.stdout
    assert record["status"] == "pushed"
    assert sum(record["counts"].values()) == PHOTOS
    assert record["metrics"]["example_count"] == record["counts"]["test"]
    assert len(done.stdout.splitlines()) <= 60
    assert done.stderr == ""


def test_each_epoch_has_a_line_and_the_best_one_is_named(first_run):
    lines = first_run[0].stdout.splitlines()
    epochs = [line.split() for line in lines if line.startswith("   epoch ")]
    assert [line[1] for line in epochs] == ["1:", "2:"]
    assert {"loss", "accuracy", "val_loss", "val_accuracy"} <= set(epochs[0])
    (trainer,) = (line for line in lines if line.startswith(" ✓ Trainer "))
    losses = [float(line[line.index("val_loss") + 1].rstrip(",")) for line in epochs]
    best = int(trainer.partition("best epoch ")[2].removesuffix(" of 2"))
    assert losses[best - 1] == min(losses)


def test_the_run_says_where_the_model_stands_beside_a_linear_probe(first_run):
    done, record = first_run
    yardstick, counts = record["yardstick"], record["counts"]
    assert (yardstick["fitted_rows"], yardstick["training_rows"]) == (counts["train"], counts["train"])
    assert (yardstick["test_rows"], yardstick["records"]) == (counts["test"], "photos")
    probe, guessing = yardstick["models"]["linear probe"], yardstick["models"]["guessing"]
    assert probe["accuracy"] > guessing["accuracy"]
    assert probe["auc_macro"] > guessing["auc_macro"] == 0.5
    assert f"On the same {counts['test']} test photos, fitted on {counts['train']} training photos:" in done.stdout
    said = f"accuracy: this model {record['metrics']['accuracy']:.4f}, linear probe {probe['accuracy']:.4f}, guessing "
    assert said in done.stdout
    page = Path(record["report"]).read_text()
    assert 'id="yardstick"' in page
    assert "a linear probe, which is" in page


def test_evaluate_finds_on_the_test_photos_what_the_evaluator_found(first_run, home):
    (examples,) = (home.path / "transferline" / "photos" / "artifacts" / "ImageExampleGen" / "examples").iterdir()
    done = home.here("evaluate", "photos", examples / "Split-test", "--json")
    assert done.returncode == 0, done.stderr
    found, expected = json.loads(done.stdout), first_run[1]["metrics"]
    assert (found["evaluated"], found["quarantined"]) == (expected["example_count"], 0)
    assert found["accuracy"] == pytest.approx(expected["accuracy"], abs=1e-6)
    assert found["crossentropy"] == pytest.approx(expected["crossentropy"], abs=1e-6)


CLIENT = """
import sys
import tensorflow as tf

model = tf.saved_model.load(sys.argv[1])
photos = tf.stack([tf.io.read_file(path) for path in sys.argv[2:]])
answer = model.signatures["image_bytes"](image_bytes=photos)
print(answer["scores"].shape, answer["label"].numpy().tolist(), answer["class_names"][0].numpy().tolist())
"""


def test_the_pushed_model_serves_in_a_clean_process(first_run, photos, tmp_path):
    _, record = first_run
    paths = [str(photos / name / "000.png") for name in ("amber", "red")]
    done = subprocess.run(
        [sys.executable, "-c", CLIENT, record["model_uri"], *paths],
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
        env={"TF_CPP_MIN_LOG_LEVEL": "2"},
    )
    assert done.stdout.startswith("(2, 5) [b'")
    assert "[b'amber', b'blue', b'green', b'pink', b'red']" in done.stdout


def test_predict_takes_photos_and_folders_through_the_pushed_model(first_run, home, photos, tmp_path):
    (tmp_path / "no photo.jpg").write_text("text")
    paths = [photos / "amber", photos / "red" / "000.png", tmp_path / "no photo.jpg"]
    done = home.here("predict", "photos", *paths, "--json")
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert [line["file"] for line in lines] == [
        *(str(photos / "amber" / f"{number:03d}.png") for number in range(PHOTOS // 5)),
        str(photos / "red" / "000.png"),
    ]
    for line in lines:
        assert set(line["scores"]) == {"amber", "blue", "green", "pink", "red"}
        assert line["label"] == max(line["scores"], key=line["scores"].get)
    assert done.stderr.splitlines() == [
        f"{tmp_path}/no photo.jpg: not a photo but text; JPEG, PNG, GIF, BMP and WebP are read",
        f"{len(lines)} predicted, 1 couldn't be",
    ]


def test_predict_without_a_photo_or_a_model_fails(first_run, home, tmp_path):
    done = home.here("predict", "photos", tmp_path / "absent.jpg")
    assert (done.returncode, done.stdout) == (1, "")
    assert "absent.jpg: There is no such file or folder." in done.stderr
    done = home.here("predict", "digits", tmp_path / "absent.jpg")
    assert (done.returncode, done.stdout) == (1, "")
    assert "No model of 'digits' has been pushed yet" in done.stderr


def test_the_inferred_schema_is_kept_for_the_user(first_run, home):
    schema = (home.path / "transferline" / "photos" / "schema.inferred.pbtxt").read_text()
    assert "image_domain" in schema
    assert '"amber"' in schema


# What is changed after that first run, in this order, whichever test is asked for.


@pytest.fixture(scope="module")
def unchanged(first_run, home, photos):
    return run(home, photos, ANY_MODEL), home.runs("photos")


@pytest.fixture(scope="module")
def forced(unchanged, home, photos):
    return run(home, photos, ANY_MODEL, "--force"), home.runs("photos")[0]


@pytest.fixture(scope="module")
def planted(forced, home):
    """What killed workers and desktops leave, in every folder of every artifact, for all runs that follow."""
    return plant_everywhere(home.path / "transferline" / "photos" / "artifacts")


@pytest.fixture(scope="module")
def below_threshold(planted, home, photos):
    done = run(home, photos, PERFECT_MODEL)
    return done, home.runs("photos")[0], [read_seal(str(version)) for version in pushed_folder(home).iterdir()]


@pytest.fixture(scope="module")
def pushed_again(below_threshold, home, photos):
    shutil.rmtree(pushed_folder(home))
    run(home, photos, ANY_MODEL)
    (version,) = pushed_folder(home).iterdir()
    return home.runs("photos")[0], version


@pytest.fixture(scope="module")
def changed_code(pushed_again, home, photos):
    with (home.source / MODEL).open("a") as file:
        file.write("\n# a changed line\n")
    run(home, photos, ANY_MODEL)
    return home.runs("photos")[0]


@pytest.fixture(scope="module")
def changed_photo(changed_code, home, photos):
    shutil.copyfile(photos / "red" / "001.png", photos / "red" / "000.png")
    run(home, photos, ANY_MODEL)
    return home.runs("photos")[0]


def test_nothing_changed_so_nothing_runs(first_run, unchanged):
    done, runs = unchanged
    assert done.returncode == 0
    assert f"nothing changed since run {first_run[1]['run_id']} (pushed): {first_run[1]['model_uri']}" in done.stdout
    assert runs == [first_run[1]]


def test_nothing_changed_so_every_step_of_a_forced_run_is_cached(first_run, forced):
    done, record = forced
    assert done.returncode == 0
    assert "nothing to do" in done.stdout
    assert all(cached(record).values())
    assert record["model_uri"] == first_run[1]["model_uri"]
    assert record["counts"] == first_run[1]["counts"]


def test_a_model_below_its_threshold_is_not_pushed(below_threshold):
    done, record, seals = below_threshold
    assert done.returncode == 3
    assert (record["status"], record["model_uri"]) == ("not_blessed", "")
    assert "Not blessed, nothing was pushed. Failed: accuracy in all examples" in done.stdout
    assert [check["passed"] for check in record["thresholds"]] == [False]
    assert cached(record)["Trainer"]
    assert len(seals) == 1


def test_leftovers_in_every_artifact_change_no_figure(first_run, planted, below_threshold):
    _, record, _ = below_threshold
    assert planted > 20
    assert {name for name, was_cached in cached(record).items() if not was_cached} == {"Evaluator", "Pusher", "Report"}
    assert record["metrics"] == pytest.approx(first_run[1]["metrics"], abs=1e-6)
    assert record["counts"] == first_run[1]["counts"]


def test_a_deleted_push_is_pushed_again_without_the_leftovers(below_threshold, pushed_again):
    record, version = pushed_again
    assert record["status"] == "pushed"
    assert not cached(record)["Pusher"]
    (_, _, (seal,)) = below_threshold
    assert read_seal(str(version)) == seal
    files = {str(path.relative_to(version)) for path in version.rglob("*") if path.is_file()}
    assert files == {*seal.files, SEAL_FILE}


def test_a_changed_line_of_model_code_reruns_the_trainer_and_what_follows(changed_code):
    rerun = {name for name, was_cached in cached(changed_code).items() if not was_cached}
    assert rerun == {"Trainer", "Yardstick", "Evaluator", "Pusher", "Report"}
    assert changed_code["status"] == "pushed"


def test_a_changed_photo_reruns_everything(changed_photo):
    assert not any(cached(changed_photo).values())
