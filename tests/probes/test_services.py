"""NVIDIA's services."""

from __future__ import annotations

from cudadoctor.facts.services import ServiceFacts
from cudadoctor.host.base import Process
from cudadoctor.probes import services
from cudadoctor.probes.base import Clock, Request

from .fake import FakeHost, ended

MANAGER = "/usr/bin/nv-fabricmanager"


class Running(FakeHost):
    """A host with processes."""

    running: tuple[Process, ...] = ()

    def processes(self) -> tuple[Process, ...]:
        self.calls.append(("processes",))
        return self.running


def probe(host: FakeHost) -> ServiceFacts:
    found = services.probe(host, Request(), Clock(60))
    assert found.value is not None
    return found.value


def process(name: str, *argv: str) -> Process:
    return Process(pid=7, name=name, owner="root", argv=argv)


def test_a_desktop_has_none_and_its_processes_are_not_listed() -> None:
    host = Running()
    assert probe(host) == ServiceFacts(running=(), mps_pipe_there=False, imex_channels=0)
    assert host.calls == []


def test_the_fabric_manager_tells_its_version() -> None:
    host = Running(
        files={
            MANAGER: b"\x7fELF",
            "/etc/systemd/system/multi-user.target.wants/nvidia-fabricmanager.service": "[Unit]\n",
        },
        programs={f"{MANAGER} --version": ended("\n\tFabric Manager version is : 535.161.08\n\n")},
    )
    host.running = (process("nv-fabricmanage", "/usr/bin/nv-fabricmanager", "-c", "/x"), process("bash", "-bash"))
    facts = probe(host)
    assert facts.fabric_manager is not None
    assert str(facts.fabric_manager.version) == "535.161.08"
    assert facts.running == ("fabric-manager",)
    assert facts.enabled == ("nvidia-fabricmanager.service",)


def test_a_fabric_manager_that_says_nothing_has_no_version() -> None:
    host = Running(files={MANAGER: b"\x7fELF"}, programs={f"{MANAGER} --version": ended("", status=1)})
    facts = probe(host)
    assert facts.fabric_manager is not None
    assert facts.fabric_manager.version is None
    assert facts.running == ()


def test_mps_is_found_by_its_pipe_or_by_the_variable() -> None:
    there = Running(files={"/tmp/nvidia-mps/control": ""})
    there.running = (process("nvidia-cuda-mps", "nvidia-cuda-mps-control", "-d"),)
    assert probe(there) == ServiceFacts(
        running=("mps-control",), mps_pipe="/tmp/nvidia-mps", mps_pipe_there=True, imex_channels=0
    )
    named = probe(Running(env={"CUDA_MPS_PIPE_DIRECTORY": "/var/run/mps"}))
    assert (named.mps_pipe, named.mps_pipe_there, named.running) == ("/var/run/mps", False, ())


def test_imex_channels_are_counted() -> None:
    assert probe(Running(files={"/dev/nvidia-caps-imex-channels/channel0": ""})).imex_channels == 1
