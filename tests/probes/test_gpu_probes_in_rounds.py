"""A far machine is asked in rounds: these probes need at most four, and then say the same as beside it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from cudadoctor.host import rounds
from cudadoctor.host.base import Host, TimedOut
from cudadoctor.host.recording import RecordingHost
from cudadoctor.host.replay import ReplayHost
from cudadoctor.probes import driver, libcuda, nodes, pci, smi, system
from cudadoctor.probes.base import Clock, Found, Request
from tests.standins import smi as standins

from .fake import FakeHost, ended

LIB = "/usr/lib/x86_64-linux-gnu"
BUS = f"{pci.DEVICES}/0000:01:00.0"
A10 = ("NVIDIA A10", "0000:01:00.0", 22731)
PROBES = {"system": system, "pci": pci, "driver": driver, "smi": smi, "libcuda": libcuda, "nodes": nodes}
REPORT = '{"step": "load"}\n{"step": "loaded", "path": "/x"}\n{"step": "cuinit", "code": 100}\n{"step": "end"}\n'


def machine(**programs: object) -> FakeHost:
    return FakeHost(
        files={
            "/etc/os-release": "ID=ubuntu\nVERSION_ID=24.04\n",
            "/proc/1/cgroup": "0::/init.scope\n",
            "/sys/module/nvidia/version": "550.54.14\n",
            "/sys/module/nvidia_uvm/initstate": "live\n",
            "/lib/modules/6.8.0-50-generic/updates/dkms/nvidia.ko": "",
            f"{BUS}/vendor": "0x10de\n",
            f"{BUS}/class": "0x030200\n",
            f"{BUS}/device": "0x2236\n",
            f"{BUS}/config": b"\xde\x10\x36\x22" + bytes(60),
            f"{LIB}/libnvidia-ml.so.550.54.14": "ELF",
        },
        links={f"{BUS}/driver": "../nvidia", f"{LIB}/libnvidia-ml.so.1": "libnvidia-ml.so.550.54.14"},
        nodes={"/dev/nvidia0": (0o666, 0, 0, 0), "/dev/nvidiactl": (0o666, 0, 0, 0)},
        programs={
            "/usr/bin/nvidia-smi -q -x": ended(standins.xml("550.54.14", "12.4", A10)),
            "/usr/bin/nvidia-smi": ended(standins.capabilities((A10[1], "8.6"))),
            libcuda.ARGV[0]: ended(REPORT),
            **programs,  # type: ignore[dict-item]
        },
        env={"PATH": "/usr/bin"},
    )


MACHINES: dict[str, Callable[[], FakeHost]] = {
    "healthy": machine,
    "bare": FakeHost,
    "old": lambda: machine(
        **{
            "/usr/bin/nvidia-smi -q -x": ended(status=2),
            "/usr/bin/nvidia-smi": ended(standins.table("390.157", A10)),
            "/usr/bin/nvidia-smi " + " ".join(smi._CSV): ended(standins.csv("390.157", A10)),
        }
    ),
    "hanging": lambda: machine(**{"/usr/bin/nvidia-smi -q -x": TimedOut("nvidia-smi", seconds=45, idle=True)}),
}


def all_of(host: Host) -> dict[str, Found[Any]]:
    return {name: probe.probe(host, Request(), Clock(60)) for name, probe in PROBES.items()}


@pytest.mark.parametrize("name", MACHINES)
def test_at_most_four_rounds(name: str) -> None:
    far = MACHINES[name]()

    def ask(questions: Sequence[rounds.Question]) -> Sequence[rounds.Answer]:
        return rounds.answer(questions, far)

    result, _, count = rounds.fill(all_of, ask)
    assert count <= rounds.MOST
    assert result == all_of(MACHINES[name]())


def test_a_far_nvidia_smi_that_hangs_is_started_once() -> None:
    far = MACHINES["hanging"]()
    rounds.fill(all_of, lambda questions: rounds.answer(questions, far))
    assert [call[1:] for call in far.calls if call[0].endswith("nvidia-smi")] == [("-q", "-x")]


@pytest.mark.parametrize("name", MACHINES)
def test_a_recording_gives_the_same(name: str) -> None:
    recorder = RecordingHost(MACHINES[name]())
    live = all_of(recorder)
    assert all_of(ReplayHost(recorder.recording)) == live


def test_what_was_not_asked_is_not_taken_for_missing() -> None:
    """A far end that answers nothing: no fact may come of it."""
    result, _, _ = rounds.fill(all_of, lambda questions: ())
    assert result["libcuda"].value is None
    assert result["pci"].value is None
