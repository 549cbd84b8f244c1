"""`transferline predict` and `evaluate`: give photos or rows to a pushed model."""
