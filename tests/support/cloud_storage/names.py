"""Google's names that the emulator answers to."""

NAMES = (
    "storage.googleapis.com",
    "www.googleapis.com",
    "oauth2.googleapis.com",
    "accounts.google.com",
    "iamcredentials.googleapis.com",
    "metadata.google.internal",
)
