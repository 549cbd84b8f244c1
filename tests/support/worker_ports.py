"""What trainings by several workers are tested with where the system gives workers no network of their own."""

from components.trainer.private_network import NoPrivateNetworkError, private_network


def must_be_open():
    """Whether workers can only be had with ports that are open to the machine's network."""
    try:
        with private_network():
            return False
    except NoPrivateNetworkError:
        return True
