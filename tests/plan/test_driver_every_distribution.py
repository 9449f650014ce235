"""`fix` and `install` install the driver by the same steps, on every release of every distribution that has a file."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from importlib.resources import files
from typing import Any

import pytest
from msgspec import structs

from cudadoctor.checks.engine.base import Confidence, Severity
from cudadoctor.checks.engine.outcome import Finding
from cudadoctor.compat import distributions, drivers
from cudadoctor.facts.base import Facts
from cudadoctor.probes.base import Request
from cudadoctor.probes.collect import collect
from cudadoctor.remedies.driver import choice, installer
from cudadoctor.remedies.driver import need as needs
from cudadoctor.remedies.find import remedy_for
from cudadoctor.remedies.plan import Action, Fetch, PlanStep, Run, Tell, WriteFile
from cudadoctor.render.plan import dockerfile
from cudadoctor.versions import CudaVersion
from tests.machines import hardware
from tests.machines.builder import build
from tests.machines.parts import Gpu, Os

from . import fresh
from .dockerfile import instructions, run_argv

FILES = sorted(files("cudadoctor.compat").joinpath("distros").iterdir(), key=lambda one: one.name)
TABLES: dict[str, Any] = {one.name.removesuffix(".json"): json.loads(one.read_text("utf-8")) for one in FILES}
KERNELS = {
    "ubuntu": "6.8.0-48-generic", "debian": "6.12.48+deb13-amd64", "rhel": "5.14.0-570.el9.x86_64",
    "fedora": "6.16.4-200.fc42.x86_64", "suse": "6.4.0-150600.23-default", "arch": "6.17.1-arch1-1",
}  # fmt: skip
B200 = replace(hardware.H100, name="NVIDIA B200", device_id="2901", capability="10.0")
BOARD = tuple(replace(hardware.H100, bus=f"0000:{number:02x}:00.0") for number in range(1, 9))
BOARD_B200 = tuple(replace(B200, bus=f"0000:{number:02x}:00.0") for number in range(1, 9))
GPUS: dict[str, tuple[Gpu, ...]] = {
    "kepler": (hardware.KEPLER_K80,), "pascal": (hardware.GTX_1080_TI,), "volta": (hardware.V100,),
    "turing": (hardware.T4,), "ampere": (hardware.RTX_3090,), "ada": (hardware.RTX_4090,),
    "blackwell": (hardware.RTX_5090,), "board": BOARD, "board-blackwell": BOARD_B200,
}  # fmt: skip


_ALIKE = {"like", "image", "epel", "family", "signing_key"}


def releases() -> Iterator[tuple[str, str]]:
    for name, table in TABLES.items():
        for version in table["releases"]:
            plain = {"fedora": "42", "ubuntu": "25.10"}.get(name, "1") if version == "*" else version
            yield name, plain


RELEASES = sorted(set(releases()))
"""Of these, the ones that are as another release but for its image are left to the whole run of the tests."""
EACH = [
    pytest.param(
        name, version,
        marks=[pytest.mark.slow] if any(set(row) <= _ALIKE for row in TABLES[name]["releases"].values()) else [],
    )
    for name, version in RELEASES
]  # fmt: skip


def os_of(name: str, version: str) -> Os:
    found = distributions.release(name, version)
    assert found is not None
    return Os(
        id=name, version_id=version, pretty=found.name, kernel=KERNELS[found.family], glibc="2.39", gcc="13.3.0",
        python="3.12.3",
    )  # fmt: skip


def facts_of(name: str, version: str, gpus: tuple[Gpu, ...], **more: Any) -> Facts:
    one = fresh.machine(os_of(name, version), *gpus, groups=("ada", "sudo", "wheel"), **more)
    return collect(build(one), Request(fast=True)).facts


def finding(name: str) -> Finding:
    return Finding(
        code="XX001", name=name, severity=Severity.ERROR, confidence=Confidence.CERTAIN, subject="machine",
        message=name, evidence=(), source=None,
    )  # fmt: skip


def core(action: Action) -> tuple[str, ...] | None:
    """What a step does; None for words."""
    if isinstance(action, Fetch):
        return ("fetch", action.url)
    if isinstance(action, WriteFile):
        return ("write", action.path, action.text)
    if isinstance(action, Tell):
        return None
    return action.argv


def actions(steps: tuple[PlanStep, ...] | list[PlanStep]) -> list[tuple[str, ...]]:
    return [found for one in steps if (found := core(one.action)) is not None]


def bare(step: PlanStep) -> PlanStep:
    """The step without its place in its plan. One reading of apt's lists may serve other parts of the plan as well."""
    shared = isinstance(step.action, Run) and step.action.argv == ("apt-get", "update")
    return structs.replace(step, id="", needs=(), done_when=None if shared else step.done_when)


@pytest.mark.parametrize(("name", "version"), EACH)
@pytest.mark.parametrize("kind", GPUS)
def test_fix_and_install_do_the_same(name: str, version: str, kind: str) -> None:
    """Where the build leaves the choice open; `install --cuda` may need a newer driver than a finding does."""
    variants: tuple[dict[str, Any], ...] = ({}, {"secure_boot": True}, {"headers": False})
    for more in variants if kind == "ampere" else ({},):
        switches = 4 if kind == "board" else 0
        one = fresh.machine(
            os_of(name, version), *GPUS[kind], groups=("ada", "sudo", "wheel"), nvswitches=switches, **more
        )
        facts = collect(build(one), Request(fast=True)).facts
        plan = fresh.planned(one, driver=True, words={"cuda": "cpu"})
        cure = remedy_for(finding("driver-not-installed"), facts).steps
        planned = [one for one in plan.steps if one.id.startswith("driver-")]
        assert [bare(one) for one in planned] == [bare(one) for one in cure]


@pytest.mark.parametrize(("name", "version"), EACH)
@pytest.mark.parametrize("kind", GPUS)
def test_what_is_chosen_is_what_is_needed(name: str, version: str, kind: str) -> None:
    facts = facts_of(name, version, GPUS[kind], nvswitches=4 if kind == "board" else 0)
    for cuda in (None, CudaVersion(11, 8), CudaVersion(12, 8), CudaVersion(13, 0)):
        need = needs.of(facts, cuda=cuda)
        part = installer.steps(facts, need, "missing", "/c")
        found = choice.choose(facts, need)
        told = [one for one in part.steps if one.id == "driver-by-hand"]
        if found is None:
            assert told
            assert part.impossible
            assert not actions(part.steps)
            continue
        driver = found.way.driver
        if driver is not None:
            assert need.floor is None or driver >= need.floor
            assert all(drivers.knows(driver, one) is not False for _, one in need.capabilities)
        words = " ".join(word for argv in actions(part.steps) for word in argv)
        assert found.module == "proprietary" or need.proprietary_only is None
        assert found.module == "open" or need.open_only is None
        assert "{" not in words
        if found.way.by == "hand":
            assert told
            continue
        assert part.steps[-1].id in ("driver-reboot", "driver-fabric")
        programs = {argv[0].removesuffix("-get") for argv in actions(part.steps)}
        managers = programs & {"apt", "dnf", "yum", "zypper", "pacman"}
        assert managers == {found.release.manager}
        networks = {host for one in part.steps for host in one.network}
        assert networks & {"apt", "dnf", "yum", "zypper", "pacman"} <= {found.release.manager}
        fabric = [one for one in part.steps if one.id == "driver-fabric"]
        assert bool(fabric) == need.fabric
        if need.fabric:
            assert "fabricmanager" in words.replace("nvidia-fabricmanager.service", "")
        if need.nvlink5:
            assert "nvlsm" in words


@pytest.mark.parametrize(("name", "version"), RELEASES)
def test_secure_boot_is_never_forgotten(name: str, version: str) -> None:
    """The module is signed with a key that the machine trusts, or the plan enrols one, or the kernel asks for none."""
    facts = facts_of(name, version, GPUS["ampere"], secure_boot=True)
    need = needs.of(facts)
    found = choice.choose(facts, need)
    if found is None or found.way.by == "hand":
        return
    part = installer.steps(facts, need, "missing", "/c")
    enrols = any(one.id == "driver-secure-boot" for one in part.steps)
    words = " ".join(word for argv in actions(part.steps) for word in argv)
    signed = found.way.module in ("signed", "unchecked") or "linux-modules-nvidia" in words or "ubuntu-drivers" in words
    assert enrols != signed


def test_a_gpu_that_is_not_known_gets_no_guess() -> None:
    odd = replace(hardware.RTX_3090, device_id="ffff", name="NVIDIA Graphics Device", capability="")
    for name, version in RELEASES:
        one = fresh.machine(os_of(name, version), odd, groups=("ada", "sudo", "wheel"))
        facts = collect(build(one), Request(fast=True)).facts
        assert facts.gpus
        part = installer.steps(facts, needs.of(facts), "missing", "/c")
        programs = [argv for argv in actions(part.steps) if "apt-get" not in argv]
        assert all("ubuntu-drivers" in argv for argv in programs)


def test_nothing_follows_from_id_like_alone() -> None:
    os = replace(os_of("ubuntu", "24.04"), id="unheardof", version_id="1", id_like="ubuntu debian")
    one = fresh.machine(os, hardware.RTX_3090, groups=("ada", "sudo"))
    facts = collect(build(one), Request(fast=True)).facts
    part = installer.steps(facts, needs.of(facts), "missing", "/c")
    assert [step.id for step in part.steps] == ["driver-by-hand"]
    assert not part.impossible  # it may well have one: this tool does not know


@pytest.mark.parametrize("name", TABLES)
def test_each_row_has_its_source(name: str) -> None:
    table = TABLES[name]
    assert table["id"] == name
    assert name in FILES[[one.name.removesuffix(".json") for one in FILES].index(name)].name
    for _, url, read_on in table["sources"].values():
        assert url.startswith("https://")
        assert re.fullmatch(r"\d{4}-\d{2}-\d{2}|not read: .+", read_on)
    for version in table["releases"]:
        found = distributions.release(name, "42" if version == "*" else version)
        assert found is not None
        for way in found.driver:
            assert way.source in found.sources
            assert way.by == "hand" or way.detects or way.open or way.proprietary
            assert way.by != "hand" or way.text
            assert way.version is None or way.driver is not None
        if found.repository is not None:
            assert found.machines


def test_the_base_of_a_derived_release() -> None:
    mint = distributions.release("linuxmint", "22.2")
    assert mint is not None
    assert (mint.base, mint.repository, mint.image) == ("ubuntu24.04", "ubuntu2404", "ubuntu:24.04")
    lmde = distributions.release("linuxmint", "6")
    assert lmde is not None
    assert (lmde.base, lmde.family, lmde.signing_key) == ("debian12", "debian", "/var/lib/dkms/mok.pub")
    assert distributions.release("../ubuntu", "24.04") is None
    assert distributions.release("gentoo", "2") is None


_PYTHON = {"ubuntu": "python3-venv", "debian": "python3-venv", "arch": "python"}
IMAGES = [one for one in RELEASES if (row := distributions.release(*one)) is not None and row.image and row.driver]


@pytest.mark.parametrize(("name", "version"), IMAGES)
def test_a_dockerfile_speaks_to_its_images_own_package_manager(name: str, version: str) -> None:
    """No other manager is called than that of the image, and what the plan uses is brought first."""
    release = distributions.release(name, version)
    assert release is not None
    seen = 0
    requests: tuple[dict[str, Any], ...] = ({}, {"toolkit": True})
    for more in requests:
        one = fresh.machine(os_of(name, version), hardware.T4, groups=("ada", "sudo", "wheel"))
        plan = fresh.planned(one, **more)
        if plan.impossible is not None:
            continue
        seen += 1
        assert plan.image is not None
        found = instructions(dockerfile.render(plan))
        assert found[0] == ("FROM", plan.image.base)
        lines = [rest for what, rest in found if what == "RUN"]
        programs = {word for line in lines for word in re.split(r"[\s;&]+", line)}
        others = {"apt-get", "dnf", "yum", "zypper", "pacman"} - {release.manager.replace("apt", "apt-get")}
        assert not programs & others
        if any(" -m venv " in line for line in lines):
            assert _PYTHON.get(release.family, "python3") in lines[0].split()
        assert all("nvidia-driver" not in line and "nvidia-open" not in line for line in lines)
        for line in lines:
            argv = run_argv(line)
            done = subprocess.run(["sh", "-n"], input=argv[-1].encode(), capture_output=True, check=False)
            assert argv[0] != "/bin/sh" or done.returncode == 0, line
        if more and "-devel-" not in plan.image.base:
            assert "g++" in lines[0] or "gcc" in lines[0]
            assert any(re.search(r" cuda(-toolkit-\d+-\d+)?$", line) for line in lines)
    assert seen


def test_images_that_were_taken_away_are_not_named() -> None:
    plan = fresh.planned(
        fresh.machine(hardware.UBUNTU_1804, hardware.GTX_1080_TI, groups=("ada", "sudo")), toolkit=True,
        words={"cuda": "10.1", "manager": "conda"},
    )  # fmt: skip
    assert plan.image is not None
    assert plan.image.base == "ubuntu:18.04"
    lines = [rest for what, rest in instructions(dockerfile.render(plan)) if what in ("RUN", "ADD")]
    places = [next(at for at, line in enumerate(lines) if word in line) for word in ("dpkg -i", "cuda-toolkit-10-1")]
    assert places == sorted(places)
