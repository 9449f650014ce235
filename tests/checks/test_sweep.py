"""Thousands of machines that are well, from what the tables say works together: nothing may be said of them."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest

from cudadoctor.checks.engine import registry
from cudadoctor.checks.engine.base import Severity
from cudadoctor.checks.engine.runner import run
from cudadoctor.compat import arch, drivers, torch, torch_builds
from cudadoctor.report import verdict
from cudadoctor.versions import ComputeCapability, CudaVersion, DriverVersion
from tests.checks.loader import bases, build_facts, merge

CHECKS = registry.all_checks()
Table = dict[str, Any]

DRIVERS = (
    *("340.108", "390.157", "418.39", "418.226.00", "440.100", "450.36.06", "450.80.02", "450.248.02", "460.32.03"),
    *("470.256.02", "495.46", "510.108.03", "515.105.01", "525.60.13", "525.147.05", "535.54.03", "535.274.02"),
    *("545.29.06", "550.54.15", "550.163.01", "555.58.02", "560.35.05", "565.77", "570.26", "570.195.03", "575.64.05"),
    *("580.65.06", "580.105.08", "590.48.01", "595.58.03", "610.43.02", "615.71.09"),
)
GPUS = {
    "Tesla K40c": "3.5",
    "Tesla K80": "3.7",
    "GeForce GTX 750 Ti": "5.0",
    "GeForce GTX 970": "5.2",
    "Tesla P100-PCIE-16GB": "6.0",
    "GeForce GTX 1080 Ti": "6.1",
    "Tesla V100-SXM2-32GB": "7.0",
    "Tesla T4": "7.5",
    "NVIDIA A100-SXM4-80GB": "8.0",
    "NVIDIA GeForce RTX 3060 Laptop GPU": "8.6",
    "NVIDIA L4": "8.9",
    "NVIDIA H100 80GB HBM3": "9.0",
    "NVIDIA B200": "10.0",
    "NVIDIA B300 SXM6 AC": "10.3",
    "NVIDIA GeForce RTX 5090": "12.0",
    "NVIDIA GB10": "12.1",
}
KINDS = ("proprietary", "open", "@unknown")


class Pair(NamedTuple):
    """A GPU under a driver that drives it."""

    gpu: str
    capability: ComputeCapability
    driver: DriverVersion
    module: str


def _capability(text: str) -> ComputeCapability:
    found = ComputeCapability.parse(text)
    assert found is not None
    return found


def _version(text: str) -> DriverVersion:
    found = DriverVersion.parse(text)
    assert found is not None
    return found


def pairs() -> Iterator[Pair]:
    """What NVIDIA's tables let stand together."""
    for (name, text), release, kind in itertools.product(GPUS.items(), DRIVERS, KINDS):
        capability, version = _capability(text), _version(release)
        if drivers.knows(version, capability) is False or drivers.dropped(capability, version) is not False:
            continue
        if kind == "open" and (version.branch < 515 or not drivers.open_module_possible(capability)):
            continue
        if kind == "proprietary" and drivers.needs_open_module(capability, name):
            continue
        yield Pair(gpu=name, capability=capability, driver=version, module=kind)


PAIRS = tuple(pairs())


def machine(pair: Pair, **more: Any) -> Table:
    """The machine of a pair; `more` is merged over it."""
    said = drivers.cuda_of_driver(pair.driver)
    cuda = str(said) if said is not None else "@unknown"
    release = str(pair.driver)
    old = pair.driver.branch < 510
    table = merge(
        bases()["server"],
        {
            "driver": {"version": release, "cuda_version": cuda, "library_version": release, "module": pair.module},
            "libcuda": {"path": f"/usr/lib/x86_64-linux-gnu/libcuda.so.{release}", "cuda_version": cuda},
            "gpus": [
                {
                    "index": 0,
                    "name": pair.gpu,
                    "pci_bus_id": "0000:01:00.0",
                    "compute_capability": str(pair.capability),
                    "capability_from": "libcuda" if old else "nvidia-smi",
                }
            ],
            "smi": {
                "version": release,
                "gpus": [
                    {
                        "index": 0,
                        "name": pair.gpu,
                        "bus_id": "0000:01:00.0",
                        "uuid": "GPU-aa",
                        "compute_mode": "Default",
                    }
                ],
            },
            "envs": [],
        },
    )
    return merge(table, more)


def loud(table: Table) -> list[str]:
    """What is said above information; the report's status must fit to it."""
    facts = build_facts(table)
    outcomes = run(CHECKS, facts)
    assert outcomes.crashed == ()
    said = [f"{one.severity.word} {one.id}: {one.message}" for one in outcomes.findings if one.severity > Severity.INFO]
    if not said:
        assert verdict.status(facts, outcomes) in ("healthy", "unknown", "no-gpu")
    return said


def torches(pair: Pair, machine_arch: str = "x86_64") -> Iterator[tuple[str, CudaVersion, str, tuple[str, ...]]]:
    """The published builds that run there: version, CUDA, manager, architectures."""
    for release in torch.releases():
        for manager in ("pip", "conda"):
            for build in torch_builds.builds(release.torch, manager, f"linux-{machine_arch}"):
                if build.cuda is None or not drivers.serves(pair.driver, build.cuda):
                    continue
                archs = torch_builds.built_arch_list(release.torch, build.cuda, manager, "linux", machine_arch)
                if archs and arch.runs(pair.capability, archs) == "binary":
                    yield f"{release.torch}{build.local or ''}", build.cuda, manager, archs


def env(version: str, cuda: str, manager: str, archs: tuple[str, ...], *, live: bool, table: bool) -> Table:
    """An active environment with that torch; `table`: its list of architectures could not be read."""
    release = torch.release(version)
    vision = release.torchvision if release else None
    local = version.partition("+")[2]
    conda = manager == "conda"
    major = "".join(cuda.split(".")[:2])
    packages: Table = {"numpy": "2.3.4" if torch.numpy2_ready(version) else "1.26.4"}
    if vision:
        packages["torchvision"] = (
            {"version": vision, "build": f"py310_cu{major}", "channel": "pytorch"}
            if conda
            else vision + (f"+{local}" if local else "")
        )
    if conda:
        packages["pytorch"] = {"version": version, "build": f"py3.10_cuda{cuda}_cudnn8_0", "channel": "pytorch"}
    return {
        "kind": "conda" if conda else "venv",
        "active": True,
        "torch": {
            "version": version,
            "cuda": cuda,
            "build": f"cu{major}",
            "installer": "conda" if conda else "pip",
            "arch_list": "@unknown" if table else list(archs),
            "live": {"outcome": "ok", "is_available": True, "stage": "cudnn"} if live else {"outcome": "not-asked"},
        },
        "packages": packages,
    }


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in GPUS if name not in ("Tesla K40c", "NVIDIA GB10")])
def test_every_published_build_that_runs_here_is_well(name: str) -> None:
    own = [pair for pair in PAIRS if pair.gpu == name and pair.module != "@unknown"]
    by_build: dict[tuple[str, str, str], list[tuple[Pair, tuple[str, ...]]]] = {}
    for pair in own:
        for version, cuda, manager, archs in torches(pair):
            by_build.setdefault((version, str(cuda), manager), []).append((pair, archs))
    assert by_build
    some = list(by_build.items())[len(name) % 3 :: 3] if len(by_build) > 60 else list(by_build.items())
    for number, ((version, runtime, manager), found) in enumerate(some):
        for pair, archs in {found[0], found[-1]}:  # the oldest and the newest driver that serve it
            one = env(version, runtime, manager, archs, live=number % 2 == 0, table=number % 3 == 0)
            said = loud(machine(pair, envs=[one]))
            if pair.capability < ComputeCapability(5, 0):  # its code is in the build, and cuDNN 9 starts at 5.0
                said = [line for line in said if not line.startswith("error gpu-too-old-for-cudnn@")]
            assert said == [], (pair, version, runtime, manager)


@pytest.mark.parametrize("name", GPUS)
def test_every_gpu_under_every_driver_that_drives_it_is_well(name: str) -> None:
    for pair in PAIRS:
        if pair.gpu == name:
            assert loud(machine(pair)) == [], pair


ODD_TORCHES: tuple[Table, ...] = (
    {"version": "2.16.0.dev20261101+cu132", "cuda": "13.2", "installer": "pip"},
    {"version": "2.6.0a0+ecf3bae40a.nv25.1", "cuda": "12.8", "installer": "@unknown"},
    {"version": "1.13.0a0+git1234567", "cuda": "11.8", "installer": "pip", "build": "@unknown"},
    {"version": "2.11.0", "cuda": "13.0", "installer": "installer"},
    {"version": "2.6.0+dfsg", "cuda": "12.4", "installer": "@unknown", "build": "@unknown"},
    {"version": "9.9.1+cu199", "cuda": "13.9", "installer": "uv"},
    {"version": "9.9", "cuda": "13.9", "installer": "uv"},
)
TOOLKITS: tuple[Table, ...] = (
    {},
    {"version": "13.0", "root": "/usr/local/cuda-13.0", "gcc_max": 15},
    {"version": "13.4", "root": "/usr/local/cuda-13.4", "gcc_max": 15},
    {"version": "12.4", "root": "/usr/lib/nvidia-cuda-toolkit", "origin": "distribution", "own_compiler": True},
    {"version": "12.9", "root": "/home/u/ml", "origin": "conda", "own_compiler": True, "gcc_max": 14},
    {"version": "13.9", "root": "/usr/local/cuda-13.9", "gcc_max": 17},
)
SYSTEMS: tuple[tuple[str, Table], ...] = (
    *(("ubuntu", {"version_id": v}) for v in ("20.04", "22.04", "24.04", "26.04")),
    *(("debian", {"version_id": v}) for v in ("12", "13")),
    *(("rhel", {"version_id": v}) for v in ("8.10", "9.6", "10.1")),
    ("fedora", {"version_id": "43"}),
    ("arch", {"version_id": "@unknown"}),
    ("nixos", {"version_id": "25.11"}),
    ("linuxmint", {"version_id": "22.2", "id_like": ["ubuntu", "debian"]}),
    ("@unknown", {"version_id": "@unknown", "glibc": "@unknown", "kernel": "@unknown"}),
)
VARIABLES: tuple[Table, ...] = (
    {},
    {"CUDA_VISIBLE_DEVICES": "0"},
    {"CUDA_VISIBLE_DEVICES": "GPU-aa"},
    {"CUDA_VISIBLE_DEVICES": "GPU-a", "CUDA_DEVICE_ORDER": "PCI_BUS_ID"},
    {"LD_LIBRARY_PATH": "/usr/local/cuda/lib64"},
    {"LD_LIBRARY_PATH": "/apps/cuda/12.9/lib64:/apps/ucx/lib", "LOADEDMODULES": "cuda/12.9:ucx"},
    {"SLURM_JOB_ID": "5", "CUDA_VISIBLE_DEVICES": "0", "ROCR_VISIBLE_DEVICES": "0"},
)


@pytest.mark.parametrize("version", ["580.65.06", "595.58.03", "999.10"])
@pytest.mark.parametrize("system", SYSTEMS, ids=lambda one: f"{one[0]}{one[1]['version_id']}")
def test_systems_toolkits_variables_and_odd_builds(system: tuple[str, Table], version: str) -> None:
    pair = Pair(gpu="NVIDIA L4", capability=_capability("8.9"), driver=_version(version), module="open")
    name, more = system
    every = itertools.product(ODD_TORCHES, TOOLKITS, VARIABLES, (0, 1000))
    for odd, toolkit, variables, uid in itertools.islice(every, len(name + version) % 19, None, 19):
        inventory: Table = {}
        if toolkit:
            inventory = {"toolkits": [toolkit], "nvcc_on_path": f"{toolkit['root']}/bin/nvcc"}
            inventory["nvcc_on_path_root"] = toolkit["root"]
        one = {"active": True, "torch": {"arch_list": "@unknown", "live": {"outcome": "not-asked"}, **odd}}
        table = machine(
            pair,
            os={"id": name, "uid": uid, **more},
            toolkit=inventory,
            shell={"variables": variables, "entries": []},
            envs=[{**one, "packages": {"numpy": "2.4.0", "torchvision": "0.99.0a0+abc"}}],
        )
        said = table["driver"]["cuda_version"]
        if said == "@unknown":
            table["driver"]["cuda_version"] = table["libcuda"]["cuda_version"] = "17.2"
        assert loud(table) == [], (odd, toolkit, variables)
