"""Training: of photos by transfer learning, of rows by multilayer perceptrons; and what the two share."""
