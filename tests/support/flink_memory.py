"""The memory and the network buffers of a Flink task manager, as Flink 1.20 computes them from its configuration.

The memory is that of its TaskExecutorProcessUtils for a total process size ("Set up TaskManager Memory" in Flink's
docs), the buffers those of NettyShuffleUtils.
"""

import re
from dataclasses import dataclass

KIB, MIB, GIB = 2**10, 2**20, 2**30
UNITS = {"b": 1, "": 1, "k": KIB, "kb": KIB, "m": MIB, "mb": MIB, "g": GIB, "gb": GIB}
SEGMENT = 32 * KIB
"""Bytes of a buffer, `taskmanager.memory.segment-size`."""

DEFAULTS = {
    "taskmanager.memory.jvm-metaspace.size": "256m",
    "taskmanager.memory.jvm-overhead.fraction": "0.1",
    "taskmanager.memory.jvm-overhead.min": "192m",
    "taskmanager.memory.jvm-overhead.max": "1g",
    "taskmanager.memory.framework.heap.size": "128m",
    "taskmanager.memory.framework.off-heap.size": "128m",
    "taskmanager.memory.task.off-heap.size": "0b",
    "taskmanager.memory.network.fraction": "0.1",
    "taskmanager.memory.network.min": "64m",
    "taskmanager.memory.network.max": "1048576g",
    "taskmanager.memory.managed.fraction": "0.4",
    "taskmanager.network.sort-shuffle.min-buffers": "512",
}


def bytes_of(text):
    """The bytes of a size as Flink writes it, as "4096m"."""
    number, unit = re.fullmatch(r"(\d+)\s*([a-z]*)", text).groups()
    return int(number) * UNITS[unit]


@dataclass(frozen=True)
class TaskManager:
    """What a task manager has.

    Attributes:
        flink: Bytes of all but the JVM's own.
        heap: Bytes of the tasks' heap.
        direct: Bytes that may be allocated outside of the heap, `-XX:MaxDirectMemorySize`.
        managed: Bytes for sorting and joining.
        network: Bytes of the network buffers.
        sort_buffers: Buffers that a kept result needs at least.
    """

    flink: int
    heap: int
    direct: int
    managed: int
    network: int
    sort_buffers: int

    @property
    def buffers(self):
        """How many network buffers there are."""
        return self.network // SEGMENT


def task_manager(process, configuration):
    """Computes what a task manager has.

    Args:
        process: The size of its process, as "4096m".
        configuration: Flink's options that aren't the defaults.
    """
    options = DEFAULTS | configuration

    def size(name):
        return bytes_of(options[f"taskmanager.memory.{name}"])

    def share(name, whole):
        wanted = int(whole * float(options[f"taskmanager.memory.{name}.fraction"]))
        return min(max(wanted, size(f"{name}.min")), size(f"{name}.max"))

    total = bytes_of(process)
    flink = total - size("jvm-metaspace.size") - share("jvm-overhead", total)
    network = share("network", flink)
    managed = int(flink * float(options["taskmanager.memory.managed.fraction"]))
    off_heap = size("framework.off-heap.size") + size("task.off-heap.size")
    return TaskManager(
        flink=flink,
        heap=flink - network - managed - off_heap - size("framework.heap.size"),
        direct=off_heap + network,
        managed=managed,
        network=network,
        sort_buffers=int(options["taskmanager.network.sort-shuffle.min-buffers"]),
    )


def buffers_of_results(manager, results, slots):
    """The buffers that kept results hold in a task manager, each of whose slots has a task of every result."""
    return results * slots * manager.sort_buffers


def buffers_of_readers(results, slots, parallelism):
    """The buffers that the readers of results hold: two for each task that they read from, and one more."""
    return results * slots * (2 * parallelism + 1)
