"""Planted machines with real processes, examined by the real command line in a mount namespace.

Only the description is made up: the doctor starts a real nvidia-smi program, loads a real (compiled) libcuda.so.1
and runs a real interpreter with a torch package in it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.machines import hardware
from tests.machines.healthy import D535, REFERENCE, RTX3090_535, RTX5090_CU128
from tests.machines.parts import Libcuda, Machine, Toolkit
from tests.machines.presets import TORCH_23_CU121, venv

from .world import World, plant

pytestmark = pytest.mark.usefixtures("needs_mounts")

LIMIT = 10
"""Seconds given with `--timeout`; the process must have ended one second later."""

Planting = Callable[..., World]


@pytest.fixture
def planted(tmp_path: Path) -> Planting:
    def make(machine: Machine, **changes: Any) -> World:
        return plant(tmp_path / "world", replace(machine, **changes))

    (tmp_path / "world").mkdir()
    return make


def on_bare_metal(report: dict[str, Any]) -> dict[str, Any]:
    """The report; skips where the real machine is a container, which no mount hides and which changes what is said."""
    if report["facts"]["os"]["container"] is not None:
        pytest.skip("this machine is a container: the driver belongs outside, and other things are said")
    return report


def above_information(report: dict[str, Any]) -> list[str]:
    return [
        f"{one['severity']} {one['id']}: {one['message']}" for one in report["findings"] if one["severity"] != "info"
    ]


def test_the_reference_machine_is_healthy(planted: Planting) -> None:
    report, status = planted(REFERENCE).check()
    assert (report["status"], report["root_causes"], status) == ("healthy", [], 0), above_information(report)
    assert above_information(report) == []
    facts = report["facts"]
    assert facts["driver"]["version"] == "418.39"
    assert facts["driver"]["cuda_version"] == "10.1"
    assert facts["driver"]["module"] == "proprietary"
    assert [(gpu["name"], gpu["compute_capability"]) for gpu in facts["gpus"]] == [("GeForce GTX 1080 Ti", "6.1")]
    assert [(toolkit["root"], toolkit["version"]) for toolkit in facts["toolkits"]] == [
        ("/usr/local/cuda-10.1", "10.1.243")
    ]
    active = [env for env in facts["envs"] if env["active"]]
    assert [(env["kind"], env["prefix"]) for env in active] == [("conda", "/home/ada/miniconda3/envs/torch")]
    torch = active[0]["torch"]
    assert (torch["version"], torch["cuda"], torch["is_available"], torch["error"]) == ("1.4.0", "10.1", True, None)


def test_a_machine_of_today_is_healthy(planted: Planting) -> None:
    report, status = planted(RTX5090_CU128).check()
    assert (report["status"], report["root_causes"], status) == ("healthy", [], 0), above_information(report)
    assert above_information(report) == []


def test_a_fresh_machine_with_a_driver_is_healthy(planted: Planting) -> None:
    report, status = planted(RTX3090_535, envs=()).check()
    assert (report["status"], report["root_causes"], status) == ("healthy", [], 0), above_information(report)
    assert report["set_up"]["install"]


def test_without_a_gpu_nothing_is_broken(planted: Planting) -> None:
    report, status = planted(Machine(name="nogpu", os=hardware.UBUNTU_2404)).check()
    assert (report["status"], report["root_causes"], status) == ("no-gpu", [], 0), above_information(report)
    assert report["facts"]["gpus"] == []
    assert report["facts"]["toolkits"] == []


def test_a_gpu_without_driver(planted: Planting) -> None:
    report, status = planted(RTX3090_535, driver=None).check()
    on_bare_metal(report)
    assert (report["root_causes"], status) == (["driver-not-installed"], 1), above_information(report)


FAULTS: dict[str, tuple[dict[str, Any], str]] = {
    "nvidia-smi hangs": ({"smi": "hangs"}, "nvidia-smi-hangs"),
    "nvidia-smi dies": ({"smi": "segv"}, "nvidia-smi-crashes"),
    "nvidia-smi prints garbage": ({"smi": "garbage"}, "nvidia-smi-unreadable"),
    "nvidia-smi prints half": ({"smi": "half"}, "nvidia-smi-unreadable"),
    "libcuda hangs in cuInit": ({"libcuda": Libcuda(behaviour="hangs")}, "libcuda-hangs"),
    "libcuda dies in cuInit": ({"libcuda": Libcuda(behaviour="segv")}, "libcuda-crashes"),
    "torch hangs on import": ({"envs": (venv(replace(TORCH_23_CU121, live="hangs")),)}, "torch-import-hangs"),
    "torch dies on import": ({"envs": (venv(replace(TORCH_23_CU121, live="segv")),)}, "torch-import-crashes"),
}


@pytest.mark.slow
@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_is_named_and_stops_nothing_else(planted: Planting, fault: str) -> None:
    changes, name = FAULTS[fault]
    world = planted(RTX3090_535, toolkits=(Toolkit(version="12.1.105"),), **changes)
    report, _ = world.check("--timeout", str(LIMIT), deadline=LIMIT + 1)
    assert report["root_causes"] == [name], above_information(report)
    facts = report["facts"]
    assert [gpu["pci_bus_id"] for gpu in facts["gpus"]] == ["0000:01:00.0"]
    assert facts["driver"]["version"] == D535.version
    assert [toolkit["version"] for toolkit in facts["toolkits"]] == ["12.1.105"]
    assert [env["torch"]["version"] for env in facts["envs"] if env["active"]] == [TORCH_23_CU121.version]
    assert report["crashed"] == []


@pytest.mark.slow
def test_everything_that_can_hang_hangs(planted: Planting) -> None:
    changes: dict[str, Any] = {}
    for fault in ("nvidia-smi hangs", "libcuda hangs in cuInit", "torch hangs on import"):
        changes |= FAULTS[fault][0]
    report, status = planted(RTX3090_535, **changes).check("--timeout", str(LIMIT), deadline=LIMIT + 1)
    assert status == 1
    said = {one["name"] for one in report["findings"]}
    assert {"nvidia-smi-hangs", "libcuda-hangs", "torch-import-hangs"} <= said


@pytest.mark.slow
def test_nothing_that_was_started_is_left_behind(planted: Planting) -> None:
    world = planted(
        RTX3090_535,
        smi="hangs",
        libcuda=Libcuda(behaviour="hangs"),
        envs=(venv(replace(TORCH_23_CU121, live="hangs")),),
    )
    world.check("--timeout", "5", deadline=5 + 1)
    marks = (str(world.folder), "torch_report/1", "libcuda_report/1", "/usr/bin/nvidia-smi")
    for _ in range(50):  # a killed process may take a moment to be reaped
        left = [one for one in _processes() if any(mark in one for mark in marks)]
        if not left:
            return
        time.sleep(0.1)
    assert left == []


def _processes() -> list[str]:
    found: list[str] = []
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                with open(f"/proc/{name}/cmdline", "rb") as file:
                    found.append(file.read().replace(b"\0", b" ").decode(errors="replace"))
            except OSError:
                continue
    return found


@pytest.mark.slow
def test_a_snapshot_of_a_planted_machine_says_the_same(planted: Planting) -> None:
    world = planted(RTX3090_535, driver=None)
    file = world.folder / "cwd" / "machine.json"
    done = world.run("snapshot", "-o", str(file))
    assert done.returncode == 0, done.stderr
    live, status = world.check()
    command = [sys.executable, "-m", "cudadoctor", "check", "--json", "--from", str(file)]
    again = subprocess.run(
        command, capture_output=True, text=True, check=False, env={**os.environ, "PYTHONPATH": world.env["PYTHONPATH"]}
    )
    replayed = json.loads(again.stdout)
    assert (replayed["status"], replayed["root_causes"], again.returncode) == (
        live["status"],
        live["root_causes"],
        status,
    )


@pytest.mark.slow
def test_the_real_torch_on_a_machine_without_a_gpu(planted: Planting, torch_python: str) -> None:
    prefix = os.path.dirname(os.path.dirname(torch_python))
    world = planted(Machine(name="nogpu", os=hardware.UBUNTU_2404))
    report, status = world.check("--env", prefix)
    assert (report["status"], report["root_causes"], status) == ("no-gpu", [], 0), above_information(report)
    active = [env for env in report["facts"]["envs"] if env["active"]]
    assert [env["prefix"] for env in active] == [prefix]
    assert active[0]["torch"]["is_available"] is False
    assert active[0]["torch"]["error"] is None


@pytest.mark.slow
def test_the_real_cpu_torch_on_a_machine_with_a_gpu(planted: Planting, torch_python: str) -> None:
    prefix = os.path.dirname(os.path.dirname(torch_python))
    report, status = planted(RTX5090_CU128, envs=()).check("--env", prefix)
    assert (report["root_causes"], status) == (["cpu-only-build"], 1), above_information(report)
