"""Five kinds of flowers: transfer learning with a softmax head on flattened features, as Keras's tutorial has it.

192 pixels, MobileNetV2 frozen, its output laid out in a row, softmax; no dropout, no changes at random, Adam at 1e-3,
128 photos a step. The tutorial's first model, dense layers on the pixels, is
`transferline run flowers --set trainer.base=none`.

Data: the public archive of 3,670 photos (229 MB) in the class folders daisy, dandelion, roses, sunflowers and tulips,
or `--data-dir` with such a folder, an archive of it, or a manifest.

Command: `transferline run flowers`

Result: the tutorial tells of about 0.75. The flowers are behind a download that this project couldn't reach. On other
photos (`--data-dir FOLDER --set curated_schema=`) the test accuracy is 0.98 to 0.99, on five of the digits and on cats
and dogs alike; that of dense layers on the pixels is 0.94 and 0.52.
"""

import sys

from pipeline.config import (
    PHOTO_SLICES,
    Augmentation,
    Download,
    Evaluation,
    FeatureExtraction,
    FineTuning,
    ImagePipeline,
    ImageTransform,
    Threshold,
    TransferLearning,
)

CONFIG = ImagePipeline(
    name="flowers",
    # Size and sha256 as TensorFlow Datasets have them (tf_flowers/checksums.tsv, url_checksums/tf_flowers.txt).
    source=Download(
        url="https://storage.googleapis.com/download.tensorflow.org/example_images/flower_photos.tgz",
        size=228_813_984,
        sha256="4c54ace7911aaffe13a365c34f650e71dd5bf1be0a58b464e5a7183e3e595d9c",
    ),
    curated_schema="flowers.pbtxt",
    transform=ImageTransform(image_size=192),
    trainer=TransferLearning(
        pooling="flatten",
        head="softmax",
        dropout=0.0,
        augmentation=Augmentation(horizontal_flip=False, rotation=0.0),
        batch_size=128,
        feature_extraction=FeatureExtraction(learning_rate=1e-3),
        fine_tuning=FineTuning(epochs=0),
    ),
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
