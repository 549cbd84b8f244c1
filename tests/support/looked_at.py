"""Rows that were looked at as `transferline new` looks at them."""

from pipeline.profile.rows import look_at_rows


def look(tmp_path, content, label, name="rows.csv", **options):
    """Writes a file of rows, and returns what is found in it."""
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return look_at_rows(str(path), label, **options)
