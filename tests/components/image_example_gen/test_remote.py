import zipfile

import pytest

from components.ingest import storage


@pytest.fixture
def remote(fill, tmp_path):
    """A folder that is reached by an address, and so by tf.io.gfile, as gs:// is."""
    fill(tmp_path / "cat", 2)
    fill(tmp_path / "dog" / "more", 1)
    return f"file://{tmp_path}"


def test_walk_tells_the_same_of_remote_and_local_folders(remote, tmp_path):
    def told(folder):
        return {(node.name, node.is_folder, node.stamp.split(":")[0]) for node in storage.walk(folder)}

    assert told(remote) == told(str(tmp_path))
    assert {name for name, _, _ in told(remote)} == {
        "cat",
        "cat/000.jpg",
        "cat/001.jpg",
        "dog",
        "dog/more",
        "dog/more/000.jpg",
    }


def test_remote_photos(remote, take):
    assert take(remote).labels() == {"cat": 2, "dog": 1}


def test_a_remote_manifest(remote, take, tmp_path):
    (tmp_path / "labels.csv").write_text("path,label\ncat/000.jpg,cat\ncat/gone.jpg,cat\n")
    taken = take(f"{remote}/labels.csv")
    assert taken.quarantined == {"cat/gone.jpg": "manifest row 3: file cat/gone.jpg is missing"}


def test_a_remote_archive(remote, take, tmp_path, encode):
    with zipfile.ZipFile(tmp_path / "photos.zip", "w") as file:
        file.writestr("cat/a.jpg", encode())
    assert take(f"{remote}/photos.zip").labels() == {"cat": 1}
