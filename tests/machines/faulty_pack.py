"""Machines with a fault in packages, repositories or container engines."""

from __future__ import annotations

from dataclasses import replace

from . import hardware
from .healthy import D470, D570_OPEN, D580, DOCKER, RTX3090_535, RTX5090_CU128
from .healthy_pack import DEBIAN_13, DOCKER_CE, REPOS, TOOLKIT, cuda_list
from .parts import Libcuda, Toolkit
from .presets import TORCH_29_CU126, TORCH_29_CU130, planted, venv

_LIB = "/usr/lib/x86_64-linux-gnu"
_OLD_KEYRING = bytes.fromhex(
    # One public key packet (version 4, RSA) of 16 bytes: a key that nobody has.
    "9810" + "0400000000010008ff0008ff" + "00000000"
)
_HISTORY = (
    "\nStart-Date: 2026-11-20  06:12:40\nCommandline: /usr/bin/unattended-upgrade\n"
    "Upgrade: libnvidia-compute-535:amd64 (535.261.03-0ubuntu1, 535.274.02-0ubuntu1), tzdata:all (1, 2)\n"
    "End-Date: 2026-11-20  06:13:02\n"
)

PACK = (
    planted(
        RTX3090_535,
        "ubuntu2204-rtx3090-two-entries-for-cuda",
        "apt-signed-by-conflict",
        files={
            "/etc/apt/sources.list.d/cuda.list": cuda_list("ubuntu2204", key=None),
            "/etc/apt/sources.list.d/cuda-ubuntu2204-x86_64.list": cuda_list("ubuntu2204"),
        },
    ),
    planted(
        RTX5090_CU128,
        "debian13-rtx5090-repository-of-debian12",
        "apt-sha1-key-rejected",
        status="warnings",
        os=DEBIAN_13,
        envs=(venv(TORCH_29_CU130, python="3.13.5"),),
        system_packages=(("sqv", "1.3.0-3", "ii "),),
        files={"/etc/apt/sources.list.d/cuda-debian12-x86_64.list": cuda_list("debian12")},
    ),
    planted(
        RTX3090_535,
        "ubuntu2204-rtx3090-half-configured-driver",
        "apt-driver-packages-conflict",
        status="warnings",
        system_packages=(("nvidia-dkms-535", "535.274.02-0ubuntu1", "iF "),),
    ),
    planted(
        RTX3090_535,
        "ubuntu2204-gtx1080ti-package-cuda",
        "cuda-metapackage-pulls-driver",
        status="warnings",
        gpus=(hardware.GTX_1080_TI,),
        driver=D580,
        envs=(venv(TORCH_29_CU126),),
        system_packages=(("cuda", "13.0.2-1", "ii "),),
        files={"/etc/apt/sources.list.d/cuda-ubuntu2204-x86_64.list": cuda_list("ubuntu2204")},
    ),
    planted(
        RTX3090_535,
        "ubuntu2204-rtx3090-old-toolkit-container",
        status="healthy",
        system_packages=(DOCKER_CE, ("nvidia-container-toolkit", "1.14.3-1", "ii ")),
        executables=("/usr/bin/dockerd", "/usr/bin/nvidia-ctk"),
    ),
    planted(
        RTX3090_535,
        "ubuntu2204-rtx3090-no-cgroups",
        "container-no-cgroups-setting",
        status="warnings",
        system_packages=(DOCKER_CE, TOOLKIT),
        executables=("/usr/bin/dockerd", "/usr/bin/nvidia-ctk"),
        files={"/etc/nvidia-container-runtime/config.toml": "[nvidia-container-cli]\nno-cgroups = true\n"},
    ),
    planted(
        DOCKER,
        "docker-l40s-driver-in-image",
        "driver-libs-baked-in-image",
        driver=replace(D570_OPEN, libraries=False),
        libcuda=Libcuda(cuinit=803, path=f"{_LIB}/libcuda.so.535.54.03"),
        smi_message="Failed to initialize NVML: Unknown Error",
        files={f"{_LIB}/libcuda.so.535.54.03": b"\x7fELF", f"{_LIB}/libnvidia-ml.so.535.54.03": b"\x7fELF"},
        links={f"{_LIB}/libcuda.so.1": "libcuda.so.535.54.03"},
        system_packages=(("libnvidia-compute-535", "535.54.03-0ubuntu1", "ii "),),
    ),
    planted(
        DOCKER,
        "docker-a100-470-image-for-cuda126",
        "driver-too-old-for-runtime",
        driver=D470,
        gpus=(hardware.A100,),
        variables={**DOCKER.variables, "NVIDIA_REQUIRE_CUDA": "cuda>=12.6", "NVIDIA_DISABLE_REQUIRE": "1"},
    ),
    planted(
        RTX3090_535,
        "ubuntu2204-rtx3090-only-remarks",
        status="healthy",
        why="everything of packages and engines that is worth a remark and no more",
        executables=("/usr/bin/dockerd", "/snap/bin/docker"),
        files={
            "/usr/bin/nvidia-uninstall": b"\x7fELF",
            "/var/log/apt/history.log": _HISTORY,
            "/etc/apt/sources.list.d/cuda.list": cuda_list("ubuntu2004"),
            "/etc/apt/sources.list.d/nvidia-ml.list": "deb "
            "https://developer.download.nvidia.com/compute/machine-learning/repos/ubuntu2004/x86_64 /\n",
        },
    ),
    planted(
        RTX3090_535,
        "ubuntu2204-rtx3090-docker-snap",
        status="healthy",
        why="the snap's docker, and nothing that failed",
        executables=("/snap/bin/docker",),
    ),
    planted(
        RTX3090_535,
        "ubuntu2204-rtx3090-docker-desktop",
        status="healthy",
        why="Docker Desktop, and nothing that failed",
        executables=("/opt/docker-desktop/bin/docker-desktop",),
    ),
    planted(
        RTX3090_535,
        "ubuntu2204-rtx3090-two-toolkits-of-two-origins",
        status="healthy",
        why="Ubuntu's nvcc is first on PATH",
        toolkits=(
            Toolkit(version="11.5.119", root="/usr/lib/nvidia-cuda-toolkit", layout="distribution"),
            Toolkit(version="12.1.105"),
        ),
    ),
)
"""The last ones have remarks only: they are here because a check's information is shown by them."""
assert REPOS
