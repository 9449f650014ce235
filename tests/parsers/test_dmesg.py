"""The kernel log."""

# ruff: noqa: E501  the texts of tools are long lines
from __future__ import annotations

import pytest

from cudadoctor.parsers import dmesg
from cudadoctor.parsers.kernel_messages import KernelMessages

XID = "NVRM: Xid (PCI:0000:0a:00): 79, pid='<unknown>', name=<unknown>, GPU has fallen off the bus."


@pytest.mark.parametrize(
    ("prefix", "time"),
    [
        ("", None),
        ("[  123.456789] ", "123.456789"),
        ("Jan  5 10:11:12 host kernel: [  123.456789] ", "Jan  5 10:11:12"),
        ("[Mon Jan  5 10:11:12 2026] ", "Mon Jan  5 10:11:12 2026"),
        ("2026-01-05T10:11:12,123456+00:00 ", "2026-01-05T10:11:12,123456+00:00"),
        ("4,3964,206764307,-;", "206764307"),
        ("> ", None),
    ],
)
def test_xid_and_its_time(prefix: str, time: str | None) -> None:
    read = dmesg.parse(prefix + XID + "\n")
    assert [(xid.code, xid.bus_id, xid.time) for xid in read.xids] == [(79, "0000:0a:00.0", time)]
    assert read.xids[0].text.endswith("GPU has fallen off the bus.")
    assert read.lines == ()


@pytest.mark.parametrize(
    ("line", "code", "bus"),
    [
        ("NVRM: Xid (0000:01:00): 8, Channel 00000001", 8, "0000:01:00.0"),
        ("NVRM: Xid (PCI:0009:c1:00): 31, pid=12, name=python, Ch 00000008", 31, "0009:c1:00.0"),
        ("NVRM: Xid (PCI:0000:01:00): 119", 119, "0000:01:00.0"),
        ("NVRM: Xid (0001:00): 13, 0001 00000000", 13, "0000:01:00.0"),
    ],
)
def test_forms_of_xid(line: str, code: int, bus: str | None) -> None:
    assert [(xid.code, xid.bus_id) for xid in dmesg.parse(line).xids] == [(code, bus)]


def test_what_is_no_xid() -> None:
    assert dmesg.parse("nvidia-nvswitch3: SXid (PCI:0000:05:00.0): 12028, Non-fatal, Link 32") == KernelMessages()
    assert dmesg.parse("nvidia-nvswitch3: SXid (PCI:0000:05:00.0): 1202, Non-fatal, Link 32") == KernelMessages()
    assert dmesg.parse("NVIDIA Xid documentation, Xid 79") == KernelMessages()


@pytest.mark.parametrize(
    "text",
    [
        "[1.000000] NVRM: API mismatch: the client has the version 570.86.10, but\n[1.000001] NVRM: this kernel module has the version 550.54.14.  Please\n",
        "NVRM: API mismatch: the client has the version 570.86.10, but\n                 NVRM: this kernel module has the version 550.54.14.  Please\n",
        "NVRM: API mismatch: the client has the version 570.86.10, but this kernel module has the version 550.54.14.  Please make",
        "NVRM: API mismatch: the client 'some-app' (pid 12)\nNVRM: has the version 570.86.10, but this kernel module has\nNVRM: the version 550.54.14.  Please\n",
        "NVIDIA: API mismatch: the NVIDIA kernel module has version 550.54.14,\nbut this NVIDIA driver component has version 570.86.10.  Please make\n",
    ],
)  # fmt: skip
def test_api_mismatch(text: str) -> None:
    read = dmesg.parse(text + text)
    assert [(str(item.client), str(item.module)) for item in read.mismatches] == [("570.86.10", "550.54.14")]


def test_legacy_gpu() -> None:
    text = """[ 1.000000] NVRM: The NVIDIA Sample 300M GPU installed in this system is
[ 1.000001] NVRM:  supported through the NVIDIA 470.xx Legacy drivers. Please
[ 1.000002] NVRM:  visit http://www.nvidia.com/object/unix.html for more
[ 1.000003] NVRM:  information.  The 570.86.10 NVIDIA driver will ignore
[ 1.000004] NVRM:  this GPU.  Continuing probe...
[ 1.000005] NVRM: No NVIDIA GPU found.
"""
    read = dmesg.parse(text)
    assert [(old.name, old.branch, str(old.driver)) for old in read.legacy] == [("Sample 300M", 470, "570.86.10")]
    assert [line.kind for line in read.lines] == ["no-gpu"]


@pytest.mark.parametrize(
    ("text", "kind", "bus"),
    [
        ("NVRM: The NVIDIA GPU 0000:0a:00.0 (PCI ID: 10de:ffff)\nNVRM: installed in this system requires use of the NVIDIA open kernel modules.", "needs-open-module", "0000:0a:00.0"),
        ("NVRM: GPU 0000:0a:00.0: RmInitAdapter failed! (0x22:0x56:884)", "init-failed", "0000:0a:00.0"),
        ("NVRM: rm_init_adapter(0) failed", "init-failed", None),
        ("NVRM: GPU at PCI:0000:0a:00: GPU-1\nNVRM: GPU 0000:0a:00.0: GPU has fallen off the bus.", "fallen-off-bus", "0000:0a:00.0"),
        ("NVRM: The NVIDIA GPU 0000:0a:00.0 (PCI ID: 10de:ffff)\nNVRM: installed in this system is not supported by open\nNVRM: nvidia.ko because … not supported by open nvidia.ko", "open-module-unsupported", "0000:0a:00.0"),
        ("NVRM: Open nvidia.ko is only ready for use on Data Center GPUs.", "open-module-needs-flag", None),
        ("nvidia 0000:0a:00.0: Direct firmware load for nvidia/570.86.10/gsp_ga10x.bin failed with error -2", "gsp-firmware-missing", "0000:0a:00.0"),
        ("NVRM: This PCI I/O region assigned to your NVIDIA device is invalid:", "bar-not-assigned", None),
        ("NVRM: The NVIDIA probe routine was not called for 1 device(s).", "probe-not-called", None),
        ("nvidia: module verification failed: signature and/or required key missing - tainting kernel", "signature-tainted", None),
        ("Loading of unsigned module is rejected", "signature-refused", None),
        ("nvidia: version magic '6.1.0-1 SMP' should be '6.1.0-2 SMP'", "version-magic", None),
    ],
)  # fmt: skip
def test_kinds(text: str, kind: str, bus: str | None) -> None:
    read = dmesg.parse("[    5.000000] r8169 0000:04:00.0 eth0: link up\n" + text + "\n")
    assert [(line.kind, line.bus_id) for line in read.lines] == [(kind, bus)]


def test_what_was_loaded() -> None:
    text = "NVRM: loading NVIDIA UNIX x86_64 Kernel Module  550.54.14  Thu\nNVRM: loading NVIDIA UNIX Open Kernel Module for x86_64  570.86.10  Release Build\n"
    read = dmesg.parse(text)
    assert read.loaded is not None
    assert (str(read.loaded.version), read.loaded.module) == ("570.86.10", "open")


def test_other_peoples_lines() -> None:
    text = "usb 1-1: new device\nnvidia-uvm: Loaded the UVM driver, major device number 510.\nnvidia-nvswitch2: open (major=510)\n"
    assert dmesg.parse(text) == KernelMessages()
