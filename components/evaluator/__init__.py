"""The Evaluator: slices, thresholds and the blessing."""
