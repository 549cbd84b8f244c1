"""Five kinds of flowers: transfer learning with a softmax head on flattened features.

Data: the public archive of 3,670 photos (229 MB) in the class folders daisy, dandelion, roses, sunflowers and tulips,
or `--data-dir` with such a folder, an archive of it, or a manifest.

Command: `transferline run flowers`

Result: about 0.75 test accuracy is known for this head on the frozen base; not measured by this project, since the
data is behind a download.
"""

import sys

from pipeline.config import (
    PHOTO_SLICES,
    Download,
    Evaluation,
    FineTuning,
    ImagePipeline,
    ImageTransform,
    Threshold,
    TransferLearning,
)

CONFIG = ImagePipeline(
    name="flowers",
    source=Download(url="https://storage.googleapis.com/download.tensorflow.org/example_images/flower_photos.tgz"),
    curated_schema="flowers.pbtxt",
    transform=ImageTransform(image_size=192),
    trainer=TransferLearning(pooling="flatten", fine_tuning=FineTuning(epochs=0)),
    evaluation=Evaluation(
        thresholds=(
            Threshold(metric="accuracy", at_least=0.70, max_drop=0.02),
            Threshold(metric="accuracy", slice="label", at_least=0.50),
        ),
        slices=("label", *PHOTO_SLICES),
    ),
)

if __name__ == "__main__":
    from pipeline.script import catalog_script

    sys.exit(catalog_script(CONFIG))
