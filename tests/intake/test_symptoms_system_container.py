"""Messages of apt, dpkg, docker, NVIDIA's container tools and WSL, as their sources word them."""

from __future__ import annotations

import pytest

from cudadoctor.intake.messages.find import find

MESSAGES = [
    ("W: GPG error: https://h.example InRelease: The following … NO_PUBKEY A4B469963BF863CC", "apt-key-unknown"),
    ("Missing key EB693B3035CD5710E231E123A4B469963BF863CC, which is needed to verify signature.", "apt-key-unknown"),
    (
        "E: Conflicting values set for option Signed-By regarding source https://d.example/x/ /: /k.gpg != ",
        "apt-signed-by-conflict",
    ),
    ("Signing key on EB693B3035CD5710E231E123A4B469963BF863CC is not bound:", "apt-key-not-bound"),
    ("bash: apt-key: command not found", "apt-key-missing-program"),
    ("sudo: apt-key: command not found", "apt-key-missing-program"),
    ("/bin/sh: 1: apt-key: not found", "apt-key-missing-program"),
    (
        (
            "W: https://h.example/repos/ubuntu2204/x86_64/InRelease: Key is stored in legacy trusted.gpg keyring "
            "(/etc/apt/trusted.gpg), see the DEPRECATION section in apt-key(8) for details."
        ),
        "apt-legacy-keyring",
    ),
    (
        " nvidia-driver-535 : Depends: libnvidia-gl-535 (= 535.1) but it is not going to be installed",
        "apt-unmet-dependency",
    ),
    (" cuda-drivers-580 : Depends: nvidia-driver-580 (>= 580.1) but it is not installable", "apt-unmet-dependency"),
    (" cuda : Depends: cuda-12-2 (>= 12.2.0) but it is not going to be installed", "apt-unmet-dependency"),
    (
        " trying to overwrite '/lib/firmware/nvidia/1/g.bin', which is also in package nvidia-firmware-535-535.1 1.0",
        "dpkg-overwrite",
    ),
    ("dpkg: error processing package nvidia-dkms-580 (--configure):", "dpkg-not-configured"),
    (
        " nsight-systems-2023.2.3 : Depends: libtinfo5 (>= 6) but it is not installable",
        "apt-needs-libtinfo5",
    ),
    ("Microsoft Windows [Version 10.0.19045.3570]", "windows-build"),
    ("Linux version 5.15.90.1-microsoft-standard-WSL2 (oe-user@oe-host)", "wsl-named"),
    ("I am on WSL2 with Ubuntu", "wsl-named"),
    (
        'docker: Error response from daemon: could not select device driver "" with capabilities: [[gpu]].',
        "no-gpu-device-driver",
    ),
    ('could not select device driver \\"nvidia\\" with capabilities: [[gpu]]', "no-gpu-device-driver"),
    ("docker: Error response from daemon: unknown or invalid runtime name: nvidia.", "nvidia-runtime-unknown"),
    ("docker: Error response from daemon: Unknown runtime specified nvidia.", "nvidia-runtime-unknown"),
    ('exec: "nvidia-container-runtime-hook": executable file not found in $PATH', "nvidia-hook-missing"),
    ("fork/exec /usr/bin/nvidia-container-runtime: no such file or directory: unknown", "nvidia-hook-missing"),
    ("Error: setting up CDI devices: unresolvable CDI devices nvidia.com/gpu=all", "cdi-device-unresolvable"),
    (
        "nvidia-container-cli: requirement error: unsatisfied condition: cuda>=12.9, please",
        "container-requirement-unmet",
    ),
    (
        (
            "nvidia-container-cli: initialization error: load library failed: libnvidia-ml.so.1: cannot open shared "
            "object file: no such file or directory: unknown."
        ),
        "nvml-library-not-found",
    ),
    ("Failed to initialize NVML: Unknown Error", "nvml-unknown-error"),
    ("Failed to initialize NVML: Insufficient Permissions", "nvml-insufficient-permissions"),
    ('openat(AT_FDCWD, "/dev/nvidiactl", O_RDWR) = -1 EPERM (Operation not permitted)', "nvidia-node-eperm"),
    ("no-cgroups = true", "no-cgroups-true"),
    (
        'type=AVC msg=audit(1): avc:  denied  { read write } for  pid=1 comm="x" path="/dev/nvidiactl"',
        "selinux-denied-nvidia",
    ),
    ("WARNING: The NVIDIA Driver was not detected.  GPU functionality will not be available.", "image-found-no-driver"),
    ("-e NVIDIA_DRIVER_CAPABILITIES=compute,utility", "driver-capabilities-asked"),
    ("[h264_cuvid @ 0x1] Cannot load libnvcuvid.so.1", "video-library-missing"),
    ("sudo snap install docker", "docker-from-snap"),
    ("sudo snap install --classic docker", "docker-from-snap"),
    ("Docker Root Dir: /var/snap/docker/common/var-lib-docker", "docker-from-snap"),
    ("desktop-linux *   moby   Docker Desktop", "docker-desktop-linux"),
    ("root@098b49afe624:/# nvidia-smi", "container-prompt"),
    ("[root@098b49afe624 /]# nvidia-smi", "container-prompt"),
    ("RUN apt-get update && apt-get install -y nvidia-utils-535", "image-installs-driver"),
]


@pytest.mark.parametrize(("text", "kind"), MESSAGES)
def test_is_recognised(text: str, kind: str) -> None:
    assert kind in {one.kind for one in find([("line 1", text)])}


OTHERS = [
    ("#no-cgroups = true", "no-cgroups-true"),
    ("ada@workstation:~$ nvidia-smi", "container-prompt"),
    ('openat(AT_FDCWD, "/dev/nvidiactl", O_RDWR) = -1 EACCES (Permission denied)', "nvidia-node-eperm"),
    ("snap install docker-compose-helper", "docker-from-snap"),
    (" libfoo : Depends: libbar but it is not going to be installed", "apt-unmet-dependency"),
    (" python3-cuda : Depends: libbar but it is not going to be installed", "apt-unmet-dependency"),
    ("RUN pip install torch", "image-installs-driver"),
    ("/usr/lib/wsl/lib/libcuda.so.1", "wsl-named"),
    ('could not select device driver "local" with capabilities', "no-gpu-device-driver"),
]


@pytest.mark.parametrize(("text", "kind"), OTHERS)
def test_is_not_taken_for_it(text: str, kind: str) -> None:
    assert kind not in {one.kind for one in find([("line 1", text)])}


def test_values_are_kept() -> None:
    found = {one.kind: one.values for one in find([("1", "unsatisfied condition: cuda>=12.9, x"), ("2", "WSL 2")])}
    assert found["container-requirement-unmet"] == {"name": "cuda", "sign": ">=", "version": "12.9"}
    assert found["wsl-named"] == {"version": "2"}
