"""HIGGS: collisions that made a Higgs boson from those that did not, by seven multilayer perceptrons.

Data: the public file (UCI, 11,000,000 rows, 2.8 GB), or `--data-dir` with the file or a part of it: no header, the
label first, then 28 columns. The first 1,000 rows validate and the next 10,000 train, as in TensorFlow's tutorial
"Overfit and underfit"; the last 500,000 test. Of a shorter file, such as the 11,000 rows that the tutorial reads, what
these leave tests, but at least a twentieth of it, which training lacks then.

Command: `transferline run higgs`, or with a file of your own
    transferline run higgs --data-dir HIGGS.csv.gz

Result with the first 10,984 rows, of which 9,484 trained and the last 500 tested: the best model is `combined`
(validation cross-entropy about 0.57), test AUC 0.74 to 0.80.
"""

import sys

from pipeline.config import CsvData, Download, Evaluation, RowPipeline, RowSplit, RowTransform, Threshold
from pipeline.data.higgs import FEATURES, LABEL_COLUMN, SLICES

CONFIG = RowPipeline(
    name="higgs",
    # Size and sha256 as TensorFlow Datasets have it (url_checksums/higgs.txt).
    source=Download(
        url="https://archive.ics.uci.edu/ml/machine-learning-databases/00280/HIGGS.csv.gz",
        size=2_816_407_858,
        sha256="ea302c18164d4e3d916a1e2e83a9a8d07069fa6ebc7771e4c0540d54e593b698",
    ),
    data=CsvData(
        columns=(LABEL_COLUMN, *FEATURES),
        label=LABEL_COLUMN,
        classes=("0", "1"),
        split=RowSplit(by="rows", eval_rows=1_000, train_rows=10_000, test_rows=500_000, least_test=0.05),
    ),
    curated_schema="higgs.pbtxt",
    # The published columns are in units of about their mean already.
    transform=RowTransform(features=FEATURES, standardize=False, slices=SLICES),
    evaluation=Evaluation(
        thresholds=(
            Threshold(metric="auc", at_least=0.70, max_drop=0.02),
            Threshold(metric="accuracy", at_least=0.60),
            Threshold(metric="crossentropy", at_most=0.65),
        ),
        slices=("label", *SLICES),
    ),
)

if __name__ == "__main__":
    from pipeline.script import catalog_script

    sys.exit(catalog_script(CONFIG))
