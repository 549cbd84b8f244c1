"""Turns rows of CSV or Parquet files into TFRecords of tf.Example."""
