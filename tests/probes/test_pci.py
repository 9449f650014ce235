"""NVIDIA's devices on the PCI bus."""

from __future__ import annotations

import pytest

from cudadoctor.facts.driver import PciFacts
from cudadoctor.host.base import Denied, Refusal
from cudadoctor.probes import pci
from cudadoctor.probes.base import Clock, Request

from .fake import FakeHost

CONFIG = b"\xde\x10\x06\x1b\x07\x04\x10\x00" + bytes(56)


def device(
    bus: str, vendor: str, kind: str, number: str, **more: str | bytes | Refusal
) -> dict[str, str | bytes | Refusal]:
    folder = f"{pci.DEVICES}/{bus}"
    files: dict[str, str | bytes | Refusal] = {"vendor": vendor, "class": kind, "device": number, "config": CONFIG}
    return {f"{folder}/{name}": value for name, value in {**files, **more}.items()}


def probe(host: FakeHost) -> PciFacts:
    found = pci.probe(host, Request(), Clock(60))
    assert found.value is not None
    assert found.gaps == ()
    return found.value


def test_gpus_are_display_devices_of_nvidia() -> None:
    files = {
        **device("0000:00:02.0", "0x8086\n", "0x030000\n", "0x3e92\n"),
        **device("0000:01:00.0", "0x10de\n", "0x030000\n", "0x1b06\n"),
        **device("0000:01:00.1", "0x10de\n", "0x040300\n", "0x10ef\n"),
        **device("0000:02:00.0", "0x10DE\n", "0x030200\n", "0x20B0\n"),
        **device("0000:03:00.0", "0x10de\n", "0x068000\n", "0x1af1\n"),
        **device("0000:04:00.0", "0x1002\n", "0x030000\n", "0x744c\n"),
    }
    links = {
        f"{pci.DEVICES}/0000:01:00.0/driver": "../../../../bus/pci/drivers/nouveau",
        f"{pci.DEVICES}/0000:02:00.0/driver": "../../../../bus/pci/drivers/vfio-pci",
    }
    found = probe(FakeHost(files=files, links=links))
    assert [(gpu.bus_id, gpu.device_id, gpu.driver) for gpu in found.gpus] == [
        ("0000:01:00.0", "10de:1b06", "nouveau"),
        ("0000:02:00.0", "10de:20b0", "vfio-pci"),
    ]
    assert found.nvswitches == 1
    assert all(gpu.responds for gpu in found.gpus)


def test_a_gpu_that_nothing_drives() -> None:
    found = probe(FakeHost(files=device("0000:01:00.0", "0x10de", "0x030000", "0x1b06")))
    assert found.gpus[0].driver is None


@pytest.mark.parametrize(
    ("config", "state", "responds"),
    [
        (b"\xff" * 64, "D0\n", False),
        (b"\xff" * 64, "unknown\n", False),
        (b"\xff" * 64, "D3cold\n", True),
        (CONFIG, "D0\n", True),
        (b"", "D0\n", True),
        (Denied("config"), "D0\n", True),
    ],
)
def test_all_ones_are_a_device_that_is_gone(config: bytes | Refusal, state: str, responds: bool) -> None:
    files = device("0000:01:00.0", "0x10de", "0x030000", "0x1b06", config=config, power_state=state)
    assert probe(FakeHost(files=files)).gpus[0].responds is responds


def test_a_bus_without_nvidia_is_known_to_have_none() -> None:
    found = probe(FakeHost(files=device("0000:00:02.0", "0x8086", "0x030000", "0x3e92")))
    assert (found.gpus, found.nvswitches) == ((), 0)


def test_no_bus_is_a_gap() -> None:
    found = pci.probe(FakeHost(), Request(), Clock(60))
    assert found.value is None
    assert [gap.fact for gap in found.gaps] == ["pci"]


def test_a_bus_that_cannot_be_listed_is_a_gap() -> None:
    pattern = f"{pci.DEVICES}/*/vendor"
    found = pci.probe(FakeHost(refusing={pattern: Denied(pattern)}), Request(), Clock(60))
    assert (found.value, [gap.fact for gap in found.gaps]) == (None, ["pci"])


def test_numbers_that_are_none() -> None:
    files = {
        **device("0000:01:00.0", "banana", "0x030000", "0x1b06"),
        **device("0000:02:00.0", "0x10de", "what", "0x1b06"),
        **device("0000:03:00.0", "0x10de", "0x030000", "what"),
    }
    found = probe(FakeHost(files=files))
    assert [(gpu.bus_id, gpu.device_id) for gpu in found.gpus] == [("0000:03:00.0", "10de:????")]
