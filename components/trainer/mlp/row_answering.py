"""Finds out how a trained model of rows is to answer, on the validation split."""

import numpy as np
import tensorflow as tf

from components.answering import Answering
from components.trainer.answering import find_answering
from components.trainer.mlp.dataset import load_rows
from components.trainer.mlp.one_model import Described, RowTrainerArgs
from components.trainer.mlp.trained import TrainedModel


def answering_of(fn_args: RowTrainerArgs, described: Described, model: TrainedModel) -> Answering:
    """Returns temperature and cut, as far as the settings ask for them.

    Every worker reads the whole split, so that all come to the same.

    Args:
        fn_args: What TFX gives a trainer.
        described: What the model was built with.
        model: The model.
    """
    settings = described.settings
    weighs_classes = settings.class_weights is not None
    if not settings.calibrate and settings.operating_point is None:
        return Answering(weighs_classes=weighs_classes)
    rows = load_rows(
        fn_args.eval_files, described.tft_output, described.class_names, [model.vector], weight=described.weight
    )[model.vector]
    vectors = tf.TensorSpec([None, rows.columns], tf.float32)
    logits_of = tf.function(model.logits, input_signature=[vectors], autograph=False)
    # Copies: what is cut out of a block would hold all of it.
    parts = [(logits_of(block[:, : rows.columns]).numpy(), block[:, rows.columns :].copy()) for block in rows.blocks()]
    logits, others = (np.concatenate(each) for each in zip(*parts, strict=True))
    return find_answering(
        logits,
        others[:, -1].astype(np.int64),
        others[:, 0] if rows.weighted else None,
        calibrated=settings.calibrate,
        operating_point=settings.operating_point,
    ).model_copy(update={"weighs_classes": weighs_classes})
