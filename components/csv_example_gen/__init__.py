"""Rows of CSV or Parquet files in, TFRecords of tf.Example out."""
