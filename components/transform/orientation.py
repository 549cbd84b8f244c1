r"""Reads and applies the EXIF orientation of a JPEG with TensorFlow operations alone.

Phones store the sensor's pixels and, in the Exif segment, how to turn them. TensorFlow's decoders ignore it. Ingest
stores photos upright; this is for the photo that is served as it came.

Layout: JPEG ITU T.81 annex B.1.1 (marker segments), Exif 2.32 chapter 4.5 (the APP1 segment holds "Exif\0\0" and
a TIFF file), TIFF 6.0 section 2 (header, image file directory of entries of 12 bytes).
"""

import tensorflow as tf

HEAD_BYTES = 65_536
"""So much of a photo is looked through: cameras write the Exif segment first, and it has 65,535 bytes at most."""

SOI = b"\xff\xd8"
WITH_EXIF = r"\C*Exif\x00\x00\C*"
"""RE2, in which `\\C` is any byte, whether or not it is part of a valid UTF-8 character."""
APP1 = 0xE1
START_OF_SCAN = 0xDA
END_OF_IMAGE = 0xD9
EXIF = b"Exif\0\0"
ORIENTATION_TAG = 0x0112
TYPE_SHORT = 3
UPRIGHT = 1
MAX_SEGMENTS = 64
MAX_ENTRIES = 256
"""Entries of the first directory that are looked through; cameras write 10 to 20, in ascending order of tags."""


def may_be_turned(encoded: tf.Tensor) -> tf.Tensor:
    """Tells quickly which photos can't have an EXIF orientation: nearly all, once ingest has stored them upright.

    Args:
        encoded: string of any shape, encoded photos in any format.

    Returns:
        bool of the same shape; False where `jpeg_orientation` is 1 for sure.
    """
    head = tf.strings.substr(encoded, 0, HEAD_BYTES)
    is_jpeg = tf.equal(tf.strings.substr(head, 0, len(SOI)), SOI)
    return tf.logical_and(is_jpeg, tf.strings.regex_full_match(head, WITH_EXIF))


def jpeg_orientation(encoded: tf.Tensor) -> tf.Tensor:
    """Reads the EXIF orientation out of a JPEG's bytes.

    Args:
        encoded: Scalar string, the encoded photo, in any format.

    Returns:
        Scalar int32 from 1 to 8; 1 (upright) where there is none, it makes no sense, or this is no JPEG.
    """
    return tf.cond(
        may_be_turned(encoded),
        lambda: _orientation_of_head(_padded(tf.strings.substr(encoded, 0, HEAD_BYTES))),
        lambda: tf.constant(UPRIGHT),
    )


def upright(pixels: tf.Tensor, orientation: tf.Tensor) -> tf.Tensor:
    """Turns and mirrors a square photo as its EXIF orientation says.

    Args:
        pixels: Numbers [size, size, channels].
        orientation: Scalar int32 from 1 to 8.

    Returns:
        The same shape and dtype. A photo that isn't square would change its shape and isn't accepted.
    """
    turns = [
        lambda: pixels,
        lambda: tf.reverse(pixels, [1]),
        lambda: tf.reverse(pixels, [0, 1]),
        lambda: tf.reverse(pixels, [0]),
        lambda: tf.transpose(pixels, [1, 0, 2]),
        lambda: tf.reverse(tf.transpose(pixels, [1, 0, 2]), [1]),
        lambda: tf.reverse(tf.transpose(pixels, [1, 0, 2]), [0, 1]),
        lambda: tf.reverse(tf.transpose(pixels, [1, 0, 2]), [0]),
    ]
    return tf.ensure_shape(tf.switch_case(orientation - 1, turns), pixels.shape)


def _padded(head: tf.Tensor) -> tf.Tensor:
    """Returns the bytes as int32 [n], followed by zeros so that a short read past the end is harmless."""
    return tf.pad(tf.cast(tf.io.decode_raw(head, tf.uint8), tf.int32), [[0, 16]])


def _bytes_at(head: tf.Tensor, offset: tf.Tensor, count: int) -> tf.Tensor:
    """Returns int32 [count] from `offset`, held inside the head: a hostile offset must not stop the server."""
    start = tf.clip_by_value(offset, 0, tf.size(head) - count)
    return tf.ensure_shape(head[start : start + count], [count])


def _number(digits: tf.Tensor, big_endian: tf.Tensor) -> tf.Tensor:
    """Returns the unsigned number of int32 [..., 2 or 4] bytes; 32-bit ones are held below 2**31."""
    ordered = tf.where(big_endian, digits, tf.reverse(digits, [-1]))
    places = tf.constant([256**power for power in reversed(range(digits.shape[-1]))], tf.int64)
    number = tf.reduce_sum(tf.cast(ordered, tf.int64) * places, axis=-1)
    return tf.cast(tf.minimum(number, tf.int32.max), tf.int32)


def _orientation_of_head(head: tf.Tensor) -> tf.Tensor:
    exif = _exif_offset(head)
    return tf.cond(exif > 0, lambda: _orientation_of_exif(head, exif), lambda: tf.constant(UPRIGHT))


def _exif_offset(head: tf.Tensor) -> tf.Tensor:
    """Walks the marker segments and returns where the TIFF inside the first Exif segment starts, or 0."""
    name = tf.constant(list(EXIF))

    def is_exif(offset: tf.Tensor) -> tf.Tensor:
        segment = _bytes_at(head, offset, 4 + len(EXIF))
        return tf.logical_and(tf.equal(segment[1], APP1), tf.reduce_all(tf.equal(segment[4:], name)))

    def goes_on(offset: tf.Tensor) -> tf.Tensor:
        marker = _bytes_at(head, offset, 2)
        inside = tf.logical_and(offset < tf.size(head) - 16, tf.equal(marker[0], 0xFF))
        at_end = tf.logical_or(tf.equal(marker[1], START_OF_SCAN), tf.equal(marker[1], END_OF_IMAGE))
        return tf.logical_and(tf.logical_and(inside, tf.logical_not(at_end)), tf.logical_not(is_exif(offset)))

    def next_segment(offset: tf.Tensor) -> tf.Tensor:
        # A marker may be preceded by fill bytes 0xFF (T.81 B.1.1.2): step over them one at a time.
        marker = _bytes_at(head, offset, 4)
        length = _number(marker[2:], tf.constant(True))
        return tf.where(tf.equal(marker[1], 0xFF), offset + 1, offset + 2 + tf.maximum(length, 2))

    end = tf.while_loop(
        goes_on, lambda offset: [next_segment(offset)], [tf.constant(2)], maximum_iterations=MAX_SEGMENTS
    )
    return tf.where(is_exif(end[0]), end[0] + 4 + len(EXIF), 0)


def _orientation_of_exif(head: tf.Tensor, tiff: tf.Tensor) -> tf.Tensor:
    """Looks the orientation up in the first directory of the TIFF that starts at `tiff`, inside its segment."""
    segment_end = tiff - len(EXIF) - 2 + _number(_bytes_at(head, tiff - len(EXIF) - 2, 2), tf.constant(True))
    big_endian = tf.equal(head[tiff], ord("M"))
    first = _number(_bytes_at(head, tiff + 4, 4), big_endian)
    directory = tiff + tf.minimum(first, HEAD_BYTES)
    count = tf.minimum(_number(_bytes_at(head, directory, 2), big_endian), MAX_ENTRIES)
    room = tf.maximum((tf.minimum(segment_end, tf.size(head) - 16) - directory - 2) // 12, 0)
    count = tf.minimum(count, room)
    entries = tf.reshape(head[directory + 2 : directory + 2 + 12 * count], [count, 12])
    found = tf.logical_and(
        tf.equal(_number(entries[:, 0:2], big_endian), ORIENTATION_TAG),
        tf.equal(_number(entries[:, 2:4], big_endian), TYPE_SHORT),
    )
    value = tf.reduce_max(tf.where(found, _number(entries[:, 8:10], big_endian), 0), axis=0)
    return tf.where(tf.logical_and(value >= UPRIGHT, value <= 8), value, UPRIGHT)
