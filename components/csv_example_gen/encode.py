"""From columns to the bytes of a TFRecord file."""

import struct
from collections.abc import Sequence

import google_crc32c
import numpy as np
import pyarrow as pa
from isal import igzip
from tfx_bsl.coders.example_coder import RecordBatchToExamplesEncoder

COMPRESSION_LEVEL = 1
CRC_MASK = 0xA282EAD8
HEADER = np.dtype([("length", "<u8"), ("crc", "<u4")])


def gzipped_records(table: pa.Table) -> bytes:
    """Returns a piece of a gzipped TFRecord file with one tf.Example a row.

    Such pieces can be put one after the other: a gzip file may have several members (RFC 1952, 2.2).

    Args:
        table: Columns of float32, int64 and strings; a null is a feature that the example lacks.
    """
    return gzipped(framed(encode(table)))


def gzipped(content: bytes) -> bytes:
    """Returns one member of a gzip file."""
    return bytes(igzip.compress(content, COMPRESSION_LEVEL))


def encode(table: pa.Table) -> list[bytes]:
    """Returns one serialized tf.Example a row."""
    columns = {name: _one_a_list(table[name].combine_chunks()) for name in table.column_names}
    batch = pa.RecordBatch.from_arrays(list(columns.values()), list(columns))
    return RecordBatchToExamplesEncoder().encode(batch)


def framed(records: Sequence[bytes]) -> bytes:
    """Returns the records as a TFRecord file has them: length, its checksum, record, its checksum.

    Source: tensorflow/core/lib/io/record_writer.h; the checksum is CRC-32C, masked.
    """
    if not records:
        return b""
    lengths = np.fromiter(map(len, records), np.uint64, len(records))
    headers = np.zeros(len(records), HEADER)
    headers["length"] = lengths
    for length in np.unique(lengths):
        headers["crc"][lengths == length] = _masked(google_crc32c.value(struct.pack("<Q", length)))
    sums = _masked(np.fromiter(map(google_crc32c.value, records), np.uint64, len(records))).astype("<u4")
    head, foot = headers.tobytes(), sums.tobytes()
    pieces: list[bytes] = [b""] * (3 * len(records))
    pieces[0::3] = [head[at : at + 12] for at in range(0, len(head), 12)]
    pieces[1::3] = records
    pieces[2::3] = [foot[at : at + 4] for at in range(0, len(foot), 4)]
    return b"".join(pieces)


def _masked(crc: "np.ndarray[tuple[int], np.dtype[np.uint64]] | int") -> "np.ndarray[tuple[int], np.dtype[np.uint64]]":
    value = np.asarray(crc, np.uint64)
    rotated = ((value >> np.uint64(15)) | (value << np.uint64(17))) & np.uint64(0xFFFFFFFF)
    return np.asarray((rotated + np.uint64(CRC_MASK)) & np.uint64(0xFFFFFFFF))


def _one_a_list(values: pa.Array) -> pa.Array:
    """A list of one value a row, and a null list where there is none."""
    if pa.types.is_string(values.type):
        values = values.cast(pa.binary())
    if not values.null_count:
        return pa.ListArray.from_arrays(pa.array(np.arange(len(values) + 1, dtype=np.int32)), values)
    present = values.is_valid().to_numpy(zero_copy_only=False)
    ends = np.concatenate([[0], np.cumsum(present)]).astype(np.int32)
    offsets = pa.array(ends, mask=np.append(~present, False))
    return pa.ListArray.from_arrays(offsets, values.drop_null())
