"""Names the signatures of a model that its evaluation asks for; apart from TFMA, which takes seconds to import."""

LABEL_SIGNATURE = "transform_labels"
"""Gives the label as Transform made it."""

SLICE_SIGNATURE = "transform_slices"
"""Gives columns to slice by."""
