"""Machines whose GPU, fabric, MPS or virtual GPU is not well; and such as look alike and are."""

from __future__ import annotations

from dataclasses import replace

from . import hardware
from .healthy import D550, D580_OPEN, HGX, MIG, RTX3090_535, RTX5090_CU128, WSL
from .parts import Gpu, Libcuda, Machine
from .presets import TORCH_29_CU126, TORCH_29_CU130, Planted, planted, venv

A100 = replace(RTX3090_535, gpus=(replace(hardware.A100_PCIE, smi_values={"display_active": "Disabled"}),), driver=D550)


def a100(**changes: object) -> tuple[Gpu, ...]:
    """The one A100, with these changes."""
    return (replace(hardware.A100_PCIE, **changes),)  # type: ignore[arg-type]


def prints(**values: str) -> dict[str, str]:
    """Paths of nvidia-smi's XML by a short name."""
    paths = {
        "temperature": "temperature/gpu_temp",
        "slowdown": "temperature/gpu_temp_slow_threshold",
        "idle": "clocks_event_reasons/clocks_event_reason_gpu_idle",
        "brake": "clocks_event_reasons/clocks_event_reason_hw_power_brake_slowdown",
        "hw": "clocks_event_reasons/clocks_event_reason_hw_slowdown",
        "sram": "ecc_errors/aggregate/sram_threshold_exceeded",
        "ecc_pending": "ecc_mode/pending_ecc",
        "mig": "mig_mode/current_mig",
        "mig_pending": "mig_mode/pending_mig",
        "used": "fb_memory_usage/used",
        "clock": "applications_clocks/graphics_clock",
        "clock_default": "default_applications_clocks/graphics_clock",
        "retired": "retired_pages/double_bit_retirement/retired_count",
        "retired_pending": "retired_pages/pending_retirement",
        "fabric": "fabric/state",
        "fabric_status": "fabric/status",
        "display": "display_active",
    }
    return {paths[name]: value for name, value in values.items()}


FAULTS = (
    planted(A100, "ubuntu2204-a100-550-remapfailed", "row-remap-failed", gpus=a100(remap_failure=True)),
    planted(
        replace(RTX3090_535, gpus=(hardware.V100,), driver=D550),
        "ubuntu2204-v100-550-retiring",
        "retired-pages",
        status="warnings",
        gpus=(replace(hardware.V100, smi_values=prints(retired="3", retired_pending="Yes")),),
    ),
    planted(
        A100,
        "ubuntu2204-a100-550-sram",
        "ecc-sram-threshold",
        status="warnings",
        gpus=a100(smi_values=prints(sram="Yes")),
    ),
    planted(
        A100,
        "ubuntu2204-a100-550-inforom",
        "inforom-corrupt",
        status="warnings",
        smi_warning="WARNING: infoROM is corrupted at gpu 0000:41:00.0",
    ),
    planted(
        A100,
        "ubuntu2204-a100-550-migpending",
        "mig-mode-pending",
        status="warnings",
        gpus=a100(smi_values=prints(mig="Disabled", mig_pending="Enabled")),
    ),
    planted(
        A100,
        "ubuntu2204-a100-550-hot",
        "gpu-too-hot",
        status="warnings",
        gpus=a100(smi_values=prints(temperature="93 C", slowdown="92 C", idle="Not Active")),
    ),
    planted(
        A100,
        "ubuntu2204-a100-550-powerbrake",
        "gpu-throttled",
        status="warnings",
        gpus=a100(smi_values=prints(idle="Not Active", hw="Active", brake="Active")),
    ),
    planted(
        RTX3090_535,
        "ubuntu2204-rtx3090-535-onelane",
        "pcie-link-narrow",
        status="warnings",
        gpus=(replace(hardware.RTX_3090, lanes=(1, 16, 16)),),
    ),
    planted(
        A100,
        "ubuntu2204-a100x2-550-onemissing",
        "gpu-count-mismatch",
        gpus=(*a100(), replace(hardware.A100_PCIE, bus="0000:81:00.0", in_smi=False)),
    ),
    planted(
        A100,
        "ubuntu2204-a100-550-orphan",
        "gpu-memory-held-by-orphan",
        status="warnings",
        gpus=a100(smi_values=prints(used="38000 MiB")),
    ),
    planted(
        A100,
        "ubuntu2204-a100-550-exclusive",
        "exclusive-compute-mode",
        gpus=a100(compute_mode="Exclusive_Process"),
        libcuda=Libcuda(cuinit=46),
    ),
    planted(
        A100,
        "ubuntu2204-a100-550-stalemps",
        "mps-daemon-unreachable",
        libcuda=Libcuda(cuinit=805),
        files={"/tmp/nvidia-mps/control": b""},
        why="the daemon is gone and its pipe was left",
    ),
    planted(
        RTX3090_535,
        "ubuntu2204-vgpu-535-seriesa",
        "vgpu-profile-without-cuda",
        gpus=(
            replace(
                hardware.L40S,
                name="NVIDIA L40S-8A",
                virtualization="VGPU",
                license="Licensed (Expiry: N/A)",
                pci_class="0x030000",
                lanes=(16, 16, None),
            ),
        ),
        libcuda=Libcuda(cuinit=100),
    ),
    planted(
        HGX,
        "ubuntu2204-h100x8-570open-outoffabric",
        "nvlink-inactive",
        status="warnings",
        gpus=(
            *(replace(gpu, smi_values=prints(fabric="Completed", fabric_status="Success")) for gpu in HGX.gpus[1:]),
            replace(HGX.gpus[0], smi_values=prints(fabric="Completed", fabric_status="Insufficient Resources")),
        ),
    ),
    planted(
        HGX,
        "ubuntu2204-h100x8-570open-otherfabric",
        "fabric-manager-version-mismatch",
        fabric_manager=False,
        fabric_manager_version="570.86.15",
        why="the packages were upgraded apart",
    ),
)


def noted(base: Machine, name: str, *infos: str, why: str = "", **changes: object) -> Planted:
    """A machine that is well, and of which something is worth a word."""
    return Planted(
        machine=replace(base, name=name, **changes),  # type: ignore[arg-type]
        status="healthy",
        said_as_info=infos,
        why=why,
    )


WELL = (
    noted(
        A100, "ubuntu2204-a100-550-eccpending", "ecc-mode-pending", gpus=a100(smi_values=prints(ecc_pending="Disabled"))
    ),
    noted(
        A100,
        "ubuntu2204-a100-550-nopersistence",
        "persistence-mode-off",
        gpus=a100(persistence=False, smi_values=prints(display="Disabled")),
    ),
    noted(
        A100,
        "ubuntu2204-a100-550-slowclocks",
        "clocks-locked-low",
        gpus=a100(smi_values=prints(clock="600 MHz", clock_default="765 MHz")),
    ),
    noted(
        A100,
        "ubuntu2204-a100-550-busy",
        "gpu-memory-occupied",
        gpus=a100(smi_values=prints(used="40000 MiB", idle="Not Active", temperature="84 C"), programs=(39000, 900)),
        why="hot, full and at work, below its limits",
    ),
    noted(
        RTX3090_535,
        "ubuntu2204-rtx3090-535-fabricmanager",
        "fabric-manager-not-needed",
        fabric_manager=False,
        why="the fabric manager was installed with everything else",
    ),
    noted(MIG, "ubuntu2204-a100mig-550-two", "mig-one-instance-per-process"),
    noted(
        replace(HGX, os=replace(hardware.UBUNTU_2404, arch="aarch64"), driver=D580_OPEN),
        "ubuntu2404arm-gb200-580open-noimex",
        "imex-channel-missing",
        gpus=(
            replace(
                hardware.H100,
                name="NVIDIA GB200",
                device_id="2941",
                capability="10.0",
                architecture="Blackwell",
                memory_mib=189471,
                smi_values=prints(fabric="Completed"),
                bus="0008:01:00.0",
            ),
        ),
        nvswitches=0,
        fabric_manager=None,
        envs=(venv(TORCH_29_CU130, python="3.12.3"),),
    ),
    noted(
        RTX3090_535,
        "ubuntu2204-rtx3090-535-riser",
        gpus=(replace(hardware.RTX_3090, lanes=(1, 16, 1)),),
        why="a slot with one lane: that is how it was built",
    ),
    noted(
        RTX5090_CU128,
        "ubuntu2404-rtx5090-580open-splitslot",
        "pcie-link-narrow",
        gpus=(replace(hardware.RTX_5090, lanes=(8, 16, 16)),),
    ),
    noted(
        WSL,
        "wsl2-rtx3060laptop-546-unlisted",
        gpus=(
            replace(
                hardware.RTX_3060_LAPTOP,
                on_bus=False,
                smi_values=prints(used="5000 MiB", brake="Active", hw="Active", idle="Not Active", display="Disabled"),
            ),
        ),
        why="Windows' programs are not listed, and a laptop on battery is held back",
    ),
    noted(
        A100,
        "ubuntu2204-a100-550-mps",
        running=("nvidia-cuda-mps-control", "nvidia-cuda-mps-server"),
        files={"/tmp/nvidia-mps/control": b""},
        gpus=a100(compute_mode="Exclusive_Process", smi_values=prints(used="30000 MiB", display="Disabled")),
        why="MPS as it is meant: the mode is exclusive, and its programs are not listed",
    ),
    noted(
        RTX3090_535,
        "ubuntu2204-v100-535-passthrough-grid",
        gpus=(replace(hardware.V100, virtualization="Pass-Through", license="Unlicensed", lanes=(16, 16, None)),),
        why="a whole GPU with the GRID driver: a licence is for its graphics",
    ),
    noted(
        RTX3090_535,
        "ubuntu2204-vgpuhost-a100-550",
        driver=D550,
        gpus=(
            replace(hardware.A100_PCIE, virtualization="Host VGPU", smi_values=prints(used="38000 MiB")),
            replace(hardware.A100_PCIE, bus="0000:81:00.0", virtualization="Host VGPU", in_smi=False),
        ),
        envs=(venv(TORCH_29_CU126),),
        why="a host that lends parts of its GPUs",
    ),
)
