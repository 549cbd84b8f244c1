import pytest

from pipeline import catalog
from pipeline.config.outline import Outline, outline


@pytest.fixture
def of(tmp_path):
    def make(text):
        path = tmp_path / "pets.py"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return outline(path)

    return make


@pytest.mark.parametrize("name", catalog.names())
def test_of_the_catalogs_files(name):
    kind = "rows" if catalog.load(name).trainer.__class__.__name__ == "MLPTraining" else "photos"
    assert outline(catalog.FOLDER / f"{name}.py") == Outline(kind=kind, name=name)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "CONFIG = ImagePipeline(name='pets', output_dir='/out')",
            Outline(kind="photos", name="pets", output_dir="/out"),
        ),
        ("CONFIG: RowPipeline = config.RowPipeline(name=NAME)", Outline(kind="rows")),
        ("if True:\n    CONFIG = ImagePipeline()", Outline(kind="photos")),
        ("try:\n    pass\nfinally:\n    A = CONFIG = RowPipeline()", Outline(kind="rows")),
        ("CONFIG = ImagePipeline()\nCONFIG = RowPipeline()", Outline(kind="rows")),
        ("CONFIG = make()", Outline()),
        ("from other import CONFIG", Outline()),
        ("from other import X as CONFIG", Outline()),
        ("from other import CONFIG as X", Outline(fault="it has no CONFIG")),
        ("def f():\n    CONFIG = ImagePipeline()", Outline(fault="it has no CONFIG")),
        ("# CONFIG = ImagePipeline()", Outline(fault="it has no CONFIG")),
    ],
)
def test_what_a_source_tells(of, text, expected):
    assert of(text) == expected


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("x = 1\ny = (", "isn't Python in line 2"),
        (b"\xff\xfe", "isn't Python"),
        (b"x = 1\0", "isn't Python"),
        ("-" * 100_000 + "1", "isn't Python"),
    ],
)
def test_what_is_no_python(of, text, fault):
    assert fault in of(text).fault


def test_a_file_that_cannot_be_read(tmp_path):
    assert outline(tmp_path).fault == "it can't be read: Is a directory"
