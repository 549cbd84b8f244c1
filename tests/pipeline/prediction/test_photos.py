import io

import pytest
from PIL import Image

from components.image_example_gen.config import ImageData
from components.ingest.report import Quarantined
from pipeline.prediction.photos import predict_photos


def encoded(top, bottom, file_format="PNG", **options):
    """A photo with a grey upper and lower half."""
    image = Image.new("RGB", (40, 60), (top, top, top))
    image.paste((bottom, bottom, bottom), (0, 30, 40, 60))
    buffer = io.BytesIO()
    image.save(buffer, file_format, **options)
    return buffer.getvalue()


def upside_down():
    exif = Image.Exif()
    exif[0x0112] = 3
    return encoded(30, 200, "JPEG", exif=exif)


@pytest.fixture
def predict(tmp_path, photo_model):
    """Writes files, predicts paths below the folder, and returns what came of each."""

    def run(files, *paths, **settings):
        for name, content in files.items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_bytes(content)
        wanted = [str(tmp_path / path) for path in paths or files]
        batches = list(predict_photos(wanted, ImageData(**settings), photo_model))
        return [each for batch in batches for each in batch]

    return run


@pytest.mark.parametrize("file_format", ["PNG", "JPEG", "WEBP", "GIF", "BMP"])
def test_photos_of_every_format(predict, file_format, tmp_path):
    (found,) = predict({"photo": encoded(204, 51, file_format)})
    assert (found.file, found.row, found.label) == (str(tmp_path / "photo"), None, "light")
    assert found.scores["light"] == pytest.approx(0.8, abs=0.02)
    assert sum(found.scores.values()) == pytest.approx(1, abs=1e-5)


def test_a_photo_is_turned_upright_as_in_training(predict):
    (found,) = predict({"photo.jpg": upside_down()})
    assert found.label == "light"


def test_folders_are_walked_and_more_than_a_batch_keeps_its_order(predict, tmp_path):
    files = {f"in/{n % 3}/{n:03d}.png": encoded(n * 3, 0) for n in range(80)} | {"in/.hidden.png": b"x"}
    found = predict(files, "in")
    assert len(found) == 80
    for each in found:
        assert each.scores["light"] == pytest.approx(int(each.file[-7:-4]) * 3 / 255, abs=1e-4)


def test_answers_are_those_of_one_photo_after_the_other_and_faults_stand_where_their_photos_do(
    predict, photo_model, tmp_path
):
    files = {f"in/{n:03d}.{kind}": encoded(n * 2, n, kind.upper()) for n in range(100) for kind in ("png", "jpeg")}
    damaged = {f"in/{n:03d}.jpeg": encoded(n, 0, "JPEG")[:-200] for n in range(0, 100, 7)}
    files |= damaged
    found = predict(files, "in")
    places = [each.place if isinstance(each, Quarantined) else each.file for each in found]
    assert places == [str(tmp_path / name) for name in sorted(files)]
    faults = {each.place for each in found if isinstance(each, Quarantined)}
    assert faults == {str(tmp_path / name) for name in damaged}
    for each in found:
        if not isinstance(each, Quarantined):
            (alone,) = photo_model.of_photos([files[each.file.removeprefix(f"{tmp_path}/")]])
            assert list(each.scores.values()) == pytest.approx(alone.tolist(), abs=1e-6)


def test_what_cannot_be_read_is_told_and_the_rest_goes_on(predict, tmp_path):
    files = {"a.png": encoded(255, 0), "b.png": b"text", "c.png": encoded(0, 0)[:70], "d.png": encoded(0, 0)}
    found = predict(files, "a.png", "b.png", "absent.png", "c.png", "d.png")
    faults = {each.place.removeprefix(f"{tmp_path}/"): each.reason for each in found if isinstance(each, Quarantined)}
    assert faults["absent.png"] == "the file is missing"
    assert "not a photo but text" in faults["b.png"]
    assert "truncated" in faults["c.png"]
    assert [each.label for each in found if not isinstance(each, Quarantined)] == ["light", "dark"]


def test_the_bounds_of_training_hold(predict):
    (fault,) = predict({"a.png": encoded(0, 0)}, max_pixels=100)
    assert "data.max_pixels = 100" in fault.reason


def test_a_folder_on_google_is_asked_for_each_photo_once_and_keeps_its_order(object_store, photo_model):
    for number in range(80):
        object_store.put(f"in/{number % 3}/{number:03d}.png", encoded(number * 3, 0))
    object_store.put("in/0/text.txt", b"text")
    batches = list(predict_photos(["gs://bucket/in"], ImageData(), photo_model))
    found = [each for batch in batches for each in batch]
    predicted = [each for each in found if not isinstance(each, Quarantined)]
    names = [f"gs://bucket/{name}" for name in object_store.names() if name.endswith(".png")]
    assert [each.file for each in predicted] == names
    assert len(found) == 81
    for each in predicted:
        assert each.scores["light"] == pytest.approx(int(each.file[-7:-4]) * 3 / 255, abs=1e-4)
    assert len(object_store.requests) < 90
