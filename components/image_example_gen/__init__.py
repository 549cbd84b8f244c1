"""Photos in, TFRecord of tf.Example and an ingest report out."""
