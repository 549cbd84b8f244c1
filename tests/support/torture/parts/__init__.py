"""Each module here is a part of the torture and has a `PART`."""
