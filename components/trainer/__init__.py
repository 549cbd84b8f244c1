"""Trains models: of photos by transfer learning, of rows by multilayer perceptrons."""
