import hashlib
import io
import struct
import time
import zlib
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import tensorflow as tf
from bounded import in_a_child
from hostile_photos import chunk, many_scans, png
from photo_ingest import size_as_stored
from PIL import Image

from components.image_example_gen import flattening, photos
from components.image_example_gen.photos import (
    RejectedPhotoError,
    brightness_bucket,
    luma_of,
    mean_luma,
    read_photo,
    size_bucket,
)

LIMITS = {"longest_side": 1024, "max_pixels": 178_956_970}
WIDTH, HEIGHT = 40, 24


def picture(mode="RGB", size=(WIDTH, HEIGHT)):
    """A picture whose upper left corner is red, or dark, and whose pixels differ."""
    width, height = size
    ramp = np.linspace(0, 255, width * height).reshape(height, width).astype(np.uint8)
    across = np.broadcast_to(np.linspace(0, 200, width).astype(np.uint8), (height, width))
    colors = Image.fromarray(np.stack([ramp[::-1, ::-1], ramp, across], axis=-1))
    return colors.convert(mode) if mode != "LA" else colors.convert("L").convert("LA")


def encoded(image, format, **options):
    buffer = io.BytesIO()
    image.save(buffer, format, **options)
    return buffer.getvalue()


def decoded(photo):
    pixels = tf.io.decode_image(photo.content, channels=3, expand_animations=False).numpy()
    assert pixels.shape == (photo.height, photo.width, 3)
    return pixels


def read(content, **limits):
    return read_photo(content, **{**LIMITS, **limits})


def rejection(content, **limits):
    """Why a photo is rejected; "" if it is taken, and then it can be decoded."""
    try:
        decoded(read(content, **limits))
    except RejectedPhotoError as error:
        return error.reason
    return ""


def png16(values, color_type):
    """A 16-bit PNG, which Pillow can't write in color: values of shape [height, width, channels], uint16."""
    height, width = values.shape[:2]
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in values)
    return png(struct.pack(">IIBBBBB", width, height, 16, color_type, 0, 0, 0), zlib.compress(rows))


@pytest.mark.parametrize(
    ("mode", "format", "options"),
    [
        ("RGB", "JPEG", {}),
        ("RGB", "JPEG", {"progressive": True}),
        ("L", "JPEG", {}),
        ("RGB", "PNG", {}),
        ("L", "PNG", {}),
    ],
)
def test_what_tensorflow_decodes_alike_stays_as_it_came(mode, format, options):
    content = encoded(picture(mode), format, **options)
    photo = read(content)
    assert photo.content == content
    assert (photo.width, photo.height, photo.format) == (WIDTH, HEIGHT, format)
    assert photo.sha256 == hashlib.sha256(content).hexdigest()
    decoded(photo)


@pytest.mark.parametrize(
    ("mode", "format", "stored_as", "options"),
    [
        ("CMYK", "JPEG", "JPEG", {}),
        ("1", "PNG", "PNG", {}),
        ("P", "PNG", "PNG", {}),
        ("LA", "PNG", "PNG", {}),
        ("RGBA", "PNG", "PNG", {}),
        ("L", "PNG", "PNG", {"transparency": 0}),
        ("RGB", "PNG", "PNG", {"transparency": (255, 0, 0)}),
        ("P", "GIF", "PNG", {}),
        ("L", "GIF", "PNG", {}),
        ("RGB", "BMP", "PNG", {}),
        ("L", "BMP", "PNG", {}),
        ("1", "BMP", "PNG", {}),
        ("P", "BMP", "PNG", {}),
        ("RGB", "WEBP", "JPEG", {}),
        ("RGBA", "WEBP", "JPEG", {}),
        ("RGB", "WEBP", "PNG", {"lossless": True}),
    ],
)
def test_what_tensorflow_may_decode_otherwise_is_encoded_again(mode, format, stored_as, options):
    image = picture(mode)
    content = encoded(image, format, **options)
    photo = read(content)
    assert Image.open(io.BytesIO(photo.content)).format == stored_as
    assert (photo.width, photo.height, photo.format) == (WIDTH, HEIGHT, format)
    expected = np.asarray(Image.open(io.BytesIO(content)).convert("RGBA").convert("RGB"), np.int16)
    if "transparency" not in options:
        assert np.abs(decoded(photo) - expected).mean() < (0.01 if stored_as == "PNG" else 12)


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_transparent_parts_are_white(mode):
    image = picture(mode)
    image.putalpha(Image.new("L", (WIDTH, HEIGHT), 0))
    assert (decoded(read(encoded(image, "PNG"))) == 255).all()
    assert (decoded(read(encoded(image, "WEBP", lossless=True))) == 255).all()


def test_half_transparent_parts_are_half_white():
    image = Image.new("RGBA", (4, 4), (0, 0, 0, 128))
    assert set(decoded(read(encoded(image, "PNG"))).ravel()) == {127}


@pytest.mark.parametrize(("mode", "format"), [("P", "PNG"), ("L", "PNG"), ("P", "GIF")])
def test_a_transparent_color_is_white(mode, format):
    image = Image.new(mode, (4, 4), 0)
    if mode == "P":
        image.putpalette([10, 20, 30, 200, 100, 50])
    image.putpixel((1, 2), 1)
    pixels = decoded(read(encoded(image, format, transparency=0)))
    assert tuple(pixels[0, 0]) == (255, 255, 255)
    assert tuple(pixels[2, 1]) == ((200, 100, 50) if mode == "P" else (1, 1, 1))


def test_16_bit_gray_is_scaled_and_not_clipped():
    values = np.array([[0, 257, 25700, 65535]] * 4, np.uint16)
    photo = read(encoded(Image.fromarray(values), "PNG"))
    assert decoded(photo)[0, :, 0].tolist() == [0, 1, 100, 255]


@pytest.mark.parametrize(("color_type", "channels"), [(0, 1), (2, 3), (4, 2), (6, 4)])
def test_16_bit_png_of_every_kind(color_type, channels):
    values = np.full((4, 6, channels), 65535, np.uint16)
    values[..., 0] = 100 * 257
    photo = read(png16(values, color_type))
    assert decoded(photo)[0, 0, 0] == 100
    assert Image.open(io.BytesIO(photo.content)).mode in ("L", "RGB")


def test_cmyk_keeps_its_colors():
    content = encoded(Image.new("RGB", (16, 16), (255, 0, 0)).convert("CMYK"), "JPEG", quality=95)
    red, green, blue = decoded(read(content)).mean(axis=(0, 1))
    assert red > 240
    assert green < 20
    assert blue < 20


@pytest.mark.parametrize("format", ["GIF", "WEBP"])
def test_the_first_frame_of_an_animation_is_taken(format):
    frames = [Image.new("RGB", (8, 8), color) for color in ("red", "green", "blue")]
    content = encoded(frames[0], format, save_all=True, append_images=frames[1:], duration=100)
    photo = read(content)
    assert photo.format == format
    red, green, blue = decoded(photo).mean(axis=(0, 1))
    assert red > 240
    assert green < 20
    assert blue < 20


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_applied(orientation, format):
    upright = np.zeros((16, 32, 3), np.uint8)
    upright[:8, :16] = 255  # white in the upper left quarter.
    undo = {1: None, 2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}[orientation]  # numbers of Image.Transpose.
    image = Image.fromarray(upright)
    lying = image if undo is None else image.transpose(Image.Transpose(undo))
    exif = Image.Exif()
    exif[0x0112] = orientation
    photo = read(encoded(lying, format, exif=exif.tobytes()))
    assert (photo.width, photo.height) == (32, 16)
    assert np.abs(decoded(photo).astype(int) - upright).mean() < 3


def test_damaged_exif_doesnt_reject_a_photo():
    content = encoded(picture(), "JPEG", exif=b"Exif\0\0MM\0*\0\0\0\x08\xff\xff\xff")
    assert read(content).content == content


@pytest.mark.parametrize(
    ("format", "options"),
    [("JPEG", {}), ("PNG", {}), ("WEBP", {}), ("BMP", {}), ("GIF", {}), ("JPEG", {"quality": 30})],
)
def test_large_photos_are_made_smaller(format, options):
    photo = read(encoded(picture(size=(300, 200)), format, **options), longest_side=60)
    assert (photo.width, photo.height) == (60, 40)
    assert photo.size_bucket == "medium"
    decoded(photo)


def test_a_large_photo_is_turned_and_made_smaller():
    exif = Image.Exif()
    exif[0x0112] = 6
    photo = read(encoded(picture(size=(300, 200)), "JPEG", exif=exif.tobytes()), longest_side=60)
    assert (photo.width, photo.height) == (40, 60)


def test_the_longest_side_itself_isnt_too_long():
    content = encoded(picture(size=(60, 40)), "JPEG")
    assert read(content, longest_side=60).content == content


def test_a_line_of_pixels_keeps_a_pixel():
    assert (read(encoded(picture(size=(500, 1)), "PNG"), longest_side=10).height) == 1


@pytest.mark.parametrize("format", ["JPEG", "PNG", "GIF", "BMP", "WEBP"])
@pytest.mark.parametrize("side", [64, 10])
def test_a_photo_cut_anywhere_is_rejected(format, side):
    content = encoded(picture(), format)
    ends = range(1, len(content) - 1, max(1, len(content) // 150))
    reasons = {end: rejection(content[:end], longest_side=side) for end in ends}
    # Cut later than that, all pixels are there, and only checksums and the end mark are missing.
    assert [end for end, reason in reasons.items() if not reason and end < len(content) - 24] == []
    assert {reason.split(":")[0] for end, reason in reasons.items() if reason and end > 24} == {
        f"truncated or damaged {format}"
    }


@pytest.mark.parametrize(
    ("mode", "options"),
    [
        ("RGB", {}),
        ("RGB", {"subsampling": 0}),
        ("RGB", {"progressive": True}),
        ("RGB", {"restart_marker_rows": 1}),
        ("L", {}),
    ],
)
def test_a_jpeg_is_taken_if_and_only_if_all_of_it_can_be_decoded(mode, options):
    content = encoded(picture(mode, size=(120, 90)), "JPEG", **options)
    random = np.random.default_rng(0)
    damaged = [content[: random.integers(2, len(content))] for _ in range(60)]
    for _ in range(140):
        bytes_of_it = bytearray(content)
        for at in random.integers(2, len(content), random.choice([1, 3, 20])):
            bytes_of_it[at] = random.integers(0, 256)
        damaged.append(bytes(bytes_of_it))
    verdicts = [(taken(each), decodes(each)) for each in damaged]
    assert {ours for ours, whole in verdicts if ours != whole} == set()
    assert {whole for _, whole in verdicts} == {True, False}


def decodes(content):
    """Whether TensorFlow decodes each pixel."""
    try:
        tf.io.decode_image(content, channels=3, expand_animations=False)
    except tf.errors.OpError:
        return False
    return True


def taken(content):
    """Whether what is checked of a JPEG's pixels finds no damage."""
    try:
        luma_of(content, (120, 90), "JPEG")
    except RejectedPhotoError:
        return False
    return True


@pytest.mark.parametrize("size", [(400, 300), (403, 299), (1, 1)])
def test_the_luma_of_a_jpeg_is_that_of_its_pixels(size):
    content = encoded(picture(size=size), "JPEG")
    pixels = tf.io.decode_image(content, channels=3, expand_animations=False).numpy()
    assert luma_of(content, size, "JPEG") == pytest.approx(mean_luma(pixels), abs=0.5)


@pytest.mark.parametrize("format", ["JPEG", "PNG", "GIF", "BMP", "WEBP"])
def test_damaged_bytes_never_raise_anything_else(format):
    content = bytearray(encoded(picture(), format))
    random = np.random.default_rng(0)
    for _ in range(60):
        damaged = bytearray(content)
        for at in random.integers(0, len(content), 3):
            damaged[at] = random.integers(0, 256)
        rejection(bytes(damaged))


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "the file is empty (0 bytes)"),
        (b"I am no photo\n" * 10, "not a photo but text; JPEG, PNG, GIF, BMP and WebP are read"),
        (b"\0\1\2\3" * 10, "not a photo but unknown data; JPEG, PNG, GIF, BMP and WebP are read"),
        (b"\xff\xd8\xff\xe0", "truncated or damaged JPEG"),
        (b"\x89PNG\r\n\x1a\n", "truncated or damaged PNG"),
    ],
)
def test_what_is_no_photo(content, reason):
    with pytest.raises(RejectedPhotoError) as caught:
        read(content)
    assert caught.value.reason.startswith(reason)


def bomb(format):
    """A photo of 50,000 x 50,000 pixels (16,383 x 16,383 in WebP, its largest) in a few bytes."""
    if format == "PNG":
        return png(struct.pack(">IIBBBBB", 50_000, 50_000, 8, 2, 0, 0, 0), zlib.compress(bytes(10_000)))
    if format == "GIF":
        content = bytearray(encoded(picture("P"), "GIF"))
        content[6:10] = struct.pack("<HH", 50_000, 50_000)
    elif format == "BMP":
        content = bytearray(encoded(picture(), "BMP"))
        content[18:26] = struct.pack("<ii", 50_000, 50_000)
    elif format == "WEBP":
        content = bytearray(encoded(picture(), "WEBP", exif=Image.Exif().tobytes()))
        assert content[12:16] == b"VP8X"
        content[24:30] = (16_382).to_bytes(3, "little") * 2
    else:
        content = bytearray(encoded(picture(), "JPEG"))
        at = content.index(b"\xff\xc0") + 5
        content[at : at + 4] = struct.pack(">HH", 50_000, 50_000)
    return bytes(content)


@pytest.mark.parametrize("format", ["JPEG", "PNG", "GIF", "BMP", "WEBP"])
def test_a_decompression_bomb_is_told_by_its_header(format):
    with pytest.raises(RejectedPhotoError) as caught:
        read(bomb(format))
    size = "16383 x 16383" if format == "WEBP" else "50000 x 50000"
    assert caught.value.reason == (f"{size} pixels are more than data.max_pixels = 178,956,970 (a decompression bomb?)")


SIDE = 5_000


def plain_png(depth, color_type, row_bytes, palette=b""):
    """A black PNG of 25 million pixels, in some 10 KB to 100 KB."""
    packer = zlib.compressobj(1)
    data = b"".join(packer.compress(bytes(1 + row_bytes)) for _ in range(SIDE)) + packer.flush()
    return png(struct.pack(">IIBBBBB", SIDE, SIDE, depth, color_type, 0, 0, 0), data, palette)


def test_photos_within_the_bounds_take_no_more_memory_than_their_pixels(tmp_path):
    palette = chunk(b"PLTE", bytes(6)) + chunk(b"tRNS", b"\0\xff")
    contents = {
        "palette": (plain_png(1, 3, (SIDE + 7) // 8, palette), 280),
        "transparent": (plain_png(8, 6, SIDE * 4), 340),
        "gray": (plain_png(16, 0, SIDE * 2), 240),
    }
    for name, (content, _) in contents.items():
        (tmp_path / name).write_bytes(content)
    measured = in_a_child(size_as_stored, [tmp_path / name for name in contents])
    for (found, mebibytes), (_, most) in zip(measured, contents.values(), strict=True):
        assert found == "(1024, 1024)"
        assert mebibytes < most


def test_large_photos_are_decoded_one_at_a_time(monkeypatch):
    monkeypatch.setattr(photos, "_LARGE_BYTES", 1000)
    content, at_work, most = encoded(picture("RGBA", size=(300, 200)), "PNG"), [], []
    encode_again = photos._encode_again

    def watched(*arguments):
        at_work.append(1)
        most.append(len(at_work))
        time.sleep(0.01)  # in which another thread would begin
        result = encode_again(*arguments)
        at_work.pop()
        return result

    monkeypatch.setattr(photos, "_encode_again", watched)
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(read, [content] * 8))
    assert most == [1] * 8


def test_a_webp_may_have_a_third_of_the_pixels():
    content = encoded(picture("RGB", size=(40, 30)), "WEBP")
    assert "1,200" not in rejection(content, max_pixels=3600)
    assert rejection(content, max_pixels=3599) == (
        "40 x 30 pixels are more than a third of data.max_pixels = 3,599, a WebP's bound"
    )


@pytest.mark.parametrize("format", ["JPEG", "PNG"])
def test_what_a_file_holds_beside_its_photo_isnt_stored(format):
    content = encoded(picture(), format)
    assert read(content + bytes(2**20)).content == content + bytes(2**20)
    photo = read(content + bytes(17 * 2**20))
    assert len(photo.content) < 10_000
    assert photo.size_bucket == "small"


def test_a_jpeg_of_thousands_of_scans_isnt_decoded():
    assert (
        rejection(many_scans(encoded(picture(size=(64, 64)), "JPEG", progressive=True), 3000))
        == "a JPEG of more than 200 scans (made to take time?)"
    )


def test_a_film_behind_a_jpeg_has_no_scans_of_it():
    content = encoded(picture(), "JPEG", exif=b"Exif\0\0" + b"\xff\xda" * 150)
    assert not rejection(content + b"\xff\xda" * 150)


def by_pillow_as_a_whole(image, longest_side):
    flat = flattening._flat(image)
    flat = flat.copy() if flat is image else flat
    flat.thumbnail((longest_side, longest_side), Image.Resampling.LANCZOS, reducing_gap=3.0)
    return flat


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "RGBA", "LA", "CMYK", "I;16"])
def test_strips_are_made_smaller_as_the_whole_is(mode, monkeypatch):
    random = np.random.default_rng(0)
    for _ in range(25):
        width, height = (int(side) for side in random.integers(1, 400, 2))
        pixels = random.integers(0, 65536 if mode == "I;16" else 256, (height, width, 3))
        image = Image.fromarray(pixels[..., 0].astype(np.uint16)) if mode == "I;16" else None
        image = image or Image.fromarray(pixels.astype(np.uint8)).convert(mode if mode != "LA" else "RGBA").convert(
            mode
        )
        for longest_side in (5, 64, 399):
            monkeypatch.setattr(flattening, "STRIP_PIXELS", int(random.integers(1, 40_000)))
            small = flattening.flat_and_small(image, longest_side)
            whole = by_pillow_as_a_whole(image, longest_side)
            assert (small.mode, small.size, small.tobytes()) == (whole.mode, whole.size, whole.tobytes())


def test_photos_of_more_than_pillows_own_limit_are_read(monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 10)
    assert read(encoded(picture(), "PNG")).width == WIDTH


@pytest.mark.parametrize(
    ("color", "bucket"), [(0, "dark"), (84, "dark"), (85, "normal"), (170, "normal"), (171, "bright"), (255, "bright")]
)
def test_brightness_buckets(color, bucket):
    assert read(encoded(Image.new("L", (9, 7), color), "PNG")).brightness_bucket == bucket
    assert brightness_bucket(float(color)) == bucket


def test_mean_luma_weighs_the_colors():
    pixels = np.random.default_rng(0).integers(0, 256, (17, 13, 3)).astype(np.uint8)
    assert mean_luma(pixels) == pytest.approx((pixels @ np.array([0.299, 0.587, 0.114])).mean())


@pytest.mark.parametrize(
    ("side", "bucket"), [(1, "small"), (255, "small"), (256, "medium"), (512, "medium"), (513, "large")]
)
def test_size_buckets(side, bucket):
    assert size_bucket(side) == bucket
