"""Machines with a fault around the driver and torch: limits, disks, clusters, variables, a part of a toolkit."""

from __future__ import annotations

from dataclasses import replace

from . import hardware
from .healthy import D550, D580_OPEN, DOCKER, HGX, RTX3090_535, RTX5090_CU128
from .parts import Env, Libcuda, Machine, Os, Toolkit
from .presets import TORCH_25_CU124, TORCH_28_CU128, Planted, conda_pair, planted, venv

TWO = (hardware.RTX_3090, replace(hardware.RTX_3090, bus="0000:02:00.0"))
ALPINE = Os(
    id="alpine",
    version_id="3.22.1",
    pretty="Alpine Linux v3.22",
    kernel="6.8.0-60-generic",
    glibc="",
    gcc="14.2.0",
    python="3.12.11",
)
INFINIBAND = {
    "/sys/class/infiniband/mlx5_0/ports/1/state": "4: ACTIVE\n",
    "/sys/class/infiniband/mlx5_0/ports/1/link_layer": "InfiniBand\n",
}
SLURM = {"/etc/slurm/slurm.conf": "ClusterName=planted\n"}


def told(base: Machine, name: str, *infos: str, status: str = "healthy", why: str = "", **changes: object) -> Planted:
    """A machine that is well, of which something is worth knowing."""
    return replace(planted(base, name, status=status, why=why, **changes), said_as_info=infos)


TORCH_FORGE = replace(TORCH_25_CU124, version="2.5.1", conda_build="cuda124_py310", cuda="12.4")
LIMITS = (
    planted(
        RTX3090_535,
        "ubuntu2204-rtx3090-535-address-space",
        "address-space-limited",
        libcuda=Libcuda(cuinit=2),
        address_space=16 << 30,
        why="a batch system's ulimit -v",
    ),
    planted(
        replace(DOCKER, gpus=(hardware.L40S, replace(hardware.L40S, bus="0000:0b:00.0"))),
        "docker-two-l40s-570open-shm64m",
        "nccl-shm-too-small",
        status="warnings",
        shm_size=64 << 20,
    ),
    planted(
        RTX3090_535,
        "ubuntu2204-rtx3090-535-home-full",
        "disk-nearly-full",
        status="warnings",
        disks={"home": (100 << 30, 20 << 20)},
    ),
    planted(
        DOCKER,
        "docker-l40s-570open-memory1g",
        "memory-cgroup-tight",
        status="warnings",
        files={"/sys/fs/cgroup/memory.max": f"{1 << 30}\n", "/sys/fs/cgroup/memory.events": "oom 4\noom_kill 4\n"},
    ),
    planted(
        RTX3090_535,
        "ubuntu2204-rtx3090-535-cache-of-root",
        "cache-dir-unwritable",
        status="warnings",
        modes={"~/.triton": (0o755, 0), "~/.nv": (0o700, 0)},
        why="somebody ran sudo python once",
    ),
    planted(
        RTX3090_535,
        "ubuntu2204-rtx3090-535-libraries-777",
        "writable-library-directory",
        status="warnings",
        variables={"LD_LIBRARY_PATH": "/opt/tensor/lib"},
        modes={"/opt/tensor/lib": (0o777, 0)},
    ),
    planted(
        Machine(
            name="",
            os=ALPINE,
            gpus=(hardware.T4,),
            driver=replace(D550, on_loader_path=False, libraries=False, smi=False),
            container="docker",
            variables={"NVIDIA_VISIBLE_DEVICES": "all", "NVIDIA_DRIVER_CAPABILITIES": "compute,utility"},
        ),
        "docker-alpine-t4-550",
        "libc-unsupported",
        status="broken",
        files={"/usr/lib/ld-musl-x86_64.so.1": b"\x7fELF"},
        libcuda=Libcuda(behaviour="missing"),
    ),
    told(
        HGX,
        "ubuntu2204-h100x8-570-proprietary-infiniband",
        "gpudirect-module-missing",
        "memlock-limit-too-low",
        driver=replace(D550, version="550.163.01"),
        envs=(venv(TORCH_25_CU124),),
        files=INFINIBAND,
        memlock=8 << 20,
    ),
    told(
        RTX3090_535,
        "ubuntu2204-rtx3090-535-noexec-tmp",
        "noexec-temporary-directory",
        noexec=("/tmp",),
        why="hardened as CIS asks for",
    ),
    told(
        RTX3090_535,
        "ubuntu2204-rtx3090-535-snap-terminal",
        "confined-by-snap-or-flatpak",
        variables={"SNAP": "/snap/code/1", "LD_LIBRARY_PATH": "/snap/code/1/usr/lib"},
        modes={"/snap/code/1/usr/lib": (0o755, 0)},
    ),
)
CLUSTERS = (
    told(
        Machine(name="", os=hardware.RHEL_9, envs=(venv(TORCH_25_CU124, python="3.9.21"),)),
        "rhel9-login-node",
        "login-node-without-gpu",
        status="no-gpu",
        files=SLURM,
    ),
    told(
        Machine(name="", os=hardware.UBUNTU_2204, envs=(venv(TORCH_25_CU124),), variables={"GITHUB_ACTIONS": "true"}),
        "ubuntu2204-hosted-runner-cuda-torch",
        "ci-runner-without-gpu",
        status="no-gpu",
    ),
    told(
        RTX3090_535,
        "ubuntu2204-rtx3090-535-slurm-no-gpu",
        "slurm-gpu-not-requested",
        "visible-devices-hides-gpus",
        variables={"SLURM_JOB_ID": "7", "CUDA_VISIBLE_DEVICES": ""},
        files=SLURM,
    ),
    told(
        RTX3090_535,
        "ubuntu2204-rtx3090-535-under-sudo",
        "sudo-drops-environment",
        uid=0,
        user="root",
        variables={"SUDO_USER": "ada"},
        envs=(Env(kind="system", prefix="/usr", python="3.10.12", active=True),),
    ),
)
VARIABLES = (
    planted(
        RTX3090_535,
        "ubuntu2204-rtx3090-535-force-ptx-jit",
        "debug-variables-set",
        status="warnings",
        variables={"CUDA_FORCE_PTX_JIT": "1"},
    ),
    planted(
        RTX3090_535,
        "ubuntu2204-rtx3090-535-alloc-conf",
        "alloc-conf-invalid",
        variables={"PYTORCH_CUDA_ALLOC_CONF": "expandable_segments=True"},
    ),
    planted(
        replace(RTX3090_535, gpus=TWO),
        "ubuntu2204-two-rtx3090-535-nccl-sockets",
        "nccl-env-leftovers",
        status="warnings",
        variables={"NCCL_P2P_DISABLE": "1", "NCCL_SHM_DISABLE": "1"},
    ),
    planted(
        replace(RTX3090_535, driver=D550),
        "ubuntu2204-rtx3090-550-compilers-differ",
        "compiler-variables-conflict",
        status="warnings",
        variables={"CC": "gcc-9", "CXX": "g++-11"},
        cxx={"/usr/bin/g++-9": "9.5.0"},
    ),
    told(
        replace(RTX3090_535, gpus=(hardware.GTX_1080_TI, replace(hardware.RTX_3090, bus="0000:02:00.0"))),
        "ubuntu2204-gtx1080ti-rtx3090-535-other-order",
        "device-order-differs",
        cuda_order=(1, 0),
    ),
)
WELL = (
    told(
        DOCKER,
        "docker-l40s-570open-shm64m-one-gpu",
        "nccl-shm-too-small",
        shm_size=64 << 20,
        why="what Docker gives; one GPU needs little of it",
    ),
    told(
        HGX,
        "ubuntu2204-h100x8-570open-slurm-job",
        files={**INFINIBAND, **SLURM, "/sys/module/nvidia_peermem/initstate": "live\n"},
        variables={
            "SLURM_JOB_ID": "7",
            "SLURM_JOB_GPUS": "0,1,2,3,4,5,6,7",
            "CUDA_VISIBLE_DEVICES": "0,1,2,3,4,5,6,7",
            "NCCL_SOCKET_IFNAME": "^docker0,lo",
        },
        groups=("students",),
        why="a job on a cluster, with everything that it asked for",
    ),
    told(
        RTX3090_535,
        "ubuntu2204-rtx3090-535-roce-unused",
        files={
            "/sys/class/infiniband/mlx5_0/ports/1/state": "4: ACTIVE\n",
            "/sys/class/infiniband/mlx5_0/ports/1/link_layer": "Ethernet\n",
        },
        memlock=8 << 20,
        why="a cloud machine's network card can do RDMA, and nobody uses it",
    ),
    told(
        RTX3090_535,
        "ubuntu2204-rtx3090-535-limits-that-do",
        address_space=256 << 30,
        files={"/proc/sys/vm/overcommit_memory": "2\n", "/sys/fs/cgroup/memory.max": f"{32 << 30}\n"},
        modes={"~/.triton": (0o755, 1000), "~/.nv": (0o2775, 0), "/opt/tools/bin": (0o777, 0)},
        variables={"PYTORCH_CUDA_ALLOC_CONF": "expandable_segments:True", "CC": "gcc", "CXX": "g++"},
        disks={"tmp": (2 << 30, 10 << 20)},
        why="limits and modes that CUDA works with",
    ),
)
BUILDING = (
    planted(
        replace(RTX3090_535, driver=D550),
        "ubuntu2204-rtx3090-550-conda-nvcc-hidden",
        "path-order-conda-cuda",
        status="warnings",
        toolkits=(
            Toolkit(version="11.8.89"),
            Toolkit(version="12.4.131", root="/home/ada/miniconda3/envs/torch", in_loader_cache=False),
        ),
        envs=conda_pair(TORCH_FORGE, python="3.10.15", packages={}),
        variables={"PATH": "/usr/local/cuda-11.8/bin:/home/ada/miniconda3/envs/torch/bin:/usr/local/bin:/usr/bin:/bin"},
    ),
    told(
        RTX3090_535,
        "ubuntu2204-rtx3090-535-nvcc-alone",
        "partial-toolkit",
        toolkits=(Toolkit(version="12.1.105", headers=False),),
        path=("/usr/local/cuda/bin",),
        why="apt-get install cuda-nvcc-12-1, for ptxas",
    ),
    told(
        RTX3090_535,
        "ubuntu2204-rtx3090-535-two-toolkits",
        "several-toolkits",
        toolkits=(Toolkit(version="11.8.89"), Toolkit(version="12.1.105")),
        path=("/usr/local/cuda-12.1/bin",),
        variables={"CUDA_HOME": "/usr/local/cuda-12.1"},
    ),
    told(
        RTX3090_535,
        "ubuntu2204-rtx3090-535-nvcc-without-gxx",
        "build-tools-missing",
        toolkits=(Toolkit(version="12.1.105"),),
        path=("/usr/local/cuda/bin",),
        compiler=False,
    ),
    planted(
        replace(RTX5090_CU128, os=hardware.FEDORA_42, driver=D580_OPEN),
        "fedora42-rtx5090-580open-toolkit129",
        "glibc-too-new-for-nvcc",
        status="warnings",
        toolkits=(Toolkit(version="12.9.86", gcc_max=15),),
        path=("/usr/local/cuda/bin",),
        variables={"CUDA_HOME": "/usr/local/cuda"},
        envs=(venv(TORCH_28_CU128, python="3.13.7"),),
    ),
)
_ALL = (*LIMITS, *CLUSTERS, *VARIABLES, *WELL, *BUILDING)
SHELLHOST = tuple(one for one in _ALL if one.root_causes)
WORTH_KNOWING = tuple(one for one in _ALL if not one.root_causes)
