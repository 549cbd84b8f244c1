"""Downloads from servers that are slow, cut off, lie, don't end, or lead elsewhere."""

import hashlib
import http.server
import json
import os
import re
import ssl
import threading
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from small_disk import small_disk

from components.errors import TransferlineError
from pipeline.config.sources import Download
from pipeline.data.sources import materialise, source_path

ARCHIVE = bytes(range(256)) * 40
SHA256 = hashlib.sha256(ARCHIVE).hexdigest()


@pytest.fixture(autouse=True)
def _own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("TRANSFERLINE_CACHE", str(tmp_path / "cache"))


class Server(http.server.BaseHTTPRequestHandler):
    """Serves ARCHIVE, which is `tag`, with ranges; `cut` bytes an answer at most, in `asked` what was asked for."""

    protocol_version = "HTTP/1.1"
    tag, cut, asked, content = '"1"', None, [], ARCHIVE

    def do_GET(self):
        self.close_connection = True
        self.asked.append(self.headers.get("Range"))
        found = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        start = int(found[1]) if found and self.tag and self.headers.get("If-Range") == self.tag else 0
        self.send_response(206 if start else 200)
        if self.tag:
            self.send_header("ETag", self.tag)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(self.content) - 1}/{len(self.content)}")
        self.send_header("Content-Length", str(len(self.content) - start))
        self.end_headers()
        self.wfile.write(self.content[start:][: self.cut])


@contextmanager
def serving(handler, **changes):
    handler = type("Handler", (handler,), {"asked": [], **changes})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{running.server_port}", handler
        running.shutdown()


def folder_of(source):
    folder = source_path(source).parent
    return sorted(each.name for each in folder.iterdir())


def refusal(source):
    with pytest.raises(TransferlineError) as caught:
        materialise(source)
    return caught.value


def test_a_download_is_compared_and_kept():
    with serving(Server) as (address, server):
        source = Download(url=f"{address}/photos.zip", size=len(ARCHIVE), sha256=SHA256)
        assert materialise(source).read_bytes() == ARCHIVE
        assert materialise(source) == source_path(source)
        assert server.asked == [None]
    assert folder_of(source) == [".photos.zip.json", "photos.zip"]


@pytest.mark.parametrize(
    ("claims", "message"),
    [
        ({"size": len(ARCHIVE) + 1}, "10240 bytes instead of 10241"),
        ({"size": 100}, "more than 100 bytes"),
        ({"at_most": 100}, "more than 100 bytes"),
        ({"sha256": "00"}, "instead of 00"),
    ],
)
def test_a_download_that_is_not_what_it_should_be_is_not_kept(claims, message):
    with serving(Server) as (address, _):
        source = Download(url=f"{address}/photos.zip", **{"sha256": SHA256, **claims})
        assert message in refusal(source).cause
    assert folder_of(source) == []


def test_a_full_cache_is_named_and_keeps_nothing_of_the_download(tmp_path, monkeypatch):
    (tmp_path / "disk").mkdir()
    with small_disk(tmp_path / "disk", "size=64k") as disk, serving(Server) as (address, _):
        monkeypatch.setenv("TRANSFERLINE_CACHE", str(disk.path))
        disk.fill(but=4096)
        source = Download(url=f"{address}/photos.zip", sha256=SHA256)
        refused = refusal(source)
        assert refused.cause.startswith("The disk is full: a file didn't fit into the ")
        assert refused.cause.endswith(f" that are free at {disk.path}.")
        assert refused.cure == "Make room there, or name another in the variable TRANSFERLINE_CACHE."
        assert folder_of(source) == []


def test_files_of_the_same_name_from_different_addresses_are_kept_apart():
    other = b"another archive"
    with serving(Server) as (address, _), serving(Server, content=other) as (another, _):
        first = Download(url=f"{address}/photos.zip", sha256=SHA256)
        second = Download(url=f"{another}/photos.zip", sha256=hashlib.sha256(other).hexdigest())
        assert materialise(first).read_bytes() == ARCHIVE
        assert materialise(second).read_bytes() == other
    assert source_path(second).name == "photos.zip"


def test_what_was_cut_off_is_gone_on_with_at_once_and_by_the_next_run():
    with serving(Server, cut=3000) as (address, server):
        source = Download(url=f"{address}/photos.zip", sha256=SHA256)
        assert materialise(source).read_bytes() == ARCHIVE
        assert server.asked == [None, "bytes=3000-", "bytes=6000-", "bytes=9000-"]
    with serving(Server, cut=10) as (address, server):
        source = Download(url=f"{address}/photos.zip", sha256=SHA256)
        assert "broke off after 50 of 10,240 bytes" in refusal(source).cause
        server.cut = None
        assert materialise(source).read_bytes() == ARCHIVE
        assert server.asked[-1] == "bytes=50-"
        assert folder_of(source) == [".photos.zip.json", "photos.zip"]


def test_of_another_version_nothing_is_gone_on_with():
    with serving(Server, cut=10) as (address, server):
        source = Download(url=f"{address}/photos.zip", sha256=SHA256)
        refusal(source)
        server.cut, server.tag = None, '"2"'
        assert materialise(source).read_bytes() == ARCHIVE
    # A server that doesn't say which version it is can't be asked for the rest of one.
    with serving(Server, cut=10, tag="") as (address, server):
        source = Download(url=f"{address}/photos.zip", sha256=SHA256)
        assert "broke off after 10" in refusal(source).cause
        assert server.asked == [None]
    assert folder_of(source) == []


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
    ("path", "message"), [("broken", "can't be downloaded: "), ("endless", "has more than 2000000 bytes")]
)
def test_a_download_that_is_not_whole_or_does_not_end_is_not_kept(path, message):
    with serving(Odd) as (address, _):
        source = Download(url=f"{address}/{path}", at_most=2_000_000, sha256=SHA256)
        assert message in refusal(source).cause
    assert folder_of(source) == []


def test_a_file_that_was_changed_since_is_refused_each_time_until_it_is_gone():
    with serving(Server) as (address, _):
        source = Download(url=f"{address}/photos.zip", sha256=SHA256)
        kept = materialise(source)
        changed = b"!" + ARCHIVE[1:]
        times = kept.stat()
        kept.write_bytes(changed)
        os.utime(kept, ns=(times.st_atime_ns, times.st_mtime_ns))  # of the same size and time
        error = refusal(source)
        assert "instead of " + SHA256 in error.cause
        assert (error.place, error.cure) == (str(kept), "Remove it, and the next run downloads it again.")
        # Nobody said what the file should be, but what came is known.
        unsure = source.model_copy(update={"sha256": None})
        assert refusal(unsure).cause == "The file was changed since it was downloaded."
        kept.write_bytes(changed[:-1])
        assert "instead of 10240" in refusal(unsure.model_copy(update={"size": len(ARCHIVE)})).cause
        kept.unlink()
        assert materialise(source).read_bytes() == ARCHIVE
        # The settings name another one by now.
        assert "instead of 11" in refusal(source.model_copy(update={"sha256": "11"})).cause


def test_a_file_that_is_another_by_now_is_taken_once_the_old_one_is_removed(tmp_path, monkeypatch):
    file = tmp_path / "localhost.pem"
    file.write_bytes(certificate_of("localhost"))
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    handler = type("Handler", (Server,), {"asked": []})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as secure:
        secure.socket = context.wrap_socket(secure.socket, server_side=True)
        threading.Thread(target=secure.serve_forever, daemon=True).start()
        source = Download(url=f"https://localhost:{secure.server_port}/photos.zip")
        materialise(source).unlink()
        handler.content = ARCHIVE[::-1]
        assert materialise(source).read_bytes() == ARCHIVE[::-1]
        secure.shutdown()


def test_a_file_that_somebody_put_there_is_compared_and_then_known():
    source = Download(url="https://host.invalid/photos.zip", size=len(ARCHIVE), sha256=SHA256)
    path = source_path(source)
    path.parent.mkdir(parents=True)
    path.write_bytes(ARCHIVE[1:])
    assert "instead of" in refusal(source).cause
    path.write_bytes(ARCHIVE)
    assert materialise(source) == path
    note = json.loads((path.parent / ".photos.zip.json").read_text())
    assert (note["url"], note["sha256"]) == (source.url, SHA256)
    assert materialise(source) == path


def test_two_runs_that_want_the_same_file_load_it_once():
    with serving(Server) as (address, server):
        source = Download(url=f"{address}/photos.zip", sha256=SHA256)
        threads = [threading.Thread(target=materialise, args=(source,)) for _ in range(5)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert source_path(source).read_bytes() == ARCHIVE
        assert server.asked == [None]
    assert folder_of(source) == [".photos.zip.json", "photos.zip"]


def test_a_run_that_finds_the_file_to_be_there_by_now_takes_it(monkeypatch):
    """Another loads it between this one's look and its own download."""
    with serving(Server) as (address, server):
        source = Download(url=f"{address}/photos.zip", sha256=SHA256)
        path, exists = source_path(source), Path.exists

        def looked_at(self):
            found = exists(self)
            if self == path and not found:
                monkeypatch.setattr(Path, "exists", exists)
                materialise(source)
            return found

        monkeypatch.setattr(Path, "exists", looked_at)
        assert materialise(source) == path
        assert server.asked == [None]
    assert folder_of(source) == [".photos.zip.json", "photos.zip"]


@pytest.mark.parametrize("url", ["http://host.invalid/a.zip", "file:///etc/passwd", "ftp://host.invalid/a", "a.zip"])
def test_what_anybody_could_change_on_its_way_is_not_asked_for(url):
    error = refusal(Download(url=url))
    assert error.cause.endswith("may be anybody's.")
    assert "the sha256 of one of http://" in error.cure
    if not url.startswith("http:"):
        assert refusal(Download(url=url, sha256=SHA256)).cause == error.cause


class Elsewhere(http.server.BaseHTTPRequestHandler):
    """Leads to `target`."""

    target = ""

    def do_GET(self):
        self.send_response(302)
        self.send_header("Location", self.target)
        self.end_headers()


def certificate_of(host):
    """A key and its own certificate for a day."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, host)])
    now = datetime.now(timezone.utc)
    made = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    made = made.not_valid_before(now - timedelta(hours=1)).not_valid_after(now + timedelta(days=1))
    made = made.add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return private + made.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM)


def test_an_address_of_https_may_not_lead_to_one_of_http(tmp_path, monkeypatch):
    file = tmp_path / "localhost.pem"
    file.write_bytes(certificate_of("localhost"))
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    with serving(Server) as (address, server):
        handler = type("Handler", (Elsewhere,), {"target": f"{address}/photos.zip"})
        with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as secure:
            secure.socket = context.wrap_socket(secure.socket, server_side=True)
            threading.Thread(target=secure.serve_forever, daemon=True).start()
            url = f"https://localhost:{secure.server_port}/photos.zip"
            assert "which isn't https" in refusal(Download(url=url)).cause
            assert server.asked == []
            assert materialise(Download(url=url, sha256=SHA256)).read_bytes() == ARCHIVE
            secure.shutdown()


def test_without_a_network_the_error_says_what_to_put_where():
    source = Download(url="http://127.0.0.1:9/flower_photos.tgz", sha256=SHA256)
    error = refusal(source)
    assert str(source_path(source)) in error.cure
    assert "--data-dir" in error.cure
