"""What bounds the memory of a process, by files as systems have them."""

import subprocess
import sys

import pytest
import tensorflow as tf

from components.arrow import pa
from components.memory import available_memory, bounds_in_words, ended_for_memory, groups, is_memory, says_memory

MEMINFO = "MemTotal: 2000 kB\nMemFree: 10 kB\nMemAvailable: 1000 kB\n"
FREE = 1000 * 1024


@pytest.fixture
def system(tmp_path):
    """Returns a function that writes /proc and the groups of a system; it returns the first."""

    def write(version, own, mounted_root="/", **limits):
        proc, mounted = tmp_path / "proc", tmp_path / "cgroup"
        (proc / "self").mkdir(parents=True)
        (proc / "meminfo").write_text(MEMINFO)
        (proc / "vmstat").write_text("pgfault 3\noom_kill 4\n")
        (proc / "self" / "cgroup").write_text(f"9:cpu:/\n4:memory:{own}\n0::/\n" if version == 1 else f"0::{own}\n")
        kind, options = ("cgroup", "rw,memory") if version == 1 else ("cgroup2", "rw")
        mount = f"30 25 0:26 {mounted_root} {mounted} rw shared:4 - {kind} {kind} {options}"
        (proc / "self" / "mountinfo").write_text(f"21 1 0:5 / /proc rw - proc proc rw\n{mount}\n")
        for name, (limit, used, cache) in limits.items():
            folder = mounted / name.replace("__", "/").removeprefix("root").removeprefix("/")
            folder.mkdir(parents=True, exist_ok=True)
            if version == 1:
                (folder / "memory.limit_in_bytes").write_text(f"{limit}\n")
                (folder / "memory.usage_in_bytes").write_text(f"{used}\n")
                (folder / "memory.stat").write_text(f"inactive_file 1\ntotal_inactive_file {cache}\n")
                (folder / "memory.oom_control").write_text("oom_kill_disable 0\nunder_oom 0\noom_kill 7\n")
            else:
                (folder / "memory.max").write_text(f"{limit}\n")
                (folder / "memory.current").write_text(f"{used}\n")
                (folder / "memory.stat").write_text(f"anon 10\ninactive_file {cache}\n")
                (folder / "memory.events").write_text("low 0\noom 2\noom_kill 1\n")
        return proc

    return write


def test_without_groups_the_system_tells(system):
    proc = system(2, "/")
    assert (available_memory(proc), groups(proc), ended_for_memory(proc)) == (FREE, [], 4)


@pytest.mark.parametrize("version", [1, 2])
def test_the_tightest_of_the_own_group_and_those_above_it_counts(system, version):
    unlimited = 2**63 - 4096 if version == 1 else "max"
    limits = {"root": (unlimited, 500, 5), "root__pod": (300, 200, 20), "root__pod__own": (250, 100, 10)}
    proc = system(version, "/pod/own", **limits)
    assert [(group.limit, group.used) for group in groups(proc)] == [(250, 90), (300, 180)]
    assert available_memory(proc) == 300 - 180
    assert bounds_in_words(proc).startswith("its control group may use 250 bytes (")
    assert ended_for_memory(proc) == (7 if version == 1 else 1)


@pytest.mark.parametrize("version", [1, 2])
def test_mounts_without_a_source_and_lines_of_no_mount_are_passed_over(system, version):
    proc = system(version, "/own", root__own=(300, 200, 20))
    mounts = proc / "self" / "mountinfo"
    mounts.write_text(f"40 1 0:40 / /x rw shared:9 - tmpfs  rw,size=1m\n\nno mount\n{mounts.read_text()}")
    assert available_memory(proc) == 120
    assert ended_for_memory(proc) == (7 if version == 1 else 1)
    mounts.write_text(
        mounts.read_text().replace(" - cgroup cgroup ", " - cgroup  ").replace("cgroup2 cgroup2", "cgroup2 ")
    )
    assert available_memory(proc) == 120


@pytest.mark.parametrize("version", [1, 2])
def test_a_container_sees_its_own_group_alone(system, version):
    """Which is mounted as the root, whether its path is told as the machine sees it or as the container does."""
    proc = system(version, "/docker/abc", mounted_root="/docker/abc", root=(100, 30, 15))
    assert available_memory(proc) == 85
    (proc / "self" / "cgroup").write_text("4:memory:/\n" if version == 1 else "0::/\n")
    assert available_memory(proc) == 85


def test_a_system_that_tells_nothing(tmp_path):
    assert (available_memory(tmp_path), groups(tmp_path), ended_for_memory(tmp_path)) == (None, [], None)


def test_this_machine_tells():
    assert available_memory() > 0


@pytest.mark.parametrize(
    "allocate",
    [
        lambda: bytearray(2**60),
        lambda: pa.allocate_buffer(2**60),
        lambda: tf.zeros([2**50], tf.int8),
    ],
)
def test_memory_that_cannot_be_had_is_told_whichever_library_asked(allocate):
    with pytest.raises(Exception) as found:  # noqa: PT011 (of every library its own)
        allocate()
    assert is_memory(found.value)
    outer = RuntimeError("in Beam")
    outer.__cause__ = found.value
    assert is_memory(outer)
    assert not is_memory(ValueError("odd"))


def test_a_limit_of_addresses_is_told():
    program = "from components.memory import bounds_in_words; print(bounds_in_words())"
    command = f"ulimit -v 4000000; exec '{sys.executable}' -c '{program}'"
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=True)
    assert "`ulimit -v` allows a process 4.1 GB of addresses" in done.stdout


def test_the_words_of_the_c_library_are_known():
    assert says_memory("python: cannot allocate memory for thread-local data: ABORT")
    assert says_memory("terminate called after throwing an instance of 'std::bad_alloc'")
    assert not says_memory("the memory of a control group")
