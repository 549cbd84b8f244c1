import pytest

from components.image_example_gen.formats import describe, format_of, is_lossy, open_header, webp_size

FORMATS = ["JPEG", "PNG", "GIF", "BMP", "WEBP"]


@pytest.mark.parametrize("name", FORMATS)
def test_formats_are_known_by_content(encode, name):
    content = encode(format=name)
    assert format_of(content) == name
    assert open_header(content, name).size == (8, 6)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"hello, I am text\n", "text"),
        ("größe".encode(), "text"),
        (b"\x00\x01\x02\x03", "unknown data"),
        (b"\xff\xfe\x80", "unknown data"),
        (b"II*\0rest", "a TIFF image"),
        (b"%PDF-1.7", "a PDF document"),
        (b"\0\0\0\x18ftypheic\0\0", "HEIC"),
        ("ä".encode() * 300, "text"),
    ],
)
def test_other_content_is_described(content, words):
    assert format_of(content) == ""
    assert words in describe(content)


@pytest.mark.parametrize(
    "options", [{"quality": 80}, {"lossless": True}, {"quality": 80, "exif": b"Exif\0\0MM\0*\0\0\0\x08\0\0\0\0\0\0"}]
)
@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_webp_header(encode, mode, options):
    content = encode(0, size=(301, 77), format="WEBP", mode=mode, **options)
    assert webp_size(content) == (301, 77)
    assert is_lossy(content, "WEBP") == ("lossless" not in options)


def test_damaged_webp_header_has_no_size(encode):
    assert webp_size(encode(format="WEBP")[:12] + b"????") == (0, 0)
