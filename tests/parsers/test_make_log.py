"""DKMS's make.log and modprobe's configuration."""

from __future__ import annotations

import pytest

from cudadoctor.parsers import make_log, modprobe

HEAD = "DKMS make.log for nvidia-535.183.01 for kernel 6.8.0-60-generic (x86_64)\nSat 1 Nov 10:00:00 UTC 2025\n"


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("nv-mmap.c:401:5: error: implicit declaration of function 'vm_flags_set'; did you mean", "kernel-too-new"),
        ("nv-drm.c:12:3: error: ‘struct drm_driver’ has no member named ‘date’", "kernel-too-new"),
        ("nv-linux.h:1:10: fatal error: drm/drmP.h: No such file or directory", "kernel-too-new"),
        ("ERROR: modpost: GPL-incompatible module nvidia.ko uses GPL-only symbol '__rcu_read_lock'", "kernel-too-new"),
        ("make[1]: gcc-12: No such file or directory\n/bin/sh: 1: gcc-12: not found", "compiler-missing"),
        ("gcc: error: unrecognized command-line option '-ftrivial-auto-var-init=zero'", "compiler-differs"),
        ("*** Unable to find the kernel source tree. ***", "headers-missing"),
        ("ld: final link failed: No space left on device", "no-space"),
        ("make[2]: *** [Makefile:240: foo] Error 1", "other"),
    ],
)
def test_why_a_build_failed(line: str, reason: str) -> None:
    log = make_log.parse(f"{HEAD}{line}\nmake: *** Error 2\n")
    assert (log.kernel, log.failed, log.reason) == ("6.8.0-60-generic", True, reason)
    assert log.line


def test_the_deciding_line_counts_wherever_it_stands() -> None:
    text = HEAD + "a.c:1:1: error: implicit declaration of function 'x'\nNo space left on device\n"
    assert make_log.parse(text).reason == "no-space"


def test_newer_dkms_and_a_build_that_is_at_work() -> None:
    log = make_log.parse(
        "DKMS (dkms-3.2.0) make.log for nvidia/580.95.05 for kernel 6.12.9-amd64 (x86_64)\n  CC nv.o\n"
    )
    assert (log.kernel, log.failed, log.reason) == ("6.12.9-amd64", False, None)


def test_modprobe_lines() -> None:
    text = (
        "# blacklist nvidia\nblacklist nouveau\nalias nvidia off\nalias nvidia-drm off\n"
        "options nvidia NVreg_DeviceFileMode=0660  # why\ninstall nvidia /bin/false\ninstall nvidia_uvm /sbin/x\n"
        "blacklist nvidiafb\nalias char-major-195* nvidia\n"
    )
    assert [(one.number, one.kind, one.module, one.value) for one in modprobe.parse(text)] == [
        (2, "blacklist", "nouveau", ""),
        (3, "off", "nvidia", "off"),
        (4, "off", "nvidia_drm", "off"),
        (5, "options", "nvidia", "NVreg_DeviceFileMode=0660"),
        (6, "off", "nvidia", "/bin/false"),
        (7, "install", "nvidia_uvm", "/sbin/x"),
    ]
