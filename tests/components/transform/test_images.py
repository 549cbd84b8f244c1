import io

import numpy as np
import pytest
import tensorflow as tf
import tf_keras as keras
from PIL import Image, ImageOps

from components.transform import images


def eagerly(operation, value):
    return operation(tf.constant(value)).numpy()


def in_tf_data(operation, value):
    return next(iter(tf.data.Dataset.from_tensors(value).map(operation))).numpy()


@pytest.fixture(params=[eagerly, in_tf_data])
def run(request):
    return request.param


def photo(height=24, width=36, bands=3):
    across = np.linspace(0, 255, width)[None, :, None]
    down = np.linspace(255, 0, height)[:, None, None]
    steps = np.arange(1, bands + 1)[None, None, :] / bands
    return np.round((across * steps + down * (1 - steps)) * np.ones((height, width, bands))).astype(np.uint8)


def encoded(image, file_format, **options):
    buffer = io.BytesIO()
    image.save(buffer, file_format, **options)
    return buffer.getvalue()


@pytest.mark.parametrize("file_format", ["PNG", "BMP"])
def test_decode_lossless_formats_exactly(run, file_format):
    pixels = photo()

    decoded = run(images.decode, encoded(Image.fromarray(pixels), file_format))

    assert decoded.dtype == np.uint8
    np.testing.assert_array_equal(decoded, pixels)


def test_decode_jpeg_to_the_bit_as_pil_does(run):
    data = encoded(Image.fromarray(photo()), "JPEG")

    decoded = run(images.decode, data)

    np.testing.assert_array_equal(decoded, np.asarray(Image.open(io.BytesIO(data))))


@pytest.mark.parametrize("mode", ["L", "1", "P", "I;16"])
def test_decode_gives_three_channels_for_every_mode_of_png(run, mode):
    grey = photo(bands=1)[..., 0]
    image = Image.fromarray(grey.astype(np.uint16) * 257) if mode == "I;16" else Image.fromarray(grey).convert(mode)

    decoded = run(images.decode, encoded(image, "PNG"))

    expected = grey if mode == "I;16" else np.asarray(image.convert("L"))
    np.testing.assert_array_equal(decoded, np.repeat(expected[..., None], 3, axis=2))


def test_decode_takes_the_first_frame_of_an_animation(run):
    frames = [Image.new("RGB", (8, 6), colour) for colour in ("red", "blue")]
    data = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])

    decoded = run(images.decode, data)

    np.testing.assert_array_equal(decoded, np.broadcast_to([255, 0, 0], (6, 8, 3)))


def test_decode_reads_a_cmyk_jpeg(run):
    decoded = run(images.decode, encoded(Image.new("CMYK", (8, 6), (0, 255, 255, 0)), "JPEG"))

    assert decoded.shape == (6, 8, 3)


def test_decode_lays_transparency_on_white_as_pil_does(run):
    image = Image.fromarray(photo(bands=4), "RGBA")
    white = Image.new("RGBA", image.size, "white")

    decoded = run(images.decode, encoded(image, "PNG"))

    expected = np.asarray(Image.alpha_composite(white, image).convert("RGB"))
    np.testing.assert_allclose(decoded.astype(int), expected.astype(int), atol=1)


def test_decode_makes_the_transparent_colour_of_a_palette_white(run):
    image = Image.new("P", (8, 6), 1)
    image.putpalette([0, 0, 0, 200, 10, 20])
    image.paste(0, (0, 0, 4, 6))

    decoded = run(images.decode, encoded(image, "PNG", transparency=0))

    np.testing.assert_array_equal(decoded[0, 0], [255, 255, 255])
    np.testing.assert_array_equal(decoded[0, 7], [200, 10, 20])


@pytest.mark.parametrize("data", [b"", b"not a photo", encoded(Image.new("RGB", (8, 8)), "PNG")[:30]])
def test_decode_refuses_what_is_no_photo(run, data):
    with pytest.raises(tf.errors.InvalidArgumentError):
        run(images.decode, data)


def test_resize_is_square_and_keeps_a_plain_colour(run):
    resized = run(lambda pixels: images.resize(pixels, 32), np.full((50, 20, 3), 77, np.uint8))

    assert resized.shape == (32, 32, 3)
    np.testing.assert_allclose(resized, 77.0, rtol=1e-6)


def test_resize_gives_the_same_for_a_photo_made_smaller_beforehand(run):
    noise = np.random.default_rng(0).integers(0, 255, (16, 16, 3)).astype(np.uint8)
    large = Image.fromarray(noise).resize((512, 512), Image.Resampling.BICUBIC)
    smaller = large.resize((128, 128), Image.Resampling.LANCZOS)

    from_large = run(lambda pixels: images.resize(pixels, 32), np.asarray(large))
    from_smaller = run(lambda pixels: images.resize(pixels, 32), np.asarray(smaller))

    np.testing.assert_allclose(from_large, from_smaller, atol=3)


@pytest.mark.parametrize(("height", "width"), [(50, 20), (20, 51), (33, 33)])
def test_the_middle_square_is_the_one_that_keras_takes(run, height, width):
    pixels = np.random.default_rng(0).uniform(0, 255, (height, width, 3)).astype(np.float32)
    side = min(height, width)
    expected = keras.preprocessing.image.smart_resize(pixels, (side, side))
    np.testing.assert_allclose(run(images.middle_square, pixels), expected, atol=1e-3)


@pytest.mark.parametrize(
    ("scale", "expected"),
    [
        ("symmetric", [-1, 0, 1]),
        ("unit", [0, 0.5, 1]),
        ("imagenet", [-0.485 / 0.229, (0.5 - 0.456) / 0.224, (1 - 0.406) / 0.225]),
    ],
)
def test_rescale_maps_bytes_to_what_a_network_takes(run, scale, expected):
    rescaled = run(lambda pixels: images.rescale(pixels, scale), np.array([[0, 127.5, 255]], np.float32))

    assert rescaled.dtype == np.float32
    np.testing.assert_allclose(rescaled, [expected], rtol=1e-5, atol=1e-7)


def phone_photo(orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    return encoded(Image.fromarray(photo()), "JPEG", quality=100, subsampling=0, exif=exif)


def as_ingested(data):
    return encoded(ImageOps.exif_transpose(Image.open(io.BytesIO(data))), "PNG")


@pytest.mark.parametrize("in_graph", [False, True])
def test_image_tensor_of_a_phone_photo_is_that_of_the_photo_ingested(in_graph):
    stored = [phone_photo(orientation) for orientation in range(1, 9)]
    tensor = (
        tf.function(lambda data: images.image_tensor(data, 32, "symmetric"))
        if in_graph
        else lambda data: images.image_tensor(data, 32, "symmetric")
    )

    served = [tensor(tf.constant(data)).numpy() for data in stored]
    ingested = [tensor(tf.constant(as_ingested(data))).numpy() for data in stored]

    np.testing.assert_allclose(served, ingested, atol=1e-5)
    assert len({tuple(photo_.ravel()) for photo_ in served}) == 8


def test_image_tensor_has_a_fixed_shape_inside_a_graph():
    dataset = tf.data.Dataset.from_tensors(encoded(Image.fromarray(photo()), "JPEG"))

    assert dataset.map(lambda data: images.image_tensor(data, 48, "symmetric")).element_spec.shape == (48, 48, 3)


@pytest.mark.parametrize("orientations", [[], [None], [None, 6, 3]])
def test_image_batch_gives_the_tensor_of_each_photo(run, orientations):
    photos = [encoded(Image.fromarray(photo()), "PNG") if turn is None else phone_photo(turn) for turn in orientations]

    batch = run(lambda data: images.image_batch(data, 32, "symmetric"), np.array(photos, dtype=object))

    assert batch.shape == (len(photos), 32, 32, 3)
    for tensor, data in zip(batch, photos, strict=True):
        np.testing.assert_allclose(tensor, images.image_tensor(tf.constant(data), 32, "symmetric"), atol=1e-6)
