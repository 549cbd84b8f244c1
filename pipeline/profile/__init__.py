"""What someone's data is like, for `new` and `check`."""
