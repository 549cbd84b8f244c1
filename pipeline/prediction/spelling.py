"""Writes booleans and numbers that pandas or JSON have in a column of text as training had them."""

from collections.abc import Collection

import numpy as np

TRUE, FALSE = ("True", "true", "TRUE", "1"), ("False", "false", "FALSE", "0")
"""How files write a boolean."""


def text_of(value: object, trained: Collection[str]) -> str:
    """Returns a value as text: as training wrote it, as far as that is known.

    Args:
        value: A boolean, a number or a text.
        trained: The texts that training had in the column; none where the model doesn't say.
    """
    texts = _texts_of(value)
    return next((text for text in texts if text in trained), texts[0])


def _texts_of(value: object) -> tuple[str, ...]:
    if isinstance(value, (bool, np.bool_)):
        return TRUE if value else FALSE
    if isinstance(value, (float, np.floating)) and float(value).is_integer():
        return str(int(value)), str(value)  # a column of whole numbers with holes is of floats
    return (str(value),)
