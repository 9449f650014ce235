"""Kernel messages as events."""

from __future__ import annotations

from cudadoctor.facts.kernel import KernelEvent
from cudadoctor.parsers import dmesg
from cudadoctor.readings.kernel_events import events


def read(text: str, *, uptime: float | None = None) -> tuple[KernelEvent, ...]:
    return events(dmesg.parse(text), lambda line: f"line {line}", uptime=uptime)


def test_in_the_logs_order_with_lines_and_ages() -> None:
    found = read(
        "[    4.000000] NVRM: loading NVIDIA UNIX x86_64 Kernel Module  535.274.02  Mon Jun  1 12:00:00 UTC 2026\n"
        "[   10.000000] usb 1-1: new device\n"
        "[   20.000000] NVRM: Xid (PCI:0000:01:00): 79, pid=1, GPU has fallen off the bus.\n"
        "[   30.500000] PM: suspend exit\n",
        uptime=100.0,
    )
    assert [(one.kind, one.code, one.age, one.seen.where) for one in found] == [
        ("loaded", None, 96.0, "line 1"),
        ("xid", 79, 80.0, "line 3"),
        ("resumed", None, 69.5, "line 4"),
    ]


def test_a_paste_tells_no_age() -> None:
    assert [one.age for one in read("[   20.000000] NVRM: Xid (PCI:0000:01:00): 13, x\n")] == [None]


def test_a_message_wrapped_over_lines_is_one_event() -> None:
    found = read(
        "kernel: NVRM: The NVIDIA GPU 0000:09:00.0 (PCI ID: 10de:1d01)\n"
        "        NVRM: installed in this system is not supported by open\n"
        "        NVRM: nvidia.ko because it does not include the required GPU\n"
        "        NVRM: System Processor (GSP).\n"
    )
    assert [(one.kind, one.bus_id, one.values) for one in found] == [
        ("open-module-unsupported", "0000:09:00.0", (("pci_id", "10de:1d01"),))
    ]


def test_a_gpu_that_this_driver_does_not_know() -> None:
    found = read(
        "[    8.299192] NVRM: The NVIDIA GPU 0000:3c:00.0 (PCI ID: 10de:2d04)\n"
        "               NVRM: installed in this system is not supported by the\n"
        "               NVRM: NVIDIA 550.163.01 driver release.\n"
    )
    assert [one.kind for one in found] == ["gpu-not-supported"]
    assert dict(found[0].values) == {"pci_id": "10de:2d04", "driver": "550.163.01"}


def test_fallen_off_the_bus_in_the_second_line() -> None:
    found = read(
        "[    0.1] NVRM: The NVIDIA GPU 0002:21:00.0\n"
        "          NVRM: (PCI ID: 10de:2204) installed in this system has\n"
        "          NVRM: fallen off the bus and is not responding to commands.\n"
    )
    assert [(one.kind, one.bus_id) for one in found] == [("fallen-off-bus", "0002:21:00.0")]


def test_versions_of_a_mismatch_and_when() -> None:
    line = "[   12.014918] NVRM: API mismatch: the client has the version 570.153.02, but\n"
    found = read(line + "               NVRM: this kernel module has the version 570.144.  Please\n")
    assert dict(found[0].values) == {"client": "570.153.02", "module": "570.144", "at": "12.014918"}


def test_the_machines_name_is_left_out() -> None:
    found = read("Nov 25 10:00:00 kestrel kernel: NVRM: GPU 0000:01:00.0: RmInitAdapter failed! (0x22:0x56:884)\n")
    assert [one.kind for one in found] == ["init-failed"]
    assert "kestrel" not in found[0].text + found[0].seen.text


def test_bus_errors_of_gpus_only() -> None:
    found = read(
        "nvidia 0000:01:00.0: PCIe Bus Error: severity=Uncorrected (Fatal), type=Transaction Layer\n"
        "nvme 0000:02:00.0: PCIe Bus Error: severity=Corrected, type=Physical Layer\n"
    )
    assert [(one.bus_id, one.values) for one in found] == [
        ("0000:01:00.0", (("severity", "Uncorrected (Fatal)"),)),
    ]


def test_tainting_is_not_refusing() -> None:
    text = "nvidia: module verification failed: signature and/or required key missing - tainting kernel\n"
    assert [one.kind for one in read(text)] == ["signature-tainted"]
