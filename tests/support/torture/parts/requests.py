"""What `predict` is asked: rows of CSV and of JSON, and photos, that nobody meant; each is answered or set aside."""

import io
import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

from PIL import Image

from components.csv_example_gen.config import CsvData
from components.image_example_gen.config import ImageData
from components.ingest.report import Quarantined
from components.wording import safe
from pipeline.prediction.results import Prediction, TableLines, fault_line
from torture.mutation import HOSTILE_NUMBERS, HOSTILE_TEXTS, hostile_value, spoiled_bytes
from torture.part import Part

HONEST: dict[str, tuple[Any, ...]] = {
    "size": (1.0, 2.5, -3.25, None, 1e30),
    "code": (7, 8, -1, None, 2**40),
    "colour": ("red", "green", "", "bleu ciel", "é", None),
    "day": ("29.02.2024", "01.03.2024", None),
}
DATA = CsvData(label="class", dates={"day": "%d.%m.%Y"}, id=("colour",))
NAMES = ("rows", "r [x]", "é", "a" * 100, "a\nb", "\x1b[31m", "\udcff", "*", "~", "$HOME", "-", "eval")
FOLDER = TemporaryDirectory(prefix="torture-models-")
"""Of the models; it goes with the process."""

FORMATS = ("PNG", "JPEG", "GIF", "BMP", "WEBP")


def run(random: Random, folder: Path) -> str:
    """Asks a model once."""
    ask = random.choice((_ask_rows, _ask_rows, _ask_photos))
    return ask(random, folder)


def _ask_rows(random: Random, folder: Path) -> str:
    # Seldom spoiled: what is spoiled as a whole gets nowhere.
    rows = [
        {name: _value(random, honest) for name, honest in HONEST.items() if random.random() < 0.99}
        for _ in range(random.choice((1, 2, 5, 40)))
    ]
    kind, written = random.choice(((".jsonl", _json_lines), (".csv", _csv), (".csv", _csv)))
    data = written(random, rows)
    is_spoiled = random.random() < 0.3
    path = folder / f"{random.choice(NAMES)}{kind}"
    path.write_bytes(spoiled_bytes(random, data) if is_spoiled else data)
    model = _model(random.choice(("columns", "numbers")))
    if random.random() < 0.3:
        model.novelties.lines()
    found = _answered([str(path)], DATA, model)
    # Of a file that can't be read there is one line, and of a model of numbers some columns aren't read.
    if not is_spoiled and len(found) not in (1, len(rows)):
        raise AssertionError(f"{len(rows)} rows were asked for, and {len(found)} answered or set aside")
    return f"rows{kind}: {_verdict(found)}"


def _ask_photos(random: Random, folder: Path) -> str:
    count = random.randint(1, 3)
    for number in range(count):
        content = _photo(random.choice(FORMATS), random.choice(("L", "RGB", "RGBA", "P", "1", "I;16", "CMYK")))
        content = content if random.random() < 0.2 else spoiled_bytes(random, content)
        (folder / f"{number}{random.choice(NAMES)}.{random.choice(('jpg', 'png', 'txt'))}").write_bytes(content)
    found = _answered([str(folder)], ImageData(max_pixels=10**6), _model("photos"))
    if len(found) != count:
        raise AssertionError(f"{count} photos were asked for, and {len(found)} answered or set aside")
    return f"photos: {_verdict(found)}"


def _answered(paths: Sequence[str], data: CsvData | ImageData, model: Any) -> list[Prediction | Quarantined]:
    """What came of each, after it was printed in both ways: a line each, that a terminal shows to the letter."""
    from pipeline.prediction.predict import predictions  # noqa: PLC0415 (loads TensorFlow)

    found = [each for batch in predictions(data, paths, model) for each in batch]
    ids = data.id if isinstance(data, CsvData) else ()
    table = TableLines(model.class_names, tuple(paths), rows=isinstance(data, CsvData), ids=ids)
    for each in found:
        if isinstance(each, Prediction):
            json.loads(each.as_json())
            lines = [table.line(each), each.as_json()]
        else:
            lines = [fault_line(each)]
        for line in lines:
            line.encode()
            if "\n" in line or "\n" in safe(line):
                raise AssertionError(f"more than a line: {line!r}")
    return found


def _verdict(found: list[Prediction | Quarantined]) -> str:
    set_aside = sum(isinstance(each, Quarantined) for each in found)
    return "answered" if not set_aside else "set aside" if set_aside == len(found) else "some set aside"


def _value(random: Random, honest: tuple[Any, ...]) -> Any:
    match random.randrange(30):
        case 0:
            return random.choice(HOSTILE_TEXTS)
        case 1:
            return random.choice(HOSTILE_NUMBERS)
        case 2:
            return hostile_value(random)
        case _:
            return random.choice(honest)


def _json_lines(random: Random, rows: list[dict[str, Any]]) -> bytes:
    lines = [json.dumps(row, ensure_ascii=random.random() < 0.9) for row in rows]
    if random.random() < 0.1:
        odd = ("[" * 5_000, "9" * 5_000, "", "null", '{"size": 1e999}', '{"size": "' + "a" * 10_000 + '"}')
        lines[random.randrange(len(lines))] = random.choice(odd)
    return ("\n".join(lines) + "\n").encode("utf-8", "surrogatepass")


def _csv(random: Random, rows: list[dict[str, Any]]) -> bytes:
    delimiter = random.choice((",", ",", ",", ",", ",", ";", "\t"))
    lines = [delimiter.join(HONEST)]
    for row in rows:
        cells = ["" if row.get(name) is None else str(row[name]) for name in HONEST]
        # A line's end in a cell is for a setting of its own.
        plain = [cell.replace("\n", " ").replace('"', '""') for cell in cells]
        pairs = zip(plain, cells, strict=True)
        lines.append(delimiter.join(each if each == cell else f'"{each}"' for each, cell in pairs))
    return ("\n".join(lines) + "\n").encode("utf-8", "surrogatepass")


@cache
def _model(kind: str) -> Any:
    """A model of each kind; loaded once, as TensorFlow is."""
    from small_models import save_column_model, save_number_model, save_photo_model  # noqa: PLC0415 (TensorFlow)

    from pipeline.prediction.novelties import WatchedModel  # noqa: PLC0415 (TensorFlow)

    save = {
        "columns": save_column_model,
        "numbers": save_number_model,
        "photos": save_photo_model,
    }[kind]
    folder = Path(FOLDER.name) / kind / "1"
    save(folder)
    return WatchedModel(str(folder))


@cache
def _photo(form: str, mode: str) -> bytes:
    image = Image.effect_noise((24, 16), 50).convert("L" if mode == "I;16" else mode)
    file = io.BytesIO()
    try:
        image.convert("I;16" if mode == "I;16" else mode).save(file, form)
    except (OSError, ValueError, KeyError):  # not every format has every mode
        return _photo(form, "RGB")
    return file.getvalue()


PART = Part(name="requests", cases=20_000, run=run, sample=60, seconds=60)
