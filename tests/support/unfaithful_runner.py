"""Beam's local runner as one that loses, doubles or mixes up an element on its way from one stage to the next.

Engines with several workers have done so in the field. Beam names a runner by its class:
`--runner=unfaithful_runner.UnfaithfulRunner`; which element suffers what `unfaithful` says. An element is one that a
stage gives to the next, or the group of a key. One that is mixed up changes places with the next that can take its
place: of another output, or, where it has a key, with the value of another key.
"""

from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

from apache_beam.coders.coder_impl import create_InputStream, create_OutputStream
from apache_beam.runners.portability.fn_api_runner import execution, fn_runner

LOSES, DOUBLES, MIXES, FAITHFUL = "loses", "doubles", "mixes", "faithful"
FAULTS = (LOSES, DOUBLES, MIXES)
ARGUMENTS = (
    "--runner=unfaithful_runner.UnfaithfulRunner",
    "--direct_running_mode=in_memory",
    "--sdk_container_image=none",  # or TFX packs itself for workers that there are none of, in each job
)


@dataclass
class Held:
    """An element that waits for one to change places with.

    Attributes:
        place: The buffer that it was on its way to.
        coder: Of the elements there.
        element: The element.
    """

    place: Any
    coder: Any
    element: Any


@dataclass
class Fault:
    """What befalls which element.

    Attributes:
        kind: One of `FAULTS`, or "faithful".
        number: Of the element, in the order in which they go from stage to stage.
        seen: How many have gone so far.
        held: The one that is to be mixed up.
    """

    kind: str = FAITHFUL
    number: int = -1
    seen: int = 0
    held: Held | None = None

    def arriving(self, sent, coder, place):
        """What arrives at a buffer of encoded elements."""
        stream, arrived = create_InputStream(sent), create_OutputStream()
        while stream.size() > 0:
            element = coder.decode_from_stream(stream, True)
            for each in self._befalls(element, coder, place):
                coder.encode_to_stream(each, arrived, True)
        return arrived.get()

    def settle(self, place):
        """Gives a buffer that is read what is held back from it, since nothing has taken its place."""
        if self.held and self.held.place is place:
            held, self.held = self.held, None
            place.take(encoded(held.element, held.coder))

    def _befalls(self, element, coder, place):
        self.seen += 1
        if self.seen - 1 == self.number:
            if self.kind == MIXES:
                self.held = Held(place, coder, element)
            return {LOSES: [], DOUBLES: [element, element], MIXES: []}[self.kind]
        return [element if self.held is None else self._changed(element, coder, place)]

    def _changed(self, element, coder, place):
        """The element itself, or what comes in its place, where the held one may have its place."""
        held = self.held
        if place is held.place and not (place.keyed and key(element) != key(held.element)):
            return element
        here, there = held.element, element
        if place is held.place:
            here, there = swapped(held.element, element)
        try:
            encoded(here, coder)
            sent = encoded(there, held.coder)
        except Exception:  # it is of another kind, and can't have arrived there
            return element
        self.held = None
        held.place.take(sent)
        return here


def key(element):
    return repr(element.value[0])


def swapped(one, other):
    """Two elements with each other's values."""
    return (
        other.with_value((other.value[0], one.value[1])),
        one.with_value((one.value[0], other.value[1])),
    )


def encoded(element, coder):
    stream = create_OutputStream()
    coder.encode_to_stream(element, stream, True)
    return stream.get()


CURRENT = [Fault()]


@contextmanager
def unfaithful(kind, number=-1):
    """Has the runner lose, double or mix up one element of all jobs inside; yields what has been seen."""
    CURRENT.append(Fault(kind, number))
    try:
        yield CURRENT[-1]
    finally:
        CURRENT.pop()


class ListBuffer(execution.ListBuffer):
    """Takes the elements of an output."""

    keyed = False
    take = execution.ListBuffer.append

    def append(self, element):
        if arrived := CURRENT[-1].arriving(element, self._coder_impl, self):
            self.take(arrived)

    def partition(self, n):
        CURRENT[-1].settle(self)
        return super().partition(n)

    def copy(self):
        CURRENT[-1].settle(self)
        return super().copy()

    def extend(self, extra):
        CURRENT[-1].settle(extra)
        super().extend(extra)

    def __iter__(self):
        CURRENT[-1].settle(self)
        return super().__iter__()


class GroupingBuffer(execution.GroupingBuffer):
    """Takes elements with keys, and gives groups."""

    keyed = True
    take = execution.GroupingBuffer.append

    def append(self, elements_data):
        if arrived := CURRENT[-1].arriving(elements_data, self._pre_grouped_coder.get_impl(), self):
            self.take(arrived)

    def extend(self, input_buffer):
        CURRENT[-1].settle(input_buffer)
        super().extend(input_buffer)

    def partition(self, n):
        CURRENT[-1].settle(self)
        if not self._grouped_output:
            groups = Groups(self._post_grouped_coder.get_impl(), super().partition(n))
            self._grouped_output = groups.arrived()
        return self._grouped_output


class Groups:
    """The groups of all keys, on their way to the workers."""

    keyed = True

    def __init__(self, coder, parts):
        self._coder, self._parts, self._more = coder, parts, []

    def arrived(self):
        arrived = [[CURRENT[-1].arriving(sent, self._coder, self) for sent in part] for part in self._parts]
        CURRENT[-1].settle(self)
        arrived[0] += self._more
        return arrived

    def take(self, sent):
        self._more.append(sent)


class UnfaithfulRunner(fn_runner.FnApiRunner):
    def run_stages(self, *arguments, **options):
        with ExitStack() as patched:
            for module in (execution, fn_runner):
                for buffer in (ListBuffer, GroupingBuffer):
                    if hasattr(module, buffer.__name__):
                        patched.enter_context(patch.object(module, buffer.__name__, buffer))
            return super().run_stages(*arguments, **options)
