import io

import pytest

from components.image_example_gen import archives
from components.image_example_gen.archives import name_fault, read_bounded, size_fault, usable_name


@pytest.mark.parametrize("name", ["/etc/passwd", "C:/windows/a.jpg", "../a.jpg", "cat/../../a.jpg", "cat/.."])
def test_names_that_lead_out(name):
    assert name_fault(name)


@pytest.mark.parametrize("name", ["cat/a.jpg", "cat/..a.jpg", "./cat/a..jpg", "cat: the one/a.jpg"])
def test_names_that_dont(name):
    assert not name_fault(name)


def test_usable_name():
    assert usable_name("./cat//a.jpg") == "cat/a.jpg"
    assert usable_name("./") == ""


def test_sizes_are_bounded(monkeypatch):
    monkeypatch.setattr(archives, "MAX_FILE_BYTES", 10)
    assert not size_fault(10)
    assert "more than" in size_fault(11)
    photo = b"\xff\xd8\xff"
    assert read_bounded(io.BufferedReader(io.BytesIO(photo + bytes(7)))) == photo + bytes(7)
    assert read_bounded(io.BufferedReader(io.BytesIO(photo + bytes(8)))) is None
