"""From the facts of machines: planted ones, and none at all."""

from __future__ import annotations

import pytest

from cudadoctor.facts.base import Facts
from cudadoctor.facts.driver import DriverFacts
from cudadoctor.facts.envs import EnvFacts
from cudadoctor.facts.gpu import GpuFacts
from cudadoctor.facts.system import OsFacts
from cudadoctor.recommend.api import for_facts
from cudadoctor.recommend.detect import from_facts
from cudadoctor.versions import ComputeCapability, CudaDriverVersion, DriverVersion


def machine(**more: object) -> Facts:
    known: dict[str, object] = {
        "os": OsFacts(arch="x86_64", glibc="2.35"),
        "driver": DriverFacts(version=DriverVersion.parse("535.54.03")),
        "gpus": (GpuFacts(index=0, name="RTX 3090", compute_capability=ComputeCapability(8, 6)),),
        "envs": (EnvFacts(kind="venv", name="x", prefix="/x", python_version="3.11.4", active=True),),
    }
    return Facts(**{**known, **more})  # type: ignore[arg-type]


def test_a_machine() -> None:
    request = from_facts(machine())
    assert request.python is not None
    assert request.glibc is not None
    assert (request.python.value, request.glibc.value, request.manager.value) == ("3.11", (2, 35), "pip")
    found = for_facts(machine())
    assert found.choice is not None
    assert (found.verdict, found.choice.cuda) == ("ok", "12.6")


@pytest.mark.parametrize(
    ("kind", "manager"), [("conda", "conda"), ("uv", "uv"), ("pixi", "pixi"), ("venv", "pip"), ("system", "pip")]
)
def test_the_manager_is_that_of_the_active_environment(kind: str, manager: str) -> None:
    env = EnvFacts(kind=kind, name="x", prefix="/x", python_version="3.11.4", active=True)  # type: ignore[arg-type]
    assert from_facts(machine(envs=(env,))).manager.value == manager


def test_nothing_known_is_nothing_claimed() -> None:
    found = for_facts(Facts())
    assert {"gpu", "driver"} <= {one.rule for one in found.reasons}
    assert all(value.origin == "default" for value in (found.request.manager, found.request.platform))


def test_no_gpu_gives_the_cpu_build_and_says_so() -> None:
    found = for_facts(machine(gpus=(), driver=DriverFacts()))
    assert found.choice is not None
    assert found.choice.cuda is None
    assert found.reasons[0].rule == "gpu"


def test_a_gpu_that_no_table_knows() -> None:
    found = for_facts(machine(gpus=(GpuFacts(index=0, name="RTX 9090"),)))
    assert (found.verdict, found.command) == ("unknown", None)


def test_a_board_with_builds_of_its_own() -> None:
    found = for_facts(machine(os=OsFacts(arch="aarch64", jetson="Jetson AGX Orin")))
    assert (found.verdict, found.command) == ("unknown", None)


def test_only_what_the_driver_says_it_serves() -> None:
    driver = DriverFacts(cuda_version=CudaDriverVersion(12, 2))
    found = for_facts(machine(driver=driver))
    assert found.choice is not None
    assert found.choice.cuda == "12.6"
    assert for_facts(machine(driver=DriverFacts(cuda_version=CudaDriverVersion(10, 1)))).choice is None


def test_under_wsl_the_floors_are_those_of_windows() -> None:
    wsl = OsFacts(arch="x86_64", glibc="2.35", wsl=2)
    driver = DriverFacts(version=DriverVersion.parse("527.41"))  # above Linux's floor of 12.x, below Windows's 528.33
    found = for_facts(machine(os=wsl, driver=driver))
    assert found.choice is not None
    assert (found.choice.cuda or "").startswith("11.")
    assert for_facts(machine(driver=driver)).choice != found.choice


def test_every_gpu_counts() -> None:
    gpus = (
        GpuFacts(index=0, name="RTX 3090", compute_capability=ComputeCapability(8, 6)),
        GpuFacts(index=1, name="GTX 1080", compute_capability=ComputeCapability(6, 1)),
    )
    driver = DriverFacts(version=DriverVersion.parse("580.65.06"))
    found, newer = for_facts(machine(gpus=gpus, driver=driver)), for_facts(machine(driver=driver))
    assert found.choice is not None
    assert newer.choice is not None
    assert (found.choice.cuda, newer.choice.cuda) == ("12.6", "13.2")


@pytest.mark.slow
def test_planted_machines_all_have_an_answer() -> None:
    from cudadoctor.probes.base import Request
    from cudadoctor.probes.collect import collect
    from tests.machines.builder import build
    from tests.machines.catalogue import CATALOGUE

    for name in list(CATALOGUE)[::6]:
        facts = collect(build(CATALOGUE[name].machine), Request(fast=True)).facts
        found = for_facts(facts)
        assert found.reasons, name
        assert found.command or found.verdict in ("impossible", "unknown"), name
        if facts.gpus and found.choice is not None:
            assert found.choice.cuda is not None, name
