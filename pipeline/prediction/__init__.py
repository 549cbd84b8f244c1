"""`transferline predict`: photos or rows through the last pushed model."""
