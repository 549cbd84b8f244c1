"""The comparison of several models before one is trained for good."""
