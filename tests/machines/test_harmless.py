"""What machines that work also have: each change alone, on several machines that are well, makes nothing be said."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from cudadoctor.api import examine as api
from cudadoctor.checks.engine.base import Severity

from . import hardware
from .builder import build
from .catalogue import CATALOGUE
from .healthy import D550, D570_OPEN, DOCKER, HGX, MIG, REFERENCE, RTX3090_535, RTX5090_CU128, WSL
from .healthy_odd import OS_ARCH
from .healthy_pack import DEBIAN_13, DOCKER_CE, TOOLKIT, cuda_list
from .parts import Machine, Os
from .presets import TORCH_25_CU124, TORCH_27_CU126, venv

BUS = "0000:01:00.0"
NEW_START = "NVRM: loading NVIDIA UNIX x86_64 Kernel Module  535.274.02  Mon Jun  1 12:00:00 UTC 2026"

LOGS: dict[str, tuple[str, ...]] = {
    "corrected-errors-of-another-device": (
        "pcieport 0000:00:1c.0: AER: Corrected error received: 0000:02:00.0",
        "iwlwifi 0000:02:00.0: PCIe Bus Error: severity=Corrected, type=Physical Layer, (Receiver ID)",
        "iwlwifi 0000:02:00.0:   device [8086:24fd] error status/mask=00000001/00002000",
    )
    * 30,
    "few-corrected-errors": (
        f"pcieport 0000:00:01.0: AER: Corrected error message received from {BUS}",
        f"nvidia {BUS}: PCIe Bus Error: severity=Corrected, type=Physical Layer, (Receiver ID)",
    )
    * 3,
    "rom": (
        f"pci {BUS}: BAR 6: no space for [mem size 0x00080000 pref]",
        f"pci {BUS}: BAR 6: failed to assign [mem size 0x00080000 pref]",
        f"pci {BUS}: ROM [mem size 0x00080000 pref]: can't assign; no space",
    ),
    "bridge": (
        "pci 0000:00:1c.0: BAR 13: no space for [io  size 0x1000]",
        "pcieport 0000:00:01.0: bridge window [io  size 0x1000]: can't assign; no space",
    ),
    "io-ports": (
        f"pci {BUS}: BAR 5: failed to assign [io  size 0x0080]",
        f"pci {BUS}: BAR 5 [io  size 0x0080]: can't assign; no space",
    ),
    "virtual-functions": (f"pci {BUS}: BAR 7: failed to assign [mem size 0x00100000 64bit pref]",),
    "second-try": (
        f"pci {BUS}: BAR 1: failed to assign [mem size 0x10000000 64bit pref]",
        f"pci {BUS}: BAR 1: assigned [mem 0x6000000000-0x600fffffff 64bit pref]",
    ),
    "sound": ("snd_hda_intel 0000:01:00.1: Unable to change power state from D3cold to D0, device inaccessible",),
    "usb-c": ("nvidia-gpu 0000:01:00.3: i2c timeout error e0000000", "ucsi_ccg 0-0008: ucsi_ccg_init failed - -110"),
    "firmware-tables": (
        "ACPI BIOS Error (bug): Could not resolve symbol [\\_SB.PCI0.PEG0.PEGP], AE_NOT_FOUND (20230628/psargs-330)",
    ),
    "memory-of-a-program": ("Out of memory: Killed process 3333 (python) total-vm:98765432kB, anon-rss:6543210kB",),
    "processor-heat": ("CPU0: Core temperature is above threshold, cpu clock is throttled (total events = 1)",),
    "other-modules": (
        "Lockdown: modprobe: unsigned module loading is restricted; see man kernel_lockdown.7",
        "vboxdrv: loading out-of-tree module taints kernel.",
    ),
    "nouveau-in-the-initramfs": (
        f"nouveau {BUS}: NVIDIA GA102 (172000a1)",
        "NVRM: The NVIDIA probe routine was not called for 1 device(s).",
        "NVRM: This can occur when another driver was loaded and obtained ownership of the NVIDIA device(s).",
        NEW_START,
    ),
    "upgraded-and-loaded-anew": (
        "NVRM: API mismatch: the client has the version 535.261.03, but this kernel module has the version 535.274.02.",
        f"NVRM: GPU {BUS}: RmInitAdapter failed! (0x26:0x56:1474)",
        f"NVRM: Xid (PCI:{BUS}): 62, pid=77, 0000(0000)",
        NEW_START,
    ),
    "container-of-another-driver": (
        "NVRM: API mismatch: the client has the version 550.90.07, but this kernel module has the version 535.274.02.",
    ),
    "passthrough-of-another": ("vfio_pci: add [10de:2204[ffffffff:ffffffff]] class 0x000000/00000000",),
    "suspend": (
        "PM: suspend entry (deep)",
        "PM: suspend exit",
        "nvidia-modeset: ERROR: GPU:0: Idling display engine timed out: 0x0000c67d:0:0:0x00000040",
    ),
    "firmware-of-others": ("platform regulatory.0: Direct firmware load for regulatory.db failed with error -2",),
    "display": (
        "[drm:nv_drm_master_set [nvidia_drm]] *ERROR* [nvidia-drm] [GPU ID 0x100] Failed to grab modeset ownership",
    ),
    "programs-that-crash": (
        "python[1234]: segfault at 0 ip 00007f0 sp 00007f1 error 4 in libcuda.so.535.274.02[7f000000+1000]",
        f"NVRM: Xid (PCI:{BUS}): 31, pid=77, name=python, Ch 00000008, intr 00000000. MMU Fault: ENGINE GRAPHICS",
    ),
}
VARIABLES: dict[str, dict[str, str]] = {
    "nccl": {"NCCL_DEBUG": "WARN", "NCCL_SOCKET_IFNAME": "eth0"},
    "allocator": {"PYTORCH_CUDA_ALLOC_CONF": "expandable_segments:True"},
    "allocator-two": {"PYTORCH_CUDA_ALLOC_CONF": "max_split_size_mb:512,garbage_collection_threshold:0.8"},
    "lazy": {"CUDA_MODULE_LOADING": "LAZY", "CUDA_DEVICE_MAX_CONNECTIONS": "1", "TORCH_CUDA_ARCH_LIST": "8.6"},
    "caches": {"HF_HOME": "/scratch/hf", "TMPDIR": "/scratch/tmp", "CUDA_CACHE_PATH": "/scratch/nv"},
    "one-gpu": {"CUDA_VISIBLE_DEVICES": "0"},
    "one-gpu-short": {"CUDA_VISIBLE_DEVICES": "GPU-00000000"},
    "other-compiler": {"CC": "clang", "CXX": "clang++"},
    "ssh": {"SSH_CONNECTION": "1 2 3 4", "DISPLAY": "localhost:10.0", "TERM": "screen"},
    "slurm": {"SLURM_JOB_ID": "5", "SLURM_JOB_GPUS": "0", "CUDA_VISIBLE_DEVICES": "0", "SLURM_GPUS_ON_NODE": "1"},
    "slurm-whole-node": {"SLURM_JOB_ID": "5", "SLURM_NNODES": "1"},
    "pbs": {"PBS_JOBID": "5.srv", "CUDA_VISIBLE_DEVICES": "GPU-00000000-c0de-4a11-b0b0-00000d0c7000"},
    "lsf": {"LSB_JOBID": "7", "CUDA_VISIBLE_DEVICES": "0"},
    "mps": {"CUDA_MPS_PIPE_DIRECTORY": "/tmp/nvidia-mps"},
    "offload": {"__NV_PRIME_RENDER_OFFLOAD": "1", "__GLX_VENDOR_LIBRARY_NAME": "nvidia"},
    "ci": {"CI": "true", "GITHUB_ACTIONS": "true"},
    "other-libraries": {"LD_LIBRARY_PATH": "/usr/local/lib:/opt/intel/lib"},
}
PRINTED: dict[str, dict[str, str]] = {
    "idle": {"clocks_event_reasons/clocks_event_reason_gpu_idle": "Active", "performance_state": "P8"},
    "power-cap": {"clocks_event_reasons/clocks_event_reason_sw_power_cap": "Active"},
    "warm": {"temperature/gpu_temp": "83 C"},
    "saves-power": {"pci/pci_gpu_link_info/pcie_gen/current_link_gen": "1"},
    "fans-stand": {"fan_speed": "0 %"},
    "display": {"display_active": "Enabled"},
    "some-memory": {"fb_memory_usage/used": "1500 MiB"},
    "one-row-replaced": {"remapped_rows/remapped_row_corr": "1", "remapped_rows/remapped_row_pending": "No"},
    "pages-retired": {"retired_pages/multiple_single_bit_retirement/retired_count": "2"},
    "no-clocks": {"applications_clocks/graphics_clock": "Requested functionality has been deprecated"},
}
ROCKY_8 = Os(
    id="rocky",
    version_id="8.10",
    pretty="Rocky Linux 8.10 (Green Obsidian)",
    kernel="4.18.0-553.el8_10.x86_64",
    glibc="2.28",
    gcc="8.5.0",
    python="3.6.8",
    id_like="rhel centos fedora",
)
SYSTEMS = {
    "hwe": replace(hardware.UBUNTU_2404, kernel="6.14.0-36-generic"),
    "aws": replace(hardware.UBUNTU_2204, kernel="6.8.0-1040-aws"),
    "azure": replace(hardware.UBUNTU_2204, kernel="6.8.0-1041-azure"),
    "arch": OS_ARCH,
    "debian13": DEBIAN_13,
    "mint": replace(hardware.UBUNTU_2204, id="linuxmint", version_id="21.3", id_like="ubuntu debian"),
    "pop": replace(hardware.UBUNTU_2204, id="pop", id_like="ubuntu debian", kernel="6.16.3-76061603-generic"),
    "rocky8": ROCKY_8,
    "rocky9": replace(ROCKY_8, version_id="9.6", kernel="5.14.0-570.el9.x86_64", glibc="2.34", gcc="11.5.0"),
    "sles": replace(ROCKY_8, id="sles", version_id="15.6", kernel="6.4.0-150600.23-default", glibc="2.38", id_like=""),
    "amazon": replace(ROCKY_8, id="amzn", version_id="2023", kernel="6.1.150-170.amzn2023.x86_64", glibc="2.34"),
    "fedora": hardware.FEDORA_42,
}
REST: dict[str, dict[str, Any]] = {
    "locked-memory": {"memlock": 65536},
    "shm-unknown": {"shm_size": None},
    "noexec": {"noexec": ("/tmp", "/dev/shm", "/var/tmp")},
    "disk": {"disks": {"home": (30 << 30, 6 << 30), "root": (30 << 30, 6 << 30), "tmp": (8 << 30, 4 << 30)}},
    "no-group": {"groups": ("ada",)},
    "root": {"uid": 0, "user": "root"},
    "secure-boot": {"secure_boot": True},
    "no-headers": {"headers": False},
    "no-compiler": {"compiler": False},
    "newer-compiler-beside": {"cxx": {"/usr/bin/g++-15": "15.2.0"}},
    "reboot-for-libc": {"files": {"/run/reboot-required": "*** System restart required ***\n"}},
    "reboot-for-driver": {"files": {"/run/reboot-required.pkgs": "nvidia-driver-535\n"}},
    "module-options": {
        "files": {
            "/etc/modprobe.d/nvidia.conf": "options nvidia NVreg_PreserveVideoMemoryAllocations=1\n"
            "options nvidia-drm modeset=1 fbdev=1\nblacklist nvidiafb\nblacklist nouveau\nblacklist i2c_nvidia_gpu\n",
            "/etc/modprobe.d/vfio.conf": "#options vfio-pci ids=10de:2204\n",
        }
    },
    "repository": {"files": {"/etc/apt/sources.list.d/cuda.list": cuda_list("ubuntu2204")}},
    "removed-packages": {"system_packages": (("nvidia-driver-470", "470.256.02-0ubuntu1", "rc "),)},
    "held": {"system_packages": (("cuda-drivers", "535.274.02-1", "hi "),)},
    "docker": {"system_packages": (DOCKER_CE, TOOLKIT), "executables": ("/usr/bin/dockerd", "/usr/bin/nvidia-ctk")},
    "docker-alone": {"system_packages": (DOCKER_CE,), "executables": ("/usr/bin/dockerd",)},
    "podman": {"system_packages": (("podman", "4.9", "ii "),), "executables": ("/usr/bin/podman",)},
    "services": {"running": ("Xorg", "gnome-shell", "nvidia-persistenced", "nv-hostengine")},
    "peermem": {"modules": ("nvidia_peermem", "ib_core", "mlx5_core")},
    "vfio": {"modules": ("vfio_pci", "vfio")},
}
GPU: dict[str, dict[str, Any]] = {
    "no-persistence": {"persistence": False},
    "programs": {"programs": (500, 1200, None)},
    "exclusive": {"compute_mode": "Exclusive_Process"},
    "asleep": {"power_state": "D3cold", "persistence": False},
    "eight-lanes": {"lanes": (8, 16, 8)},
    "external": {"lanes": (4, 16, 4)},
    **{f"prints-{name}": {"smi_values": values} for name, values in PRINTED.items()},
}


def _dmesg(lines: tuple[str, ...]) -> str:
    head = "[    0.000000] Linux version 6.8.0 (builder@host)\n"
    return head + "".join(f"[{number + 100:5}.000000] {line}\n" for number, line in enumerate(lines))


CHANGES: dict[str, dict[str, Any]] = {
    **{f"log-{name}": {"dmesg": _dmesg(lines)} for name, lines in LOGS.items()},
    **{f"variable-{name}": {"variables": values} for name, values in VARIABLES.items()},
    **{f"gpu-{name}": {"gpu": values} for name, values in GPU.items()},
    **{f"system-{name}": {"os": system} for name, system in SYSTEMS.items()},
    **{f"machine-{name}": values for name, values in REST.items()},
}
BASES: tuple[Machine, ...] = (
    RTX3090_535,
    replace(
        RTX3090_535,
        name="laptop",
        gpus=(replace(hardware.RTX_3060_LAPTOP, persistence=False),),
        driver=D550,
        envs=(venv(TORCH_25_CU124),),
    ),
    RTX5090_CU128,
    replace(
        RTX3090_535,
        name="two-a100",
        gpus=(hardware.A100_PCIE, replace(hardware.A100_PCIE, bus="0000:81:00.0")),
        driver=D570_OPEN,
        envs=(venv(TORCH_27_CU126),),
    ),
    *(CATALOGUE[name].machine for name in ("ubuntu2204-vgpu-l40s-580-torch28", "rhel9-a100x4-570open-slurm")),
    *(HGX, MIG),
)
"""Machines of their own, on which every change makes sense."""
OTHERS: tuple[Machine, ...] = (
    *(WSL, DOCKER, REFERENCE),
    CATALOGUE["k8s-t4-550-torch25"].machine,
    CATALOGUE["jetson-orin-jp6-540-torch25"].machine,
    CATALOGUE["jetson-orin-jp5-nosmi-torch20"].machine,
    CATALOGUE["ubuntu2404arm-gh200-570open-torch28"].machine,
    CATALOGUE["ubuntu2404-nogpu-torchcuda"].machine,
)
"""Those on which the system stays as it is."""


def changed(machine: Machine, change: dict[str, Any]) -> Machine:
    """The machine with the change added to what it has."""
    more = dict(change)
    gpu = more.pop("gpu", None)
    if gpu is not None:
        machine = replace(machine, gpus=tuple(replace(one, **gpu) for one in machine.gpus))
    for name, value in more.items():
        before = getattr(machine, name)
        if name in ("variables", "files"):
            more[name] = {**before, **value}
        elif name in ("system_packages", "executables", "modules", "running"):
            more[name] = (*before, *value)
    return replace(machine, **more)


@pytest.mark.parametrize("name", CHANGES)
def test_nothing_is_said_above_information(name: str) -> None:
    """On three machines of the list, other ones for each change."""
    every = BASES if name.startswith("system-") else (*BASES, *OTHERS)
    first = list(CHANGES).index(name)
    for number in range(3):
        machine = changed(every[(first * 3 + number) % len(every)], CHANGES[name])
        report = api.examine_host(build(machine), api.Request())
        assert not report.crashed
        said = [f"{one.severity.word} {one.id}: {one.message}" for one in report.findings]
        assert [one for one in said if not one.startswith("info ")] == [], machine.name
        assert report.status in ("healthy", "no-gpu"), machine.name
        assert max((one.severity for one in report.findings), default=Severity.INFO) == Severity.INFO
