"""Machines with a fault of the kernel, its modules, the firmware or the start."""

from __future__ import annotations

from dataclasses import replace

from . import hardware
from .healthy import D535, D570_OPEN, RTX3090_535, RTX5090_CU128
from .parts import Libcuda, Machine
from .presets import Planted, planted

UNLOADED = replace(D535, loaded=False)
NO_MODULE = replace(D535, loaded=False, module_on_disk=False)
OLD, NEW = "6.8.0-60-generic", "7.1.0-4-generic"
RUNNING = hardware.UBUNTU_2204.kernel
DKMS = "/var/lib/dkms/nvidia/535.274.02"
SOURCE = {f"{DKMS}/source/dkms.conf": 'PACKAGE_NAME="nvidia"\n'}
BUS = "0000:01:00"


def make_log(kernel: str, *lines: str) -> dict[str, str]:
    """The make.log of a build that failed, and what DKMS has beside it."""
    head = f"DKMS make.log for nvidia-535.274.02 for kernel {kernel} (x86_64)\n"
    return {**SOURCE, f"{DKMS}/build/make.log": head + "".join(f"{line}\n" for line in lines) + "make: *** Error 2\n"}


TOO_NEW = (
    f"{DKMS}/build/nvidia/nv-mmap.c: In function 'nv_encode_caching':",
    f"{DKMS}/build/nvidia/nv-mmap.c:401:5: error: implicit declaration of function 'vm_flags_set'",
)


def logged(base: Machine, name: str, cause: str, *lines: str, why: str = "") -> Planted:
    """The driver is loaded and has no GPU that it can use; the kernel's log has these lines."""
    return planted(
        base,
        name,
        cause,
        smi_message="No devices were found",
        smi_status=6,
        libcuda=Libcuda(cuinit=100),
        dmesg="".join(f"[   12.{number:06d}] {line}\n" for number, line in enumerate(lines)),
        why=why,
    )


KERNEL = (
    planted(
        RTX5090_CU128, "ubuntu2404-rtx5090-535", "driver-too-old-for-gpu", driver=D535,
        why="the GPU is newer than the driver",
    ),
    planted(
        RTX3090_535, "ubuntu2204-rtx3090-535-dkms-failed", "dkms-build-failed", driver=NO_MODULE,
        files=make_log(RUNNING, *TOO_NEW), why="the driver's source does not compile for this kernel",
    ),
    planted(
        RTX3090_535, "ubuntu2204-rtx3090-535-secureboot", "secure-boot-unsigned-module", driver=UNLOADED,
        secure_boot=True,
        dmesg="[    5.100000] Loading of module with unavailable key is rejected\n",
    ),
    planted(
        RTX3090_535, "ubuntu2204-rtx3090-535-noheaders", "kernel-headers-missing", driver=NO_MODULE, headers=False,
        files=SOURCE, why="a kernel update without its headers",
    ),
    planted(
        RTX3090_535, "ubuntu2204-rtx3090-535-prebuilt-other-kernel", "prebuilt-module-missing-for-kernel",
        driver=NO_MODULE, files={f"/usr/lib/modules/{OLD}/kernel/nvidia-535/nvidia.ko": b"\x7fELF"},
    ),
    planted(
        RTX3090_535, "ubuntu2204-rtx3090-535-next-kernel-too-new", "kernel-too-new-for-driver", status="warnings",
        files={**make_log(NEW, *TOO_NEW), f"/usr/lib/modules/{NEW}/modules.dep": ""},
        why="it works until the next start",
    ),
    planted(
        RTX3090_535, "ubuntu2204-rtx3090-535-prime-intel", "prime-select-gpu-off", driver=UNLOADED,
        files={
            "/etc/prime-discrete": "off\n",
            "/usr/lib/modprobe.d/blacklist-nvidia.conf": "blacklist nvidia\nalias nvidia off\nalias nvidia-drm off\n",
        },
    ),
    planted(
        RTX3090_535, "ubuntu2204-rtx3090-535-resumed", "uvm-broken-after-suspend", libcuda=Libcuda(cuinit=999),
        dmesg="[  300.000000] PM: suspend entry (deep)\n[ 4000.000000] PM: suspend exit\n",
    ),
    logged(
        replace(RTX5090_CU128, driver=D570_OPEN), "ubuntu2404-rtx5090-570open-nofirmware", "gsp-firmware-missing",
        f"nvidia {BUS}.0: Direct firmware load for nvidia/570.195.03/gsp_ga10x.bin failed with error -2",
        "NVRM: RmFetchGspRmImages: No firmware image found",
        f"NVRM: GPU {BUS}.0: RmInitAdapter failed! (0x61:0x56:1770)",
    ),
    logged(
        RTX3090_535, "ubuntu2204-rtx3090-535-gsp-timeout", "gsp-rpc-timeout",
        f"NVRM: Xid (PCI:{BUS}): 119, pid=1234, name=python, Timeout after 6s of waiting for RPC response!",
        why="the fault is of the last day: the machine runs for one",
    ),
    logged(
        RTX3090_535, "ubuntu2204-rtx3090-515open-flag", "open-module-needs-enable-flag",
        "NVRM: Open nvidia.ko is only ready for use on Data Center GPUs.",
        f"NVRM: GPU {BUS}.0: RmInitAdapter failed! (0x62:0x40:1860)",
    ),
    logged(
        RTX3090_535, "ubuntu2204-rtx3090-535-nobar", "pci-bar-not-assigned",
        "NVRM: This PCI I/O region assigned to your NVIDIA device is invalid:",
        f"NVRM: BAR1 is 0M @ 0x0 (PCI:{BUS}.0)",
    ),
    logged(
        RTX3090_535, "ubuntu2204-rtx3090-535-nopower", "power-supply-fault",
        f"NVRM: GPU {BUS}.0: GPU does not have the necessary power cables connected.",
        f"NVRM: GPU {BUS}.0: RmInitAdapter failed! (0x24:0x1c:1428)",
    ),
    planted(
        RTX3090_535, "ubuntu2204-rtx3090-535-xid62", "xid-needs-action", libcuda=Libcuda(cuinit=999), status="broken",
        dmesg=f"[86000.000000] NVRM: Xid (PCI:{BUS}): 62, pid=0, name=<unknown>, 2d2c 0000\n",
    ),
    planted(
        RTX3090_535, "ubuntu2204-rtx3090-535-aer", "pcie-errors", status="warnings",
        files={
            f"/sys/bus/pci/drivers/nvidia/{BUS}.0/aer_dev_fatal": "Undefined 0\nDLP 0\nSDES 2\nTOTAL_ERR_FATAL 2\n",
            f"/sys/bus/pci/drivers/nvidia/{BUS}.0/aer_dev_nonfatal": "Undefined 0\nTOTAL_ERR_NONFATAL 0\n",
        },
    ),
    planted(
        RTX3090_535, "ubuntu2204-rtx3090-535-modules-gone", "reboot-pending", driver=NO_MODULE,
        files={f"/usr/lib/modules/{NEW}/updates/dkms/nvidia.ko.zst": b"\x28\xb5\x2f\xfd"},
        removed=(f"/usr/lib/modules/{RUNNING}",),
        why="the kernel was upgraded, and the package manager removed the modules of the running one",
    ),
    planted(
        RTX3090_535, "ubuntu2204-rtx3090-535-vgpu-host", "vgpu-host-driver-no-cuda", modules=("nvidia_vgpu_vfio",),
        libcuda=Libcuda(behaviour="missing"),
        removed=tuple(f"/usr/lib/x86_64-linux-gnu/libcuda.so{end}" for end in ("", ".1", ".535.274.02")),
    ),
)  # fmt: skip
