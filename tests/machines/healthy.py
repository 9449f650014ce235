"""Machines that are well: nothing may be said of them above information."""

from __future__ import annotations

from dataclasses import replace

from . import hardware
from .parts import Driver, Env, Machine, Pkg, Toolkit
from .presets import (
    TORCH_14_CONDA,
    TORCH_23_CU121,
    TORCH_25_CU124,
    TORCH_27_CU126,
    TORCH_28_CU128,
    TORCH_29_CPU,
    TORCH_29_CU126,
    TORCH_29_CU130,
    TORCH_29_ROCM,
    TORCH_112_CONDA,
    TORCH_112_CU113,
    TORCH_214_CU132,
    TORCH_ORIN,
    TORCH_ORIN_JP5,
    Planted,
    companions,
    conda_pair,
    venv,
)

D418 = Driver(version="418.39", cuda="10.1")
D470 = Driver(version="470.256.02", cuda="11.4")
D525 = Driver(version="525.147.05", cuda="12.0")
D535 = Driver(version="535.274.02", cuda="12.2")
D550 = Driver(version="550.163.01", cuda="12.4")
D570_OPEN = Driver(version="570.195.03", cuda="12.8", open=True)
D580 = Driver(version="580.95.05", cuda="13.0")
D580_OPEN = Driver(version="580.95.05", cuda="13.0", open=True)
D595_OPEN = Driver(version="595.58.03", cuda="13.2", open=True)
D615_OPEN = Driver(version="615.71.09", cuda="13.4", open=True)

TOOLKIT_SHELL = {
    "path": ("/usr/local/cuda-10.1/bin",),
    "variables": {"CUDA_HOME": "/usr/local/cuda-10.1", "LD_LIBRARY_PATH": "/usr/local/cuda-10.1/lib64"},
    "rc": {
        "~/.bashrc": "export CUDA_HOME=/usr/local/cuda-10.1\nexport PATH=$CUDA_HOME/bin:$PATH\n"
        "export LD_LIBRARY_PATH=$CUDA_HOME/lib64${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}\n"
    },
}

REFERENCE = Machine(
    name="ubuntu1804-gtx1080ti-418-torch14-conda",
    os=hardware.UBUNTU_1804,
    gpus=(hardware.GTX_1080_TI,),
    driver=D418,
    toolkits=(Toolkit(version="10.1.243"),),
    envs=conda_pair(TORCH_14_CONDA, python="3.7.6"),
    **TOOLKIT_SHELL,  # type: ignore[arg-type]
)
RTX3090_535 = Machine(
    name="ubuntu2204-rtx3090-535-torch23",
    os=hardware.UBUNTU_2204,
    gpus=(hardware.RTX_3090,),
    driver=D535,
    envs=(venv(TORCH_23_CU121),),
)
RTX5090_CU128 = Machine(
    name="ubuntu2404-rtx5090-580open-torch28",
    os=hardware.UBUNTU_2404,
    gpus=(hardware.RTX_5090,),
    driver=D580_OPEN,
    envs=(venv(TORCH_28_CU128, python="3.12.3"),),
)
HGX = Machine(
    name="ubuntu2204-h100x8-570open-torch27-nvswitch",
    os=hardware.UBUNTU_2204,
    gpus=tuple(
        replace(hardware.H100, bus=f"0000:{bus}:00.0") for bus in ("18", "2a", "3a", "5d", "9a", "ab", "ba", "db")
    ),
    driver=D570_OPEN,
    nvswitches=4,
    fabric_manager=True,
    envs=(venv(TORCH_27_CU126),),
)
MIG = Machine(
    name="ubuntu2204-a100mig-550-torch25",
    os=hardware.UBUNTU_2204,
    gpus=(replace(hardware.A100_PCIE, mig="Enabled", mig_devices=7),),
    driver=D550,
    envs=(venv(TORCH_25_CU124),),
)
WSL = Machine(
    name="wsl2-rtx3060laptop-546-torch25",
    os=hardware.WSL_2204,
    gpus=(replace(hardware.RTX_3060_LAPTOP, on_bus=False),),
    driver=Driver(version="546.33", cuda="12.3"),
    wsl=True,
    envs=(venv(TORCH_25_CU124),),
)
DOCKER = Machine(
    name="docker-l40s-570open-torch27",
    os=hardware.UBUNTU_2204,
    gpus=(hardware.L40S,),
    driver=D570_OPEN,
    container="docker",
    uid=0,
    user="root",
    variables={"NVIDIA_VISIBLE_DEVICES": "all", "NVIDIA_DRIVER_CAPABILITIES": "compute,utility"},
    envs=(
        Env(
            kind="system",
            prefix="/usr",
            python="3.10.12",
            torch=TORCH_27_CU126,
            packages=companions(TORCH_27_CU126),
            active=True,
        ),
    ),
    compiler=False,
)

HEALTHY = (
    Planted(machine=REFERENCE, status="healthy", why="the machine that the project began with"),
    Planted(
        machine=replace(
            REFERENCE,
            name="ubuntu1804-gtx1080ti-418-torch14-conda-no-toolkit",
            toolkits=(),
            path=(),
            variables={},
            rc={},
        ),
        status="healthy",
        why="conda brings its own CUDA: no toolkit, no CUDA_HOME",
    ),
    Planted(machine=RTX3090_535, status="healthy", why="wheels only"),
    Planted(
        machine=replace(RTX3090_535, name="ubuntu2204-rtx3090-525-torch23-minor", driver=D525),
        status="healthy",
        why="cu121 on a driver of 12.0: minor-version compatibility",
    ),
    Planted(
        machine=replace(
            RTX3090_535, name="ubuntu2204-rtx3090-525-torch25-minor", driver=D525, envs=(venv(TORCH_25_CU124),)
        ),
        status="healthy",
        why="cu124 on a driver of 12.0",
    ),
    Planted(machine=RTX5090_CU128, status="healthy", why="Blackwell on the open module"),
    Planted(
        machine=replace(
            RTX5090_CU128, name="ubuntu2404-rtx5090-580open-torch29cu130", envs=(venv(TORCH_29_CU130, python="3.12.3"),)
        ),
        status="healthy",
    ),
    Planted(machine=HGX, status="healthy", why="eight GPUs behind NVSwitch, fabric manager running"),
    Planted(machine=MIG, status="healthy", why="MIG: torch sees one instance"),
    Planted(
        machine=Machine(
            name="ubuntu2404arm-gh200-570open-torch28",
            os=hardware.UBUNTU_2404_ARM,
            gpus=(hardware.GH200,),
            driver=D570_OPEN,
            envs=(venv(TORCH_28_CU128, python="3.12.3"),),
        ),
        status="healthy",
        why="aarch64 server",
    ),
    Planted(
        machine=Machine(
            name="jetson-orin-jp6-540-torch25",
            os=hardware.JETSON_JP6,
            gpus=(hardware.ORIN,),
            driver=Driver(version="540.4.0", cuda="12.6", open=True, module_on_disk=False),
            jetson="NVIDIA Jetson AGX Orin Developer Kit",
            toolkits=(Toolkit(version="12.6.68"),),
            envs=(
                Env(
                    kind="system",
                    prefix="/usr",
                    python="3.10.12",
                    torch=TORCH_ORIN,
                    packages={"numpy": Pkg(version="1.26.1")},
                    active=True,
                ),
            ),
            path=("/usr/local/cuda/bin",),
        ),
        status="healthy",
        why="the GPU is no PCI device",
    ),
    Planted(
        machine=Machine(
            name="jetson-orin-jp5-nosmi-torch20",
            os=hardware.JETSON_JP5,
            gpus=(hardware.ORIN,),
            driver=Driver(version="35.5", cuda="11.4", smi=False, module_on_disk=False),
            jetson="NVIDIA Jetson AGX Orin Developer Kit",
            toolkits=(Toolkit(version="11.4.315"),),
            envs=(
                Env(
                    kind="system",
                    prefix="/usr",
                    python="3.8.10",
                    torch=TORCH_ORIN_JP5,
                    packages={"numpy": Pkg(version="1.23.5")},
                    active=True,
                ),
            ),
        ),
        status="healthy",
        why="JetPack 5 has no nvidia-smi and no /proc/driver/nvidia at all",
    ),
    Planted(machine=WSL, status="healthy", why="driver on the Windows side"),
    Planted(machine=DOCKER, status="healthy", why="a container with the GPU handed in"),
    Planted(
        machine=replace(
            DOCKER,
            name="k8s-t4-550-torch25",
            gpus=(hardware.T4,),
            driver=D550,
            container="kubernetes",
            variables={"NVIDIA_VISIBLE_DEVICES": "GPU-00000000-c0de-4a11-b0b0-00000d0c7000"},
            envs=(venv(TORCH_25_CU124, prefix="/opt/venv"),),
        ),
        status="healthy",
    ),
    Planted(
        machine=Machine(
            name="ubuntu2004-rtx2080ti-470-torch112-conda",
            os=hardware.UBUNTU_2004,
            gpus=(hardware.RTX_2080_TI,),
            driver=D470,
            envs=conda_pair(TORCH_112_CONDA, python="3.9.16", root="/opt/conda"),
        ),
        status="healthy",
        why="conda alone, no toolkit",
    ),
    Planted(
        machine=Machine(
            name="fedora42-rtx4090-580open-torch28-uv",
            os=hardware.FEDORA_42,
            gpus=(hardware.RTX_4090,),
            driver=D580_OPEN,
            envs=(venv(TORCH_28_CU128, python="3.13.7", kind="uv"),),
        ),
        status="healthy",
    ),
    Planted(
        machine=replace(
            RTX3090_535,
            name="ubuntu2204-rtx3090-535-torch23-several-toolkits",
            toolkits=(Toolkit(version="11.8.89"), Toolkit(version="12.1.105"), Toolkit(version="12.2.140")),
            cuda_link="/usr/local/cuda-12.1",
            path=("/usr/local/cuda/bin",),
            variables={"CUDA_HOME": "/usr/local/cuda"},
        ),
        status="healthy",
        why="several toolkits side by side, one chosen",
    ),
    Planted(
        machine=replace(
            REFERENCE,
            name="ubuntu1804-gtx1080ti-418-torch14-conda-sourced-twice",
            path=("/usr/local/cuda-10.1/bin", "/usr/local/cuda-10.1/bin"),
        ),
        status="healthy",
        said_as_info=("path-duplicates",),
        why="the rc file was read twice: untidy, and nothing breaks",
    ),
    Planted(
        machine=replace(
            REFERENCE,
            name="ubuntu1804-gtx1080ti-418-zsh-and-bashrc",
            shell="/usr/bin/zsh",
            variables={},
            rc={"~/.bashrc": "export CUDA_HOME=/usr/local/cuda-10.1\n"},
        ),
        status="healthy",
        said_as_info=("rc-line-not-read",),
        why="the line is of a time with another shell",
    ),
    Planted(
        machine=replace(
            REFERENCE, name="ubuntu1804-gtx1080ti-418-torch14-conda-toolkit-unused", path=(), variables={}, rc={}
        ),
        status="healthy",
        said_as_info=("nvcc-not-on-path",),
        why="a toolkit that nothing points to: only compiling needs it",
    ),
    Planted(
        machine=replace(
            RTX3090_535,
            name="ubuntu2204-rtx3090-535-torch23-toolkit118",
            toolkits=(Toolkit(version="11.8.89"),),
            path=("/usr/local/cuda-11.8/bin",),
            variables={"CUDA_HOME": "/usr/local/cuda-11.8"},
        ),
        status="healthy",
        said_as_info=("toolkit-torch-mismatch",),
        why="compiling an extension would use another CUDA: worth knowing, and nothing is broken",
    ),
    Planted(
        machine=Machine(
            name="ubuntu2204-v100-580-torch29cu126",
            os=hardware.UBUNTU_2204,
            gpus=(hardware.V100,),
            driver=D580,
            envs=(venv(TORCH_29_CU126),),
        ),
        status="healthy",
        why="the last driver branch and the last build for Volta",
    ),
    Planted(
        machine=Machine(name="ubuntu2404-nogpu-laptop", os=hardware.UBUNTU_2404),
        status="no-gpu",
        why="nothing of NVIDIA's",
    ),
    Planted(
        machine=Machine(
            name="ubuntu2404-nogpu-ci-torchcpu", os=hardware.UBUNTU_2404, envs=(venv(TORCH_29_CPU, python="3.12.3"),)
        ),
        status="no-gpu",
        why="CI with a CPU build, as it should be",
    ),
    Planted(
        machine=Machine(
            name="ubuntu2404-nogpu-rocm", os=hardware.UBUNTU_2404, envs=(venv(TORCH_29_ROCM, python="3.12.3"),)
        ),
        status="no-gpu",
        why="AMD GPU and a ROCm build",
    ),
    Planted(
        machine=Machine(
            name="ubuntu2404-nogpu-torchcuda", os=hardware.UBUNTU_2404, envs=(venv(TORCH_28_CU128, python="3.12.3"),)
        ),
        status="no-gpu",
        why="the CUDA build that pip gives by default, on a machine without GPU",
    ),
    Planted(
        machine=Machine(
            name="docker-nogpu-debian12", os=hardware.DEBIAN_12, container="docker", uid=0, user="root", compiler=False
        ),
        status="no-gpu",
        why="a plain container on a machine without GPU",
    ),
    Planted(
        machine=Machine(
            name="ubuntu2404-rtx4090-580open-fresh",
            os=hardware.UBUNTU_2404,
            gpus=(hardware.RTX_4090,),
            driver=D580_OPEN,
            compiler=False,
        ),
        status="healthy",
        said_as_info=("torch-not-installed",),
        why="driver only: neither torch nor toolkit",
    ),
    Planted(
        machine=Machine(
            name="ubuntu2004-gt1030-470-torch112",
            os=hardware.UBUNTU_2004,
            gpus=(hardware.GT_1030,),
            driver=D470,
            envs=(venv(TORCH_112_CU113, python="3.8.10"),),
        ),
        status="healthy",
    ),
    Planted(
        machine=Machine(
            name="ubuntu2004-k80-470-torch112",
            os=hardware.UBUNTU_2004,
            gpus=(hardware.KEPLER_K80, replace(hardware.KEPLER_K80, bus="0000:05:00.0")),
            driver=D470,
            envs=(venv(TORCH_112_CU113, python="3.8.10"),),
        ),
        status="healthy",
        why="Kepler, with the last driver and build for it",
    ),
    Planted(
        machine=Machine(
            name="ubuntu2204-vgpu-l40s-580-torch28",
            os=hardware.UBUNTU_2204,
            gpus=(
                replace(
                    hardware.L40S,
                    name="NVIDIA L40S-24C",
                    memory_mib=24576,
                    virtualization="VGPU",
                    license="Licensed (Expiry: 2027-1-9 12:0:0 GMT)",
                    bus="0000:02:00.0",
                    pci_class="0x030000",
                ),
            ),
            driver=D580,
            envs=(venv(TORCH_28_CU128),),
        ),
        status="healthy",
        why="a licensed vGPU",
    ),
    Planted(
        machine=Machine(
            name="ubuntu2604-rtx4090-615open-torch214",
            os=hardware.UBUNTU_2604,
            gpus=(hardware.RTX_4090,),
            driver=D615_OPEN,
            envs=(venv(TORCH_214_CU132, python="3.14.3"),),
        ),
        status="healthy",
        why="newer than every table",
    ),
    Planted(
        machine=replace(
            RTX3090_535,
            name="debian12-rtx3090-535-video-group",
            os=hardware.DEBIAN_12,
            driver=replace(D535, node_mode=0o660, node_gid=44),
        ),
        status="healthy",
        why="device nodes for the group video, and the user is in it",
    ),
    Planted(
        machine=Machine(
            name="rhel9-a100x4-570open-slurm",
            os=hardware.RHEL_9,
            gpus=tuple(replace(hardware.A100, bus=f"0000:{bus}:00.0") for bus in ("07", "0a", "44", "4a")),
            driver=D570_OPEN,
            variables={"SLURM_JOB_ID": "4711", "SLURM_JOB_GPUS": "2", "CUDA_VISIBLE_DEVICES": "2"},
            envs=(venv(TORCH_27_CU126, python="3.11.9"),),
        ),
        status="healthy",
        why="a Slurm job that was given one of four GPUs",
    ),
    Planted(
        machine=replace(
            RTX3090_535,
            name="ubuntu2204-rtx3090-595open-torch214-pyenv",
            driver=D595_OPEN,
            envs=(
                Env(
                    kind="pyenv",
                    prefix="/home/ada/.pyenv/versions/3.11.7",
                    python="3.11.7",
                    torch=TORCH_214_CU132,
                    packages=companions(TORCH_214_CU132),
                    active=True,
                ),
            ),
        ),
        status="healthy",
    ),
    Planted(
        machine=replace(
            RTX3090_535,
            name="ubuntu2204-rtx3090-535-torch23-second-gpu-vfio",
            gpus=(hardware.RTX_3090, replace(hardware.RTX_2080_TI, bus="0000:02:00.0", bound="vfio-pci")),
            modules=("vfio_pci",),
        ),
        status="healthy",
        said_as_info=("gpu-bound-to-vfio",),
        why="a second GPU is passed to a virtual machine on purpose",
    ),
)
