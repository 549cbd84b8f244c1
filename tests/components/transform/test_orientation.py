import io
import struct

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageOps

from components.transform.orientation import jpeg_orientation, upright

GRAPH = tf.function(jpeg_orientation, input_signature=[tf.TensorSpec([], tf.string)])


def read(data):
    return int(GRAPH(tf.constant(data)))


def jpeg(**options):
    buffer = io.BytesIO()
    Image.new("RGB", (8, 6), "red").save(buffer, "JPEG", **options)
    return buffer.getvalue()


def tiff(orientation, order="<", before=0, kind=3):
    entries = [struct.pack(f"{order}HHI4s", 0x0100 + i, 4, 1, b"\x03\0\0\x03") for i in range(before)]
    entries.append(struct.pack(f"{order}HHIHH", 0x0112, kind, 1, orientation, 0))
    mark = b"II*\0" if order == "<" else b"MM\0*"
    return mark + struct.pack(f"{order}IH", 8, len(entries)) + b"".join(entries) + b"\0\0\0\0"


def segment(marker, body):
    return bytes([0xFF, marker]) + struct.pack(">H", len(body) + 2) + body


def with_segments(*segments):
    return b"\xff\xd8" + b"".join(segments) + jpeg()[2:]


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_both_byte_orders_are_read(order, orientation):
    data = with_segments(segment(0xE1, b"Exif\0\0" + tiff(orientation, order, before=3)))

    assert Image.open(io.BytesIO(data)).getexif()[0x0112] == orientation
    assert read(data) == orientation


def test_pil_writes_what_is_read():
    exif = Image.Exif()
    exif[0x010F] = "A maker with a long name"
    exif[0x0112] = 6

    assert read(jpeg(exif=exif)) == 6


def test_segments_before_it_are_stepped_over():
    xmp = segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + b"x" * 5000)
    data = with_segments(segment(0xE0, b"JFIF\0" + bytes(9)), xmp, b"\xff", segment(0xE1, b"Exif\0\0" + tiff(8)))

    assert read(data) == 8


def test_an_orientation_outside_an_exif_segment_is_no_orientation():
    lookalike = b"\xff\xe1\0\x30Exif\0\0" + tiff(6)

    assert read(with_segments(segment(0xFE, lookalike))) == 1
    assert read(with_segments(segment(0xE1, b"http://" + lookalike))) == 1


def test_an_orientation_after_the_scan_has_begun_is_no_orientation():
    assert read(jpeg()[:-2] + segment(0xE1, b"Exif\0\0" + tiff(6))) == 1


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff\xd8",
        b"\xff" * 100,
        jpeg(),
        with_segments(segment(0xE1, b"Exif\0\0")),
        with_segments(segment(0xE1, b"Exif\0\0" + tiff(0))),
        with_segments(segment(0xE1, b"Exif\0\0" + tiff(9))),
        with_segments(segment(0xE1, b"Exif\0\0" + tiff(6, kind=2))),
        with_segments(segment(0xE1, b"Exif\0\0II*\0" + b"\xff" * 4)),
        with_segments(segment(0xE1, b"Exif\0\0MM\0*" + b"\x7f\xff\xff\xff\xff\xff")),
        with_segments(segment(0xE1, b"Exif\0\0II*\0\x08\0\0\0\xff\xff")),
        b"\x89PNG" + segment(0xE1, b"Exif\0\0" + tiff(6)),
    ],
)
def test_without_a_valid_orientation_a_photo_is_upright(data):
    assert read(data) == 1


@settings(max_examples=100)
@given(st.binary(max_size=80), st.integers(0, 60))
def test_no_bytes_make_it_fail(noise, cut):
    data = with_segments(segment(0xE1, b"Exif\0\0" + tiff(6)[:cut] + noise))

    assert 1 <= read(data) <= 8
    assert 1 <= read(b"\xff\xd8\xff" + noise) <= 8


@pytest.mark.parametrize("orientation", range(1, 9))
def test_upright_turns_as_pil_does(orientation):
    pixels = np.random.default_rng(1).integers(0, 255, (16, 16, 3)).astype(np.uint8)
    image = Image.fromarray(pixels)
    exif = image.getexif()
    exif[0x0112] = orientation

    turned = upright(tf.constant(pixels), tf.constant(orientation))

    np.testing.assert_array_equal(turned, np.asarray(ImageOps.exif_transpose(image)))
