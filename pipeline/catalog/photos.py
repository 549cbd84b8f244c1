"""Any photos, any number of classes: start here with a folder of your own.

Data: `--data-dir` with a folder of class folders, an archive of it, a manifest CSV or TFRecords. The schema is inferred
from the training photos and kept beside the runs, for you to curate.

Command: `transferline run photos --data-dir FOLDER`

Result: depends on the photos; the thresholds below are a beginning, to be raised.
"""

import sys

from pipeline.config import PHOTO_SLICES, Evaluation, ImagePipeline, Threshold

CONFIG = ImagePipeline(
    name="photos",
    evaluation=Evaluation(
        thresholds=(Threshold(metric="accuracy", at_least=0.80, max_drop=0.02),),
        slices=("label", *PHOTO_SLICES),
    ),
)

if __name__ == "__main__":
    from pipeline.script import catalog_script

    sys.exit(catalog_script(CONFIG))
