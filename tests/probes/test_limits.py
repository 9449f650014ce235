"""What this process may use, from what the kernel's files say."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cudadoctor.facts.limits import LimitFacts
from cudadoctor.probes import limits
from cudadoctor.probes.base import Clock, Request
from tests.machines.builder import build
from tests.machines.healthy import RTX3090_535
from tests.machines.parts import Machine


def read(**changes: object) -> LimitFacts:
    machine: Machine = replace(RTX3090_535, name="limits", **changes)  # type: ignore[arg-type]
    found = limits.probe(build(machine), Request(), Clock(60))
    assert found.value is not None
    return found.value


def test_a_limit_that_is_not_there_is_known_to_be_none() -> None:
    value = read()
    assert (value.address_space, value.unlimited) == (None, ("address_space", "locked_memory"))
    assert read(address_space=1 << 34).unlimited == ("locked_memory",)


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"/sys/fs/cgroup/memory.max": "max\n"}, None),
        ({"/sys/fs/cgroup/memory.max": "1073741824\n"}, 1 << 30),
        ({"/sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n"}, None),
        ({"/proc/self/cgroup": "0::/job/7\n", "/sys/fs/cgroup/job/memory.max": "4096\n"}, 4096),
        ({"/proc/self/cgroup": "0::/../other\n", "/sys/fs/cgroup/../other/memory.max": "4096\n"}, None),
    ],
)
def test_the_least_limit_of_the_groups(files: dict[str, str], expected: int | None) -> None:
    assert read(files=files).cgroup_memory == expected


def test_only_the_mount_that_covers_counts() -> None:
    places = read(noexec=("/tmp", "/tmp/other", "/home")).noexec
    assert [(one.place, one.mount) for one in places] == [("home", "/home"), ("tmp", "/tmp")]
    assert read(noexec=("/tmpfs",)).noexec == ()


@pytest.mark.parametrize(
    ("mode", "uid", "writable"),
    [(0o755, 1000, True), (0o755, 0, False), (0o775, 0, None), (0o777, 0, True), (0o555, 1000, False)],
)
def test_who_may_write_a_cache(mode: int, uid: int, writable: bool | None) -> None:
    (found,) = read(modes={"~/.triton": (mode, uid)}).caches
    assert found.writable is writable


def test_settings_of_nccls_own_files() -> None:
    files = {"/etc/nccl.conf": "# site\nNCCL_IB_DISABLE=1\nNCCL_DEBUG = WARN\n", "~/.nccl.conf": "NCCL_IB_DISABLE=0\n"}
    assert read(files=files).variables == {"NCCL_IB_DISABLE": "0", "NCCL_DEBUG": "WARN"}
