"""Photos and rows to look at, for `new`, `check` and what they have in common."""

import io

import numpy as np
import pytest
from PIL import Image


def encoded(seed=0, size=(60, 50), file_format="JPEG"):
    buffer = io.BytesIO()
    pixels = np.random.default_rng(seed).integers(0, 255, (size[1], size[0], 3)).astype(np.uint8)
    Image.fromarray(pixels).save(buffer, file_format)
    return buffer.getvalue()


@pytest.fixture
def photo():
    """Returns a function that makes an encoded photo."""
    return encoded


@pytest.fixture
def lay_out(tmp_path):
    """Returns a function that writes {path: bytes} below a folder, and returns the folder."""

    def make(files):
        folder = tmp_path / "data"
        for name, content in files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        return folder

    return make


def made_columns(rows=2500, seed=0):
    """A table in which x and y tell the class, and the other columns are as tables have them."""
    rng = np.random.default_rng(seed)
    x, y = rng.normal(size=(2, rows))
    label = np.where(x + y + rng.normal(size=rows) > 0, "yes", "no")
    return {
        "x": [f"{value:.4f}" for value in x],
        "my y": [f"{value:.4f}" if n % 10 else "NA" for n, value in enumerate(y)],
        "row id": [str(n) for n in range(rows)],
        "customer_id": [str(1000 + n // 4) for n in range(rows)],
        "code": [f"k{n}" for n in range(rows)],
        "always": ["7"] * rows,
        "never": [""] * rows,
        "town": [("Köln", "Bonn", "Rom")[n % 3] for n in range(rows)],
        "day": [f"2021-03-{1 + n % 28:02d}" for n in range(rows)],
        "price": [f"{n % 97},{n % 89:02d}" for n in range(rows)],
        "answer": ["1" if each == "yes" else "0" for each in label],
        "label": label.tolist(),
    }


def as_csv(table, delimiter=";", header=True):
    lines = [delimiter.join(table)] if header else []
    return "\n".join([*lines, *(delimiter.join(row) for row in zip(*table.values(), strict=True))]) + "\n"


@pytest.fixture(scope="session")
def columns():
    """Returns a function that makes a table with columns of every kind."""
    return made_columns


@pytest.fixture(scope="session")
def csv_text():
    """Returns a function that makes CSV of such a table."""
    return as_csv
