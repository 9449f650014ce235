"""Machines with a fault below Python: driver, GPU, container, WSL."""

from __future__ import annotations

from dataclasses import replace

from . import hardware
from .healthy import (
    D535,
    D570_OPEN,
    D580,
    D580_OPEN,
    DOCKER,
    HGX,
    MIG,
    REFERENCE,
    RTX3090_535,
    RTX5090_CU128,
    WSL,
)
from .parts import Driver, Libcuda, Machine
from .presets import (
    TORCH_25_CU124,
    planted,
    venv,
)

EPERM, EACCES = 1, 13
UPGRADED = replace(D535, library_version="535.288.01")

DRIVER = (
    planted(
        RTX3090_535,
        "ubuntu2204-rtx3090-nodriver",
        "driver-not-installed",
        driver=None,
        why="GPU on the bus and no driver",
    ),
    planted(RTX3090_535, "ubuntu2204-rtx3090-nodriver-notorch", "driver-not-installed", driver=None, envs=()),
    planted(
        replace(RTX3090_535, gpus=(replace(hardware.RTX_3090, bound="nouveau"),)),
        "ubuntu2204-rtx3090-nouveau-nodriver",
        "driver-not-installed",
        driver=None,
        modules=("nouveau",),
        why="nouveau is what a fresh Ubuntu has: the driver is missing, nouveau is no conflict",
    ),
    planted(
        replace(RTX3090_535, gpus=(replace(hardware.RTX_3090, bound="nouveau"),)),
        "ubuntu2204-rtx3090-535-nouveau",
        "nouveau-conflict",
        driver=replace(D535, loaded=False),
        modules=("nouveau",),
    ),
    planted(
        RTX3090_535, "ubuntu2204-rtx3090-535-notloaded", "driver-module-not-loaded", driver=replace(D535, loaded=False)
    ),
    planted(
        RTX3090_535,
        "ubuntu2204-rtx3090-535-nomodule",
        "kernel-module-not-built",
        driver=replace(D535, loaded=False, module_on_disk=False),
        why="libraries are there, no module for this kernel",
    ),
    planted(
        RTX3090_535,
        "ubuntu2204-rtx3090-535-upgraded",
        "driver-library-mismatch",
        driver=UPGRADED,
        why="upgraded and not rebooted",
    ),
    planted(
        RTX3090_535,
        "ubuntu2204-rtx3090-535-older-libraries",
        "driver-library-mixed-install",
        driver=replace(D535, library_version="525.147.05"),
    ),
    planted(RTX5090_CU128, "ubuntu2404-rtx5090-580closed", "proprietary-module-on-open-only-gpu", driver=D580),
    planted(
        REFERENCE,
        "ubuntu2204-gtx1080ti-580open",
        "open-module-on-pre-turing-gpu",
        os=hardware.UBUNTU_2204,
        driver=D580_OPEN,
        toolkits=(),
        path=(),
        variables={},
        rc={},
    ),
    planted(
        REFERENCE,
        "ubuntu2204-gtx1080ti-590",
        "gpu-dropped-by-driver",
        os=hardware.UBUNTU_2204,
        driver=Driver(version="590.48.01", cuda="13.1"),
        toolkits=(),
        path=(),
        variables={},
        rc={},
    ),
    planted(RTX3090_535, "ubuntu2204-rtx3090-535-nouvm", "uvm-module-not-loaded", driver=replace(D535, uvm=False)),
    planted(
        RTX3090_535,
        "ubuntu2204-rtx3090-535-video-not-in-group",
        "device-node-permissions",
        driver=replace(D535, node_mode=0o660, node_gid=44),
        groups=("ada",),
        libcuda=Libcuda(cuinit=100),
    ),
    planted(
        replace(RTX3090_535, gpus=(replace(hardware.RTX_3090, responds=False, lost_in_smi=True),)),
        "ubuntu2204-rtx3090-535-off-the-bus",
        "gpu-fallen-off-bus",
    ),
    planted(
        RTX3090_535,
        "ubuntu2204-rtx3090-535-smi-missing",
        "nvidia-smi-missing",
        driver=replace(D535, smi=False),
        status="warnings",
    ),
    planted(RTX3090_535, "ubuntu2204-rtx3090-535-smi-hangs", "nvidia-smi-hangs", smi="hangs"),
    planted(RTX3090_535, "ubuntu2204-rtx3090-535-smi-segv", "nvidia-smi-crashes", smi="segv", status="warnings"),
    planted(
        RTX3090_535, "ubuntu2204-rtx3090-535-smi-garbage", "nvidia-smi-unreadable", smi="garbage", status="warnings"
    ),
    planted(RTX3090_535, "ubuntu2204-rtx3090-535-smi-empty", "nvidia-smi-unreadable", smi="empty", status="warnings"),
    planted(RTX3090_535, "ubuntu2204-rtx3090-535-smi-half", "nvidia-smi-unreadable", smi="half", status="warnings"),
    planted(
        RTX3090_535,
        "ubuntu2204-rtx3090-535-libcuda-hangs",
        "libcuda-hangs",
        libcuda=Libcuda(behaviour="hangs"),
        why="cuInit never comes back",
    ),
    planted(RTX3090_535, "ubuntu2204-rtx3090-535-libcuda-segv", "libcuda-crashes", libcuda=Libcuda(behaviour="segv")),
    planted(
        REFERENCE,
        "ubuntu1804-gtx1080ti-418-stub",
        "stub-libcuda",
        libcuda=Libcuda(cuinit=34, path="/usr/local/cuda-10.1/targets/x86_64-linux/lib/stubs/libcuda.so"),
        variables={"CUDA_HOME": "/usr/local/cuda-10.1", "LD_LIBRARY_PATH": "/usr/local/cuda-10.1/lib64/stubs"},
        links={"/usr/local/cuda-10.1/targets/x86_64-linux/lib/stubs/libcuda.so.1": "libcuda.so"},
    ),
    planted(
        RTX3090_535,
        "ubuntu2204-rtx3090-535-compat",
        "cuda-compat-misuse",
        libcuda=Libcuda(cuinit=804, path="/usr/local/cuda-12.6/compat/libcuda.so.560.35.05"),
        variables={"LD_LIBRARY_PATH": "/usr/local/cuda-12.6/compat"},
        files={"/usr/local/cuda-12.6/compat/libcuda.so.560.35.05": b"\x7fELF"},
        links={"/usr/local/cuda-12.6/compat/libcuda.so.1": "libcuda.so.560.35.05"},
    ),
    planted(HGX, "ubuntu2204-h100x8-570open-nofabric", "fabric-manager-not-running", fabric_manager=False),
    planted(
        RTX3090_535,
        "ubuntu2204-rtx3090-535-nonodes",
        "device-nodes-missing",
        driver=replace(D535, nodes=False),
        smi_message="Failed to initialize NVML: Unknown Error",
        why="no nvidia-modprobe: the nodes were never made",
    ),
    planted(
        RTX3090_535,
        "ubuntu2204-rtx3090-535-nolibcuda",
        "libcuda-missing",
        libcuda=Libcuda(behaviour="missing"),
        removed=tuple(f"/usr/lib/x86_64-linux-gnu/libcuda.so{end}" for end in ("", ".1", ".535.274.02")),
        why="the compute half of the driver's packages is not installed",
    ),
    planted(
        RTX3090_535,
        "ubuntu2204-rtx3090-535-nodevices",
        "no-devices-found",
        smi_message="No devices were found",
        smi_status=6,
        libcuda=Libcuda(cuinit=100),
        why="a GPU that fails to start, and nothing tells why",
    ),
    planted(
        RTX3090_535,
        "ubuntu2204-rtx3090-535-smi-fails",
        "nvidia-smi-fails",
        smi_message="Unable to determine the memory clocks: Internal Error",
        status="warnings",
        why="nvidia-smi alone is broken; CUDA works",
    ),
    planted(
        RTX3090_535,
        "ubuntu2204-rtx3090-535-cuinit999",
        "cuda-driver-init-fails",
        libcuda=Libcuda(cuinit=999),
        why="CUDA alone is broken, as after a suspend",
    ),
    planted(RTX3090_535, "ubuntu2204-rtx3090-535-cuinit46", "cuda-driver-init-fails", libcuda=Libcuda(cuinit=46)),
)
HEALTH = (
    planted(
        replace(RTX3090_535, driver=D570_OPEN, gpus=(replace(hardware.A100_PCIE, recovery="Reset"),)),
        "ubuntu2204-a100-570open-recovery",
        "gpu-recovery-needed",
    ),
    planted(
        replace(MIG, gpus=(replace(hardware.A100_PCIE, mig="Enabled"),)),
        "ubuntu2204-a100mig-550-noinstances",
        "mig-enabled-no-instances",
    ),
    planted(
        replace(RTX3090_535, gpus=(replace(hardware.A100_PCIE, compute_mode="Prohibited"),)),
        "ubuntu2204-a100-535-prohibited",
        "compute-mode-prohibited",
        libcuda=Libcuda(cuinit=100),
    ),
    planted(
        replace(RTX3090_535, gpus=(replace(hardware.A100_PCIE, remap_pending=True),)),
        "ubuntu2204-a100-535-remap",
        "gpu-row-remap-pending",
        status="warnings",
    ),
    planted(
        replace(RTX3090_535, gpus=(replace(hardware.A100_PCIE, ecc_uncorrected=3),)),
        "ubuntu2204-a100-535-ecc",
        "gpu-ecc-hardware-fault",
    ),
    planted(
        replace(
            RTX3090_535,
            gpus=(
                replace(
                    hardware.L40S,
                    name="NVIDIA L40S-24C",
                    virtualization="VGPU",
                    license="Unlicensed",
                    pci_class="0x030000",
                ),
            ),
        ),
        "ubuntu2204-vgpu-535-unlicensed",
        "vgpu-unlicensed",
        status="warnings",
    ),
)
CONTAINER = (
    planted(
        DOCKER,
        "docker-l40s-nogpuaccess",
        "container-without-gpu-access",
        driver=replace(D570_OPEN, nodes=False, libraries=False, smi=False),
        variables={},
    ),
    planted(
        DOCKER,
        "docker-l40s-utilityonly",
        "container-driver-capabilities-missing",
        variables={"NVIDIA_VISIBLE_DEVICES": "all", "NVIDIA_DRIVER_CAPABILITIES": "utility"},
        libcuda=Libcuda(behaviour="missing"),
        removed=tuple(f"/usr/lib/x86_64-linux-gnu/libcuda.so{end}" for end in ("", ".1", ".570.195.03")),
    ),
    planted(
        DOCKER,
        "docker-l40s-cgroup-lost",
        "container-cgroup-lost-devices",
        driver=replace(
            D570_OPEN, node_errno=dict.fromkeys(("/dev/nvidia0", "/dev/nvidiactl", "/dev/nvidia-uvm"), EPERM)
        ),
        smi="nvml-unknown",
        libcuda=Libcuda(cuinit=100),
    ),
    planted(
        DOCKER,
        "podman-rhel9-l40s-selinux",
        "container-selinux",
        os=hardware.RHEL_9,
        container="podman",
        driver=replace(
            D570_OPEN, node_errno=dict.fromkeys(("/dev/nvidia0", "/dev/nvidiactl", "/dev/nvidia-uvm"), EACCES)
        ),
        libcuda=Libcuda(cuinit=304),
        envs=(venv(TORCH_25_CU124, prefix="/opt/venv", python="3.9.21"),),
    ),
)
WSL_FAULTS = (
    planted(
        WSL,
        "wsl2-rtx3060laptop-shadowed",
        "wsl-libcuda-shadowed",
        libcuda=Libcuda(cuinit=100, path="/usr/lib/x86_64-linux-gnu/libcuda.so.535.274.02"),
        files={"/usr/lib/x86_64-linux-gnu/libcuda.so.535.274.02": b"\x7fELF"},
        links={"/usr/lib/x86_64-linux-gnu/libcuda.so.1": "libcuda.so.535.274.02"},
    ),
    planted(
        Machine(name="", os=replace(hardware.WSL_2204, kernel="4.4.0-19041-Microsoft")),
        "wsl1-ubuntu2204",
        "wsl1-no-gpu",
        envs=(venv(TORCH_25_CU124),),
    ),
    planted(
        WSL,
        "wsl2-rtx3060laptop-nodxg",
        "wsl-gpu-missing",
        libcuda=Libcuda(cuinit=100),
        smi_message="Failed to initialize NVML: GPU access blocked by the operating system",
        removed=("/dev/dxg",),
    ),
    planted(
        WSL,
        "wsl2-rtx3060laptop-windows-side",
        "wsl-windows-side-broken",
        libcuda=Libcuda(cuinit=100),
        smi_message="Failed to initialize NVML: GPU access blocked by the operating system",
    ),
)
