"""Beam's local runner as one that loses, doubles or swaps an element on its way from one stage to the next.

Engines with several workers have done so in the field. Beam names a runner by its class:
`--runner=unfaithful_runner.UnfaithfulRunner`; which element suffers what `unfaithful` says.
"""

from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from unittest.mock import patch

from apache_beam.coders.coder_impl import create_InputStream, create_OutputStream
from apache_beam.runners.portability.fn_api_runner import execution, fn_runner

TIMES = {"faithful": 1, "loses": 0, "doubles": 2}
ARGUMENTS = ("--runner=unfaithful_runner.UnfaithfulRunner", "--direct_running_mode=in_memory")


@dataclass
class Fault:
    """What befalls which element.

    Attributes:
        kind: "loses", "doubles" or "faithful".
        number: Of the element, in the order in which they go from stage to stage.
        seen: How many have gone so far.
    """

    kind: str = "faithful"
    number: int = -1
    seen: int = 0

    def times(self):
        """How often the next element arrives."""
        self.seen += 1
        return TIMES[self.kind] if self.seen - 1 == self.number else 1


CURRENT = [Fault()]


@contextmanager
def unfaithful(kind, number=-1):
    """Has the runner lose or double one element of all jobs inside; yields what has been seen."""
    CURRENT.append(Fault(kind, number))
    try:
        yield CURRENT[-1]
    finally:
        CURRENT.pop()


def arriving(sent, coder):
    """What arrives of encoded elements."""
    stream, arrived = create_InputStream(sent), create_OutputStream()
    while stream.size() > 0:
        element = coder.decode_from_stream(stream, True)
        for _ in range(CURRENT[-1].times()):
            coder.encode_to_stream(element, arrived, True)
    return arrived.get()


class ListBuffer(execution.ListBuffer):
    def append(self, element):
        super().append(arriving(element, self._coder_impl))


class GroupingBuffer(execution.GroupingBuffer):
    def append(self, elements_data):
        super().append(arriving(elements_data, self._pre_grouped_coder.get_impl()))


class UnfaithfulRunner(fn_runner.FnApiRunner):
    def run_stages(self, *arguments, **options):
        with ExitStack() as patched:
            for module in (execution, fn_runner):
                for buffer in (ListBuffer, GroupingBuffer):
                    if hasattr(module, buffer.__name__):
                        patched.enter_context(patch.object(module, buffer.__name__, buffer))
            return super().run_stages(*arguments, **options)
