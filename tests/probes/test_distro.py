"""Packages, repositories and engines of a host."""

from __future__ import annotations

import base64

from cudadoctor.facts.distro import DistroFacts
from cudadoctor.facts.runtime import RuntimeFacts
from cudadoctor.host.base import Denied, Missing, TimedOut
from cudadoctor.probes import distro, runtime
from cudadoctor.probes.base import Clock, Request

from .fake import FakeHost, ended

KEY = base64.b64decode("mDMEU/NfCxYJKwYBBAHaRw8BAQdAPwmJlL3ZFu1AUxl5NOSofIBzOhKA1i+AEJkuQ+47JAY=")
STATUS = {"/var/lib/dpkg/status": "Package: apt\n"}
REPOS = "https://developer.download.nvidia.com/compute/cuda/repos"


def asked(host: FakeHost) -> tuple[DistroFacts, list[str]]:
    found = distro.probe(host, Request(), Clock(60))
    assert found.value is not None
    return found.value, [gap.fact for gap in found.gaps]


def given(host: FakeHost) -> RuntimeFacts:
    found = runtime.probe(host, Request(), Clock(60))
    assert found.value is not None
    return found.value


def test_dpkg_answers_with_status_one_where_a_pattern_matches_nothing() -> None:
    rows = ended("libnvidia-compute-580\t580.95.05\tamd64\tii \n", status=1, stderr="no packages found matching cuda")
    facts, gaps = asked(FakeHost(files=STATUS, programs={"dpkg-query": rows}))
    assert facts.manager == "dpkg"
    assert [one.name for one in facts.packages or ()] == ["libnvidia-compute-580"]
    assert gaps == []


def test_what_dpkg_does_not_tell_is_not_known() -> None:
    for program in (ended(status=2, stderr="error: lock"), TimedOut("dpkg-query"), Missing("dpkg-query")):
        facts, gaps = asked(FakeHost(files=STATUS, programs={"dpkg-query": program}))
        assert facts.packages is None
        assert gaps == ["distro.packages"]


def test_a_machine_without_a_known_manager() -> None:
    facts, gaps = asked(FakeHost())
    assert (facts.manager, facts.packages, gaps) == (None, None, ["distro.packages"])


def test_rpm_and_pacman() -> None:
    rpm = FakeHost(
        files={"/usr/lib/sysimage/rpm/rpmdb.sqlite": "x"},
        programs={"rpm": ended("nvidia-driver\t3:580.95.05-1.el9\tx86_64\n")},
    )
    assert [one.name for one in asked(rpm)[0].packages or ()] == ["nvidia-driver"]
    arch = FakeHost(
        files={
            "/var/lib/pacman/local/ALPM_DB_VERSION": "9",
            "/var/lib/pacman/local/nvidia-open-580.95.05-1/desc": "x",
            "/var/lib/pacman/local/bash-5.3-1/desc": "x",
        }
    )
    assert [(one.name, one.version) for one in asked(arch)[0].packages or ()] == [("nvidia-open", "580.95.05-1")]


def test_repositories_keys_and_pins_that_matter() -> None:
    host = FakeHost(
        files={
            **STATUS,
            "/etc/apt/sources.list": "deb http://archive.example.org/ubuntu jammy main\n",
            "/etc/apt/sources.list.d/cuda.list": "\ndeb [signed-by=/k.gpg] https://u:p@x.nvidia.com/cuda/ /\n"
            f"deb {REPOS}/a/x86_64 /\n",
            "/etc/apt/sources.list.d/c.sources": "Types: deb\nURIs: https://nvidia.github.io/x/\nSuites: /\n",
            "/k.gpg": KEY,
            "/etc/apt/trusted.gpg": Denied("/etc/apt/trusted.gpg"),
            "/etc/apt/preferences.d/nvidia": "Package: *nvidia*\nPin: version 580*\nPin-Priority: 1001\n",
            "/etc/apt/preferences.d/firefox": "Package: firefox*\nPin: release o=x\nPin-Priority: -1\n",
            "/etc/apt/apt.conf.d/20auto-upgrades": 'APT::Periodic::Unattended-Upgrade "1";\n',
        },
        programs={"dpkg-query": ended("")},
    )
    facts, _ = asked(host)
    assert [(one.file, one.line, one.uri) for one in facts.sources or ()] == [
        ("/etc/apt/sources.list.d/cuda.list", 2, "https://x.nvidia.com/cuda/"),
        ("/etc/apt/sources.list.d/cuda.list", 3, f"{REPOS}/a/x86_64"),
        ("/etc/apt/sources.list.d/c.sources", 1, "https://nvidia.github.io/x/"),
    ]
    assert [(one.file, one.fingerprints) for one in facts.keyrings] == [
        ("/k.gpg", ("C959BDBAFA32A2F89A153B678CFDE12197965A9A",))
    ]
    assert [one.package for one in facts.pins] == ["*nvidia*"]
    assert facts.unattended is True


def test_engines_and_toolkit() -> None:
    host = FakeHost(
        files={
            "/usr/bin/dockerd": "x",
            "/usr/bin/nvidia-ctk": "x",
            "/etc/docker/daemon.json": '{"runtimes": {"nvidia": {}}}',
            "/etc/nvidia-container-runtime/config.toml": "no-cgroups = true\n",
            "/etc/cdi/nvidia.yaml": "x",
            "/home/a/.docker/config.json": '{"auths": {"x": {"auth": "c2VjcmV0"}}}',
        },
        env={"HOME": "/home/a"},
    )
    facts = given(host)
    assert [(one.name, one.snap) for one in facts.engines] == [("docker", False)]
    assert (facts.toolkit, facts.runtimes, facts.no_cgroups) == ("/usr/bin/nvidia-ctk", ("nvidia",), True)
    assert facts.cdi_specs == ("/etc/cdi/nvidia.yaml",)
    assert facts.seen is not None
    assert facts.seen.text == "no-cgroups = true"


def test_the_snap() -> None:
    facts = given(FakeHost(files={"/snap/bin/docker": "x"}))
    assert [(one.name, one.snap) for one in facts.engines] == [("docker", True)]


def test_driver_files_of_the_image_are_those_that_nothing_mounted() -> None:
    folder = "/usr/lib/x86_64-linux-gnu"
    files = {
        f"{folder}/libcuda.so.570.195.03": "x",
        f"{folder}/libcuda.so.535.54.03": "x",
        f"{folder}/libcuda.so.1": "x",
    }
    mounts = f"1 0 0:1 / / rw - overlay overlay rw\n2 1 8:1 / {folder}/libcuda.so.570.195.03 ro - ext4 /dev/sda rw\n"
    facts = given(FakeHost(files={**files, "/proc/self/mountinfo": mounts}))
    assert facts.driver_files == (f"{folder}/libcuda.so.535.54.03",)
    assert given(FakeHost(files=files)).driver_files == (), "without the mounts nothing is known"


def test_what_the_image_asks_for() -> None:
    facts = given(FakeHost(env={"NVIDIA_REQUIRE_CUDA": "cuda>=12.8", "NVIDIA_DISABLE_REQUIRE": "1"}))
    assert (facts.require_cuda, facts.disable_require) == ("cuda>=12.8", True)
