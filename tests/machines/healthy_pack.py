"""Machines that work and whose packages, repositories and engines look suspicious at a glance."""

from __future__ import annotations

from dataclasses import replace

from . import hardware
from .healthy import D570_OPEN, D580, D580_OPEN, DOCKER, RTX3090_535, RTX5090_CU128, WSL
from .presets import TORCH_29_CU126, TORCH_29_CU130, planted, venv

REPOS = "https://developer.download.nvidia.com/compute/cuda/repos"
KEYRING = "/usr/share/keyrings/cuda-archive-keyring.gpg"
DEBIAN_13 = replace(
    hardware.DEBIAN_12,
    version_id="13",
    pretty="Debian GNU/Linux 13 (trixie)",
    kernel="6.12.57+deb13-amd64",
    glibc="2.41",
    gcc="14.2.0",
    python="3.13.5",
)
DOCKER_CE = ("docker-ce", "5:29.1.0-1~ubuntu.22.04~jammy", "ii ")
TOOLKIT = ("nvidia-container-toolkit", "1.18.2-1", "ii ")


def cuda_list(distro: str, arch: str = "x86_64", key: str | None = KEYRING) -> str:
    """The one-line entry of NVIDIA's repository."""
    option = f"[signed-by={key}] " if key else ""
    return f"deb {option}{REPOS}/{distro}/{arch}/ /\n"


PACKED = (
    planted(
        RTX3090_535,
        "ubuntu2204-rtx3090-docker-and-toolkit",
        status="healthy",
        why="docker-ce, the toolkit, the CUDA repository with its keyring, upgrades that leave the driver alone",
        system_packages=(DOCKER_CE, TOOLKIT, ("cuda-keyring", "1.1-1", "ii ")),
        executables=("/usr/bin/dockerd", "/usr/bin/containerd", "/usr/bin/nvidia-ctk"),
        files={
            "/etc/apt/sources.list.d/cuda-ubuntu2204-x86_64.list": cuda_list("ubuntu2204"),
            "/etc/docker/daemon.json": '{"runtimes": {"nvidia": {"path": "nvidia-container-runtime"}}}',
            "/etc/nvidia-container-runtime/config.toml": "[nvidia-container-cli]\n#no-cgroups = false\n",
            "/etc/apt/apt.conf.d/20auto-upgrades": 'APT::Periodic::Unattended-Upgrade "1";\n',
            "/etc/apt/apt.conf.d/50unattended-upgrades": 'Unattended-Upgrade::Package-Blacklist {\n  "nvidia-";\n};\n',
        },
    ),
    planted(
        RTX3090_535,
        "ubuntu2204-rtx3090-rootless-docker",
        status="healthy",
        why="rootless docker needs `no-cgroups = true`",
        system_packages=(DOCKER_CE, TOOLKIT),
        executables=("/usr/bin/dockerd", "/usr/bin/nvidia-ctk"),
        files={
            "~/.config/docker/daemon.json": '{"runtimes": {"nvidia": {"path": "nvidia-container-runtime"}}}',
            "/etc/nvidia-container-runtime/config.toml": "[nvidia-container-cli]\nno-cgroups = true\n",
        },
    ),
    planted(
        RTX5090_CU128,
        "debian13-rtx5090-own-repository",
        status="healthy",
        why="apt with sqv, and the repository of this very release",
        os=DEBIAN_13,
        envs=(venv(TORCH_29_CU130, python="3.13.5"),),
        driver=D580_OPEN,
        system_packages=(("sqv", "1.3.0-3", "ii "), ("cuda-drivers", "580.95.05-1", "ii ")),
        files={
            "/etc/apt/sources.list.d/cuda.sources": f"Types: deb\nURIs: {REPOS}/debian13/x86_64/\nSuites: /\n"
            f"Signed-By: {KEYRING}\n",
        },
    ),
    planted(
        RTX3090_535,
        "ubuntu2204-gtx1080ti-cuda-held",
        status="healthy",
        why="an older GPU with the package cuda, held at its version",
        gpus=(hardware.GTX_1080_TI,),
        driver=D580,
        envs=(venv(TORCH_29_CU126),),
        system_packages=(("cuda", "12.9.1-1", "hi "), ("cuda-drivers", "580.95.05-1", "hi ")),
        files={"/etc/apt/sources.list.d/cuda-ubuntu2204-x86_64.list": cuda_list("ubuntu2204")},
    ),
    planted(
        WSL,
        "wsl2-rtx3060laptop-docker-desktop",
        status="healthy",
        why="Docker Desktop on Windows hands the GPU to containers by itself",
        executables=("/usr/bin/docker",),
        system_packages=(("cuda-toolkit-12-4", "12.4.1-1", "ii "),),
        files={"/etc/apt/sources.list.d/cuda-wsl-ubuntu-x86_64.list": cuda_list("wsl-ubuntu")},
    ),
    planted(
        DOCKER,
        "docker-l40s-with-requirement-and-old-key",
        status="healthy",
        why="NVIDIA's image: a requirement that the driver meets",
        driver=D570_OPEN,
        variables={**DOCKER.variables, "NVIDIA_REQUIRE_CUDA": "cuda>=12.6 brand=unknown,driver>=470,driver<471"},
    ),
)
