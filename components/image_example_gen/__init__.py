"""Turns photos into TFRecords of tf.Example, with an ingest report."""
