"""Healthy machines whose kernel log, DKMS tree or configuration looks like a fault."""

from __future__ import annotations

from dataclasses import replace

from . import hardware
from .faulty_kern import BUS, NEW, OLD, RUNNING, SOURCE, UNLOADED, make_log
from .healthy import D535, RTX3090_535
from .parts import Libcuda, Machine
from .presets import Planted


def well(base: Machine, name: str, why: str, *infos: str, status: str = "healthy", **changes: object) -> Planted:
    """The base machine with these changes, of which nothing may be said above information."""
    machine = replace(base, name=name, **changes)  # type: ignore[arg-type]
    return Planted(machine=machine, status=status, said_as_info=infos or None, why=why)


KERNEL_ODD = (
    well(
        RTX3090_535, "ubuntu2204-rtx3090-535-noisy-log",
        "its log is full of what is harmless: tainting, a program's Xids, a suspend, another module that was refused",
        "xid-from-program",
        dmesg="[    3.000000] Loading of unsigned module is rejected\n"
        "[    4.100001] nvidia: module verification failed: signature and/or required key missing - tainting kernel\n"
        "[    4.200000] NVRM: loading NVIDIA UNIX x86_64 Kernel Module  535.274.02  Mon Jun  1 12:00:00 UTC 2026\n"
        "[  300.000000] PM: suspend exit\n"
        f"[86000.000000] NVRM: Xid (PCI:{BUS}): 31, pid=77, name=python, Ch 00000008, MMU Fault\n"
        f"[86001.000000] NVRM: Xid (PCI:{BUS}): 45, pid=77, name=python, Ch 00000008\n",
    ),
    well(
        RTX3090_535, "ubuntu2204-rtx3090-535-reset-since",
        "a GPU that fell off the bus, and the driver was loaded anew since",
        dmesg=f"[  100.000000] NVRM: Xid (PCI:{BUS}): 79, pid=77, GPU has fallen off the bus.\n"
        f"[  101.000000] NVRM: Xid (PCI:{BUS}): 119, pid=77, Timeout waiting for RPC from GSP!\n"
        "[  900.000000] NVRM: loading NVIDIA UNIX x86_64 Kernel Module  535.274.02  Mon Jun  1 12:00:00 UTC 2026\n",
    ),
    well(
        RTX3090_535, "ubuntu2204-rtx3090-535-dkms-failed-for-old-kernel",
        "DKMS failed for a kernel that is not used any more",
        files=make_log(OLD, "error: implicit declaration of function 'x'"),
    ),
    well(
        RTX3090_535, "ubuntu2204-rtx3090-535-dkms-installed", "as DKMS leaves it after a build that went well",
        files={**SOURCE, f"/var/lib/dkms/nvidia/535.274.02/{RUNNING}/x86_64/module/nvidia.ko.zst": b"\x28\xb5"},
        links={f"/var/lib/dkms/nvidia/kernel-{RUNNING}-x86_64": f"535.274.02/{RUNNING}/x86_64"},
    ),
    well(
        RTX3090_535, "ubuntu2204-rtx3090-535-prebuilt-noheaders",
        "prebuilt modules, no headers, Secure Boot, and a newer kernel that waits for a reboot",
        "reboot-pending",
        driver=replace(D535, module_on_disk=False), headers=False, secure_boot=True,
        files={
            f"/usr/lib/modules/{RUNNING}/kernel/nvidia-535/nvidia.ko": b"\x7fELF",
            f"/usr/lib/modules/{NEW}/kernel/nvidia-535/nvidia.ko": b"\x7fELF",
            "/run/reboot-required.pkgs": f"linux-image-{NEW}\nlinux-base\n",
        },
    ),
    well(
        RTX3090_535, "ubuntu2204-laptop-prime-intel-notorch",
        "a laptop whose GPU is switched off on purpose, and nothing here uses CUDA",
        "prime-select-gpu-off",
        gpus=(replace(hardware.RTX_3060_LAPTOP, power_state="D3cold", persistence=False),),
        driver=UNLOADED, envs=(), files={"/etc/prime-discrete": "off\n"}, status="healthy",
    ),
    well(
        RTX3090_535, "ubuntu2204-rtx3090-535-kernlog",
        "the log is in syslog's file, with the boot before this one in it",
        files={
            "/var/log/kern.log": f"Nov 20 10:00:00 planted kernel: [ 50.000000] NVRM: Xid (PCI:{BUS}): 79, pid=1, GPU "
            "has fallen off the bus.\nNov 20 11:00:00 planted kernel: [    0.000000] Linux version 6.8.0\n",
        },
    ),
    well(
        RTX3090_535, "ubuntu2204-laptop-nvidia-blacklisted",
        "nvidia is blacklisted on purpose, and nothing here uses CUDA", "driver-module-not-loaded",
        gpus=(replace(hardware.RTX_3060_LAPTOP, power_state="D3cold", persistence=False),),
        driver=UNLOADED, envs=(), files={"/etc/modprobe.d/no-nvidia.conf": "blacklist nvidia\n"},
    ),
    well(
        RTX3090_535, "ubuntu2204-rtx3090-535-vgpu-host-for-guests",
        "a host of virtual machines, whose driver brings no CUDA", "vgpu-host-driver-no-cuda",
        modules=("nvidia_vgpu_vfio",), libcuda=Libcuda(behaviour="missing"), envs=(),
        removed=tuple(f"/usr/lib/x86_64-linux-gnu/libcuda.so{end}" for end in ("", ".1", ".535.274.02")),
    ),
)  # fmt: skip
