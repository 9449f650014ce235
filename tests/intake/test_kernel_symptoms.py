"""What modprobe, DKMS, the installer and nvidia-smi say of kernel modules."""

from __future__ import annotations

import pytest

from cudadoctor.intake.messages.find import find
from tests.intake.tables import kinds_of


def kinds(text: str) -> set[str]:
    return {one.kind for one in find([("line 1", text)])}


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("modprobe: ERROR: could not insert 'nvidia': Key was rejected by service", "module-key-rejected"),
        ("modprobe: ERROR: could not insert 'nvidia_current': Required key not available", "module-key-rejected"),
        ("insmod: ERROR: could not insert module ./nvidia.ko: Key was rejected by service", "module-key-rejected"),
        (
            "modprobe: FATAL: Module nvidia not found in directory /lib/modules/6.8.0-60-generic",
            "module-not-in-directory",
        ),
        ("kmod_module_insert_module() could not find module by name='nvidia_367_uvm'", "module-not-found-by-name"),
        ("modprobe: ERROR: could not insert 'nvidia': Exec format error", "module-other-kernel"),
        ("modprobe: ERROR: could not insert 'off': Unknown symbol in module", "module-aliased-off"),
        ("could not find module by name='off'", "module-aliased-off"),
        ("Error! Bad return status for module build on kernel: 6.4.1-zen2-1-zen (x86_64)", "dkms-build-failed"),
        ("Consult /var/lib/dkms/nvidia/390.157/build/make.log for more information.", "dkms-nvidia"),
        ("nvidia/390.157: added", "dkms-nvidia-listed"),
        ("nvidia, 510.47.03, 5.13.0-30-generic, x86_64: installed", "dkms-nvidia-listed"),
        ("Error! Your kernel headers for kernel 6.1.0-13-amd64 cannot be found.", "kernel-headers-not-found"),
        ("Module build for kernel 5.15.39-3-pve was skipped since the", "kernel-headers-not-found"),
        ("Kernel driver in use: nouveau", "nouveau-bound"),
        ("nouveau              1949696  1", "nouveau-loaded"),
        ("Unable to determine the device handle for GPU0000:0B:00.0: Unknown Error", "gpu-handle-error"),
        ("Unable to determine the device handle for GPU 0000:0B:00.0: GPU is lost.", "gpu-handle-error"),
        ("NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver.", "smi-no-driver"),
        ("NVIDIA-Linux-x86_64-550.90.05-vgpu-kvm.run", "vgpu-manager"),
        ("after suspending my laptop", "after-suspend"),
        ("I woke up the machine", "after-suspend"),
    ],
)
def test_is_recognised(text: str, kind: str) -> None:
    assert kind in kinds(text)


@pytest.mark.parametrize(
    "text",
    [
        "modprobe: ERROR: could not insert 'vboxdrv': Key was rejected by service",
        "modprobe: FATAL: Module zfs not found in directory /lib/modules/6.8.0",
        "blacklist nouveau",
        "resume training from checkpoint",
        "time.sleep(1)",
        "nvidia-fs/2.17: added",
        "/var/lib/dkms/nvidia-fs/2.17.5/build/make.log",
        "prime-select nvidia",
    ],
)
def test_is_something_else(text: str) -> None:
    assert kinds(text) & kinds_of("kernel") == set()


def test_values_are_kept() -> None:
    found = find(
        [("line 3", "modprobe: FATAL: Module nvidia_uvm not found in directory /lib/modules/4.4.0-83-generic")]
    )
    assert [(one.values, one.seen.where) for one in found if one.values] == [
        ({"module": "nvidia_uvm", "kernel": "4.4.0-83-generic"}, "line 3")
    ]
