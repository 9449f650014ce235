"""The operating system, containers, WSL, Jetson, Secure Boot."""

from __future__ import annotations

import pytest

from cudadoctor.facts.system import OsFacts
from cudadoctor.host.base import Denied, Failed, Refusal
from cudadoctor.host.local import LocalHost
from cudadoctor.parsers import os_release
from cudadoctor.probes import system
from cudadoctor.probes.base import Clock, Request

from .fake import FakeHost, identity

UBUNTU = 'NAME="Ubuntu"\nID=ubuntu\nID_LIKE=debian\nVERSION_ID="24.04"\nPRETTY_NAME="Ubuntu 24.04.1 LTS"\n'
MACHINE_MOUNTS = "25 1 8:2 / / rw,relatime shared:1 - ext4 /dev/sda2 rw\n6 25 0:6 / /dev rw,nosuid - devtmpfs udev rw\n"
OVERLAY = "overlay overlay rw,lowerdir=/var/lib/{engine}/l/A:/var/lib/{engine}/l/B,upperdir=/u,workdir=/w"
CONTAINER_MOUNTS = (
    f"500 400 0:50 / / rw,relatime - {OVERLAY.format(engine='docker/overlay2')}\n"
    "501 500 0:51 / /proc rw - proc proc rw\n"
    "502 500 0:52 / /dev rw,nosuid - tmpfs tmpfs rw,size=65536k,mode=755\n"
    "503 500 8:2 /var/lib/docker/containers/0a1b/resolv.conf /etc/resolv.conf rw - ext4 /dev/sda2 rw\n"
)
NEUTRAL_MOUNTS = "500 400 0:50 / / rw - fuse.layers thing rw\n502 500 0:52 / /dev rw - tmpfs tmpfs rw\n"


def facts(host: FakeHost | LocalHost) -> OsFacts:
    value = system.probe(host, Request(), Clock(60)).value
    assert value is not None
    return value


def test_distribution_and_kernel() -> None:
    found = facts(FakeHost(files={"/etc/os-release": UBUNTU}))
    assert (found.id, found.id_like, found.version_id, found.pretty_name) == (
        "ubuntu",
        ("debian",),
        "24.04",
        "Ubuntu 24.04.1 LTS",
    )
    assert (found.kernel, found.arch, found.glibc, found.uid) == ("6.8.0-50-generic", "x86_64", "2.39", 1000)
    assert found.groups == ("someone", "video")
    assert (found.container, found.wsl, found.jetson, found.secure_boot) == (None, None, None, None)


def test_the_second_place_of_os_release() -> None:
    assert facts(FakeHost(files={"/usr/lib/os-release": "ID=arch\n"})).id == "arch"


def test_without_os_release_there_is_a_gap() -> None:
    found = system.probe(FakeHost(), Request(), Clock(60))
    assert found.value is not None
    assert found.value.id is None
    assert [gap.fact for gap in found.gaps] == ["os.id"]


def test_a_host_that_does_not_tell_who_it_is() -> None:
    found = system.probe(FakeHost(files={"/etc/os-release": UBUNTU}, who=Failed("identity")), Request(), Clock(60))
    assert found.value is not None
    assert (found.value.kernel, found.value.glibc) == (None, None)
    assert [gap.fact for gap in found.gaps] == ["os.kernel"]


def test_another_libc_is_no_glibc() -> None:
    assert facts(FakeHost(who=identity(libc="musl 1.2.5"))).glibc is None
    assert facts(FakeHost(who=identity(libc=None))).glibc is None


@pytest.mark.parametrize(
    ("text", "name", "value"),
    [
        ("ID=debian", "ID", "debian"),
        ("ID='debian'", "ID", "debian"),
        ('ID="deb\\"i\\$an"', "ID", 'deb"i$an'),
        ('ID="a\\b"', "ID", "a\\b"),
        ("ID=a\\ b", "ID", "a b"),
        ("ID=a # comment", "ID", "a"),
        ("ID='a'\"b\"c", "ID", "abc"),
        ("ID=one\nID=two", "ID", "two"),
        ("  ID=debian", "ID", "debian"),
        ("#ID=debian", "ID", None),
        ("I D=debian", "ID", None),
        ('ID="$(reboot)"', "ID", "$(reboot)"),
        ('ID="open', "ID", "open"),
        ("ID=", "ID", ""),
    ],
)
def test_os_release_is_read_as_a_shell_reads_it(text: str, name: str, value: str | None) -> None:
    assert os_release.parse(text).get(name) == value


def test_control_characters_do_not_reach_the_facts() -> None:
    assert facts(FakeHost(files={"/etc/os-release": 'PRETTY_NAME="Evil \x1b[31mOS\x07"\n'})).pretty_name == "Evil OS"


@pytest.mark.parametrize(
    ("expected", "files", "env"),
    [
        (None, {"/proc/self/mountinfo": MACHINE_MOUNTS, "/proc/1/cgroup": "0::/init.scope\n"}, {}),
        # A virtual machine whose disk was made from a container image: the marker is there, the mounts are a machine's.
        (None, {"/.dockerenv": "", "/proc/self/mountinfo": MACHINE_MOUNTS, "/proc/1/cgroup": "0::/\n"}, {}),
        (None, {"/run/.containerenv": "", "/proc/self/mountinfo": MACHINE_MOUNTS}, {"container": "oci"}),
        # A session that inherited a variable, on the machine itself.
        (None, {"/proc/self/mountinfo": MACHINE_MOUNTS}, {"KUBERNETES_SERVICE_HOST": "10.0.0.1"}),
        # A live system's root is an overlay as well.
        (None, {"/proc/self/mountinfo": "1 0 0:2 / / rw - overlay airootfs rw,lowerdir=/run/live/rootfs\n"}, {}),
        (None, {}, {}),
        ("docker", {"/.dockerenv": "", "/proc/self/mountinfo": CONTAINER_MOUNTS, "/proc/1/cgroup": "0::/\n"}, {}),
        ("docker", {"/.dockerenv": ""}, {}),
        ("docker", {"/proc/1/cgroup": "12:devices:/docker/0a1b2c\n0::/docker/0a1b2c\n"}, {}),
        ("docker", {"/proc/1/cgroup": "0::/system.slice/docker-0a1b2c.scope\n"}, {}),
        ("podman", {"/run/.containerenv": 'engine="podman-5.0"\n', "/proc/self/mountinfo": CONTAINER_MOUNTS}, {}),
        ("podman", {"/proc/1/cgroup": "0::/machine.slice/libpod-0a1b.scope/container\n"}, {}),
        ("podman", {"/proc/self/mountinfo": NEUTRAL_MOUNTS}, {"container": "podman"}),
        (
            "kubernetes",
            {"/.dockerenv": "", "/proc/self/mountinfo": CONTAINER_MOUNTS, "/proc/1/cgroup": "0::/\n"},
            {"KUBERNETES_SERVICE_HOST": "10.0.0.1"},
        ),
        ("kubernetes", {"/proc/1/cgroup": "0::/kubepods.slice/kubepods-pod1.slice/cri-containerd-0a.scope\n"}, {}),
        ("lxc", {"/proc/1/cgroup": "0::/lxc.payload.box/init.scope\n"}, {}),
        ("lxc", {"/proc/1/cgroup": "1:name=systemd:/lxc/box\n"}, {}),
        ("lxc", {"/proc/self/mountinfo": NEUTRAL_MOUNTS}, {"container": "lxc"}),
        ("container", {"/proc/self/mountinfo": NEUTRAL_MOUNTS}, {"container": "systemd-nspawn"}),
        ("container", {"/proc/self/mountinfo": NEUTRAL_MOUNTS}, {"container": "oci"}),
        ("docker", {"/.dockerenv": "", "/proc/self/mountinfo": NEUTRAL_MOUNTS}, {"container": "oci"}),
        ("container", {"/proc/self/mountinfo": CONTAINER_MOUNTS.replace("docker", "containerd")}, {}),
        ("apptainer", {"/proc/self/mountinfo": MACHINE_MOUNTS}, {"APPTAINER_CONTAINER": "/home/u/a.sif"}),
        ("apptainer", {}, {"SINGULARITY_CONTAINER": "/home/u/a.sif"}),
        (None, {}, {"container": "wsl"}),
    ],
)
def test_containers(expected: str | None, files: dict[str, str], env: dict[str, str]) -> None:
    assert facts(FakeHost(files=files, env=env)).container == expected


@pytest.mark.parametrize(
    ("kernel", "nodes", "env", "expected"),
    [
        ("5.15.167.4-microsoft-standard-WSL2", ["/dev/dxg"], {}, 2),
        ("5.15.167.4-microsoft-standard-WSL2", [], {}, 2),
        ("4.19.84-MICROSOFT-standard", [], {}, 2),
        ("4.4.0-19041-Microsoft", [], {}, 1),
        ("6.6.9-custom", ["/dev/dxg"], {"WSL_DISTRO_NAME": "Ubuntu"}, 2),
        ("6.6.9-custom", ["/dev/dxg"], {}, None),  # dxg alone is Hyper-V's GPU paravirtualisation
        ("6.6.9-custom", [], {"WSL_DISTRO_NAME": "Ubuntu"}, None),
        ("4.4.0", [], {}, None),
    ],
)
def test_wsl(kernel: str, nodes: list[str], env: dict[str, str], expected: int | None) -> None:
    host = FakeHost(nodes=dict.fromkeys(nodes, (0o666, 0, 0, 0)), env=env, who=identity(kernel=kernel))
    assert facts(host).wsl == expected


@pytest.mark.parametrize(
    ("release", "expected"), [("5.15.153.1-microsoft-standard-WSL2\n", 2), ("6.8.0-1-azure\n", None)]
)
def test_wsl_by_the_file_where_uname_is_a_sandbox_s(release: str, expected: int | None) -> None:
    host = FakeHost(files={"/proc/sys/kernel/osrelease": release}, who=identity(kernel="6.8.0-50-generic"))
    assert facts(host).wsl == expected


def test_a_container_on_wsl_is_both() -> None:
    host = FakeHost(
        files={"/.dockerenv": "", "/proc/self/mountinfo": CONTAINER_MOUNTS},
        nodes={"/dev/dxg": (0o666, 0, 0, 0)},
        who=identity(kernel="5.15.167.4-microsoft-standard-WSL2"),
    )
    assert (facts(host).wsl, facts(host).container) == (2, "docker")


@pytest.mark.parametrize(
    ("files", "kernel", "expected"),
    [
        ({"/proc/device-tree/model": "NVIDIA Jetson Orin Nano\0"}, "5.15.148-tegra", "NVIDIA Jetson Orin Nano"),
        (
            {"/proc/device-tree/model": "quill\0", "/proc/device-tree/compatible": "nvidia,tegra186\0"},
            "4.9.337",
            "quill",
        ),
        ({"/etc/nv_tegra_release": "# R36 (release)"}, "6.8.0", "Jetson"),
        ({}, "5.15.148-tegra", "Jetson"),
        ({"/proc/device-tree/model": "Raspberry Pi 5\0"}, "6.6.0", None),
    ],
)
def test_jetson(files: dict[str, str], kernel: str, expected: str | None) -> None:
    assert facts(FakeHost(files=files, who=identity(machine="aarch64", kernel=kernel))).jetson == expected


@pytest.mark.parametrize(
    ("content", "expected"),
    [(b"\x06\0\0\0\x01", True), (b"\x06\0\0\0\0", False), (b"\x06\0\0", None), (Denied("x"), None), (None, None)],
)
def test_secure_boot_is_not_off_where_it_is_not_known(content: bytes | Refusal | None, expected: bool | None) -> None:
    files = {} if content is None else {system.SECURE_BOOT: content}
    assert facts(FakeHost(files=files)).secure_boot is expected


def test_what_the_container_runtime_reads() -> None:
    found = facts(FakeHost(env={"NVIDIA_VISIBLE_DEVICES": "void", "NVIDIA_DRIVER_CAPABILITIES": "utility"}))
    assert (found.nvidia_visible_devices, found.nvidia_driver_capabilities) == ("void", "utility")


def test_this_machine() -> None:
    found = facts(LocalHost())
    assert found.kernel
    assert found.arch
    assert found.uid is not None
