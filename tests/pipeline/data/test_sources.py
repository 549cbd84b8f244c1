import hashlib
import http.server
import threading
from contextlib import contextmanager, suppress
from functools import partial

import pytest
from PIL import Image

from components.errors import TransferlineError
from pipeline.config.sources import Download, EmbeddedDigits
from pipeline.data.sources import materialise, source_path


@pytest.fixture(autouse=True)
def _own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("TRANSFERLINE_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def server(tmp_path):
    folder = tmp_path / "served"
    folder.mkdir()
    (folder / "photos.zip").write_bytes(b"the archive")
    (folder / "other").mkdir()
    (folder / "other" / "photos.zip").write_bytes(b"another archive")
    with serving(partial(http.server.SimpleHTTPRequestHandler, directory=str(folder))) as address:
        yield f"{address}/photos.zip"


@contextmanager
def serving(handler):
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()


def test_the_digits_are_class_folders_of_8x8_photos():
    folder = materialise(EmbeddedDigits())
    photos = sorted(folder.glob("*/*.png"))
    assert len(photos) == 1797
    assert sorted(child.name for child in folder.iterdir()) == [str(digit) for digit in range(10)]
    with Image.open(photos[0]) as photo:
        assert (photo.size, photo.mode) == ((8, 8), "L")
        assert photo.getpixel((0, 0)) == 255  # paper


def test_a_second_call_writes_nothing_anew():
    before = materialise(EmbeddedDigits()).stat().st_mtime_ns
    assert materialise(EmbeddedDigits()).stat().st_mtime_ns == before


def test_a_download_is_checked_and_kept(server):
    source = Download(url=server, size=11, sha256=hashlib.sha256(b"the archive").hexdigest())
    assert materialise(source).read_bytes() == b"the archive"
    assert materialise(source) == source_path(source)


@pytest.mark.parametrize(
    ("claims", "message"), [({"size": 12}, "11 bytes instead of 12"), ({"sha256": "00"}, "instead of 00")]
)
def test_a_download_that_is_not_what_it_should_be_is_not_kept(server, claims, message):
    source = Download(url=server, **claims)
    with pytest.raises(TransferlineError, match=message):
        materialise(source)
    assert not source_path(source).exists()
    assert list(source_path(source).parent.iterdir()) == []


def test_files_of_the_same_name_from_different_addresses_are_kept_apart(server):
    other = Download(url=server.replace("photos.zip", "other/photos.zip"))
    assert materialise(Download(url=server)).read_bytes() == b"the archive"
    assert materialise(other).read_bytes() == b"another archive"
    assert source_path(other).name == "photos.zip"


class Odd(http.server.BaseHTTPRequestHandler):
    """Serves what is no whole file: /broken ends in the midst of a chunk, /endless doesn't end."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self.close_connection = True
        self.wfile.write(b"a\r\n12345")
        with suppress(ConnectionError):
            while self.path == "/endless":
                self.wfile.write(b"67890\r\na\r\n12345")


@pytest.mark.parametrize(
    ("path", "message"), [("broken", "can't be downloaded: "), ("endless", "has more than 20 bytes")]
)
def test_a_download_that_is_not_whole_or_does_not_end_is_not_kept(path, message):
    with serving(Odd) as address:
        source = Download(url=f"{address}/{path}", size=20)
        with pytest.raises(TransferlineError, match=message):
            materialise(source)
    assert list(source_path(source).parent.iterdir()) == []


def test_without_a_network_the_error_says_what_to_put_where():
    source = Download(url="http://127.0.0.1:9/flower_photos.tgz")
    with pytest.raises(TransferlineError) as caught:
        materialise(source)
    assert str(source_path(source)) in caught.value.cure
    assert "--data-dir" in caught.value.cure
