"""The command answers in seconds, since it doesn't wait for TensorFlow."""

import subprocess
import sys

CODE = """
import sys
from pipeline.new.photo_pipeline import draft_for_photos
from pipeline.profile.photos import look_at_photos
from pipeline.new.row_pipeline import draft_for_rows
from pipeline.profile.rows import look_at_rows
draft_for_photos("mine", look_at_photos(sys.argv[1]))
draft_for_rows("mine", look_at_rows(sys.argv[2], "label"))
print([name for name in ("tensorflow", "tfx", "apache_beam") if name in sys.modules])
"""


def test_looking_imports_neither_tensorflow_nor_tfx(lay_out, photo):
    folder = lay_out({f"{name}/{n}.png": photo(n, file_format="PNG") for name in ("cat", "dog") for n in range(3)})
    rows = folder / "rows.csv"
    rows.write_text("x,label\n" + "".join(f"{n / 7:.3f},{n % 2}\n" for n in range(50)))
    done = subprocess.run(
        [sys.executable, "-c", CODE, str(folder), str(rows)], capture_output=True, text=True, check=False
    )
    assert done.stdout == "[]\n", done.stderr
