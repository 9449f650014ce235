"""Healthy machines laid out in other ways than NVIDIA's own packages on Ubuntu would."""

from __future__ import annotations

from dataclasses import replace

from . import hardware
from .healthy import D470, D535, D550, D580, D580_OPEN, D595_OPEN, DOCKER, HGX, RTX3090_535, RTX5090_CU128, WSL
from .parts import Driver, Env, Libcuda, Machine, Os, Pkg, Toolkit
from .presets import (
    TORCH_25_CU124,
    TORCH_27_CU126,
    TORCH_28_CU128,
    TORCH_29_CPU,
    TORCH_112_CU113,
    Planted,
    companions,
    conda_pair,
    planted,
    venv,
)

TORCH_NGC = replace(TORCH_28_CU128, version="2.6.0a0+ecf3bae40a.nv25.01", cudnn="9.7.0")
TORCH_FORGE = replace(
    TORCH_27_CU126,
    version="2.7.1",
    conda_build="cuda126_mkl_py312_h30b5a27_300",
    channel="https://conda.anaconda.org/conda-forge",
)
FORGE_PACKAGES = {
    "numpy": Pkg(version="2.3.2", build="py312h33ff503_0", channel="conda-forge"),
    "mkl": Pkg(version="2024.2.2", build="ha957f24_16", channel="conda-forge"),
    "libtorch": Pkg(version="2.7.1", build="cuda126_mkl_hff21bea_300", channel="conda-forge"),
    "cuda-version": Pkg(version="12.6", build="h7480c83_3", channel="conda-forge"),
    "cudnn": Pkg(version="9.10.1.4", build="h7d33bf5_0", channel="conda-forge"),
}
OS_ARCH = Os(
    id="arch", version_id="", pretty="Arch Linux", kernel="6.17.8-arch1-1", glibc="2.42", gcc="15.2.1", python="3.13.9"
)
OS_NIX = Os(
    id="nixos",
    version_id="25.11",
    pretty="NixOS 25.11 (Xantusia)",
    kernel="6.12.58",
    glibc="2.40",
    gcc="14.3.0",
    python="3.13.9",
)


def well(base: Machine, name: str, why: str, **changes: object) -> Planted:
    """The base machine with these changes, still well."""
    return planted(base, name, status="healthy", why=why, **changes)


ODD = (
    well(
        RTX3090_535,
        "debian12-rtx3090-535-distribution",
        "Debian's own driver packages: libraries below nvidia/current",
        os=hardware.DEBIAN_12,
        driver=replace(D535, libdir="/usr/lib/x86_64-linux-gnu/nvidia/current"),
        links={
            "/usr/lib/x86_64-linux-gnu/libcuda.so.1": "nvidia/current/libcuda.so.1",
            "/usr/lib/x86_64-linux-gnu/libnvidia-ml.so.1": "nvidia/current/libnvidia-ml.so.1",
        },
        envs=(venv(TORCH_25_CU124, python="3.11.2"),),
    ),
    well(
        RTX3090_535,
        "debian12-rtx3090-535-distribution-toolkit",
        "Debian's nvcc, which brings its own g++ 11 along",
        os=hardware.DEBIAN_12,
        toolkits=(Toolkit(version="11.8.89", root="/usr/lib/nvidia-cuda-toolkit", layout="distribution", gcc_max=12),),
        envs=(venv(TORCH_25_CU124, python="3.11.2"),),
    ),
    well(
        RTX5090_CU128,
        "arch-rtx5090-580open-opt-cuda",
        "toolkit in /opt/cuda, as Arch has it",
        os=OS_ARCH,
        toolkits=(Toolkit(version="13.0.88", root="/opt/cuda"),),
        variables={"CUDA_PATH": "/opt/cuda"},
        path=("/opt/cuda/bin",),
        envs=(venv(replace(TORCH_28_CU128, version="2.9.1+cu130", cuda="13.0"), python="3.13.9", kind="uv"),),
    ),
    well(
        RTX3090_535,
        "nixos-rtx3090-580open",
        "libraries below /run, nvidia-smi in the system profile",
        os=OS_NIX,
        driver=replace(
            D580_OPEN,
            libdir="/run/opengl-driver/lib",
            smi_path="/run/current-system/sw/bin/nvidia-smi",
            on_loader_path=False,
            module_on_disk=False,
        ),
        path=("/run/current-system/sw/bin",),
        variables={"LD_LIBRARY_PATH": "/run/opengl-driver/lib"},
        envs=(venv(TORCH_28_CU128, python="3.13.9"),),
    ),
    well(
        RTX3090_535,
        "ubuntu2204-hybrid-laptop-550-asleep",
        "a laptop's GPU, switched off until something uses it",
        gpus=(replace(hardware.RTX_3060_LAPTOP, power_state="D3cold", persistence=False),),
        driver=D550,
        envs=(venv(TORCH_25_CU124),),
    ),
    well(
        RTX5090_CU128,
        "ubuntu2404-rtx5090-and-gtx1080ti-580open",
        "the open module cannot drive the old card beside the new one, which does the work",
        gpus=(hardware.RTX_5090, replace(hardware.GTX_1080_TI, bus="0000:02:00.0", bound=None)),
    ),
    well(
        RTX3090_535,
        "docker-ngc-h100-550-compat",
        "NVIDIA's own image: a newer libcuda from cuda-compat on a data-centre GPU, LD_LIBRARY_PATH set on purpose",
        gpus=(hardware.H100,),
        driver=Driver(version="550.163.01", cuda="12.8", open=True),
        container="docker",
        uid=0,
        user="root",
        libcuda=Libcuda(path="/usr/local/cuda-12.8/compat/lib.real/libcuda.so.570.86.10"),
        files={"/usr/local/cuda-12.8/compat/lib.real/libcuda.so.570.86.10": b"\x7fELF"},
        links={
            "/usr/local/cuda-12.8/compat/lib.real/libcuda.so.1": "libcuda.so.570.86.10",
            "/usr/local/cuda-12.8/compat/lib": "/usr/local/cuda-12.8/compat/lib.real",
        },
        toolkits=(Toolkit(version="12.8.61"),),
        path=("/usr/local/cuda/bin",),
        variables={
            "NVIDIA_VISIBLE_DEVICES": "all",
            "NVIDIA_DRIVER_CAPABILITIES": "compute,utility,video",
            "CUDA_HOME": "/usr/local/cuda",
            "LD_LIBRARY_PATH": "/usr/local/cuda/compat/lib:/usr/local/nvidia/lib:/usr/local/nvidia/lib64",
        },
        envs=(Env(kind="system", prefix="/usr", python="3.10.12", torch=TORCH_NGC, active=True),),
    ),
    well(
        HGX,
        "cluster-a100x4-550-modules",
        "environment modules: a toolkit far from /usr/local, of torch's own CUDA",
        gpus=tuple(replace(hardware.A100, bus=f"0000:{bus}:00.0") for bus in ("07", "0a", "44", "4a")),
        nvswitches=0,
        fabric_manager=None,
        driver=D550,
        toolkits=(Toolkit(version="12.4.131", root="/apps/cuda/12.4", in_loader_cache=False),),
        path=("/apps/cuda/12.4/bin",),
        variables={
            "CUDA_HOME": "/apps/cuda/12.4",
            "LD_LIBRARY_PATH": "/apps/cuda/12.4/lib64",
            "LOADEDMODULES": "cuda/12.4",
            "SLURM_JOB_ID": "77",
            "CUDA_VISIBLE_DEVICES": "0,1,2,3",
        },
        envs=(venv(TORCH_25_CU124),),
    ),
    well(
        RTX3090_535,
        "ubuntu2204-rtx3090-570-conda-forge",
        "conda-forge's build, NumPy 2 and all",
        driver=replace(D580, version="570.195.03", cuda="12.8"),
        envs=conda_pair(TORCH_FORGE, python="3.12.11", root="/home/ada/miniforge3", packages=FORGE_PACKAGES),
    ),
    well(
        RTX3090_535,
        "ubuntu2204-rtx3090-570-conda-base-active",
        "conda's base is active, and the torch is in another environment",
        driver=replace(D580, version="570.195.03", cuda="12.8"),
        envs=tuple(
            replace(env, active=not env.torch)
            for env in conda_pair(TORCH_FORGE, python="3.12.11", root="/home/ada/miniforge3", packages=FORGE_PACKAGES)
        ),
    ),
    well(
        DOCKER,
        "wsl2-docker-rtx3060laptop",
        "a container under WSL",
        os=hardware.WSL_2204,
        gpus=WSL.gpus,
        driver=WSL.driver,
        wsl=True,
        envs=(venv(TORCH_25_CU124, prefix="/opt/venv"),),
    ),
    well(
        RTX3090_535,
        "ubuntu2204-rtx3090-535-cpu-env-elsewhere",
        "a CPU build in an environment that is not in use",
        envs=(venv(TORCH_25_CU124), venv(TORCH_29_CPU, prefix="/home/ada/docs/.venv", active=False)),
    ),
    well(
        RTX3090_535,
        "ubuntu2204-two-rtx3090-535-second-hidden",
        "one of two GPUs is left to another program",
        gpus=(hardware.RTX_3090, replace(hardware.RTX_3090, bus="0000:02:00.0")),
        variables={"CUDA_VISIBLE_DEVICES": "1"},
    ),
    well(
        RTX3090_535,
        "ubuntu2204-rtx3090-535-libstdcxx-ldpath",
        "LD_LIBRARY_PATH for something that is not CUDA's",
        variables={"LD_LIBRARY_PATH": "/opt/intel/oneapi/lib:/usr/local/lib"},
        files={"/opt/intel/oneapi/lib/libmkl_rt.so.2": b"\x7fELF"},
    ),
    well(
        Machine(name="", os=hardware.UBUNTU_2004, gpus=(hardware.T4,), driver=D470),
        "ubuntu2004-t4-470-torch112-toolkit113",
        "a cloud machine of 2022",
        toolkits=(Toolkit(version="11.3.109"),),
        path=("/usr/local/cuda/bin",),
        variables={"CUDA_HOME": "/usr/local/cuda", "LD_LIBRARY_PATH": "/usr/local/cuda/lib64"},
        envs=(venv(TORCH_112_CU113, python="3.8.10"),),
    ),
    well(
        RTX5090_CU128,
        "ubuntu2604-rtx5090-595open-pixi",
        "pixi, in a project's folder",
        os=hardware.UBUNTU_2604,
        driver=D595_OPEN,
        envs=(
            Env(
                kind="pixi",
                prefix="/home/ada/work/.pixi/envs/default",
                python="3.12.11",
                torch=replace(TORCH_FORGE, version="2.9.1", cuda="12.9", archs=TORCH_28_CU128.archs),
                packages=FORGE_PACKAGES,
            ),
            venv(TORCH_28_CU128, python="3.14.3", packages=companions(TORCH_28_CU128, numpy="2.3.4")),
        ),
    ),
)
