"""`nvidia-smi -q`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from cudadoctor.parsers import smi_q
from tests.parsers.samples import Card, log, second

CARD = Card()
TWO = log([replace(CARD, mig="Enabled"), second(CARD)], migs=2)


def test_the_values() -> None:
    read = smi_q.parse(TWO)
    assert read is not None
    assert (str(read.version), str(read.cuda_version), read.attached, read.complete) == ("570.10.01", "12.8", 2, True)
    one, two = read.gpus
    assert (one.name, one.uuid, one.bus_id) == (CARD.name, CARD.uuid, "0000:0a:00.0")
    assert (one.memory_total_mib, one.memory_used_mib, one.ecc_uncorrected) == (24576, 123, 3)
    assert (one.mig_mode, one.mig_mode_pending, one.mig_devices) == ("Enabled", "Enabled", 2)
    assert (one.license_status, one.row_remap_pending) == ("Licensed", False)
    assert (two.index, two.bus_id, two.uuid, two.memory_used_mib) == (1, "0009:c1:00.0", second(CARD).uuid, 7)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: "\n".join(line.strip() for line in text.splitlines()),
        lambda text: "\n".join("      " + line for line in text.splitlines()),
        lambda text: "\n".join("> " + line for line in text.splitlines()),
        lambda text: text.replace("    ", "\t"),
        lambda text: text.replace("\n", "\r\n"),
        lambda text: "Driver Version : 1.2\n" + text + text,
    ],
)
def test_what_pasting_does(spoil: Callable[[str], str | bytes]) -> None:
    read = smi_q.parse(spoil(TWO))
    assert read is not None
    assert str(read.version) == "570.10.01"
    assert [(gpu.name, gpu.uuid, gpu.memory_total_mib, gpu.mig_mode) for gpu in read.gpus] == [
        (CARD.name, CARD.uuid, 24576, "Enabled"),
        (CARD.name, second(CARD).uuid, 24576, "N/A"),
    ]


def test_610_prefers_the_new_names() -> None:
    header = (
        "Driver Version : 610.10 [Deprecated; use KMD Version]",
        "CUDA Version : 13.2 [Deprecated]",
        "KMD Version : 610.11",
        "CUDA UMD Version : 13.3",
    )
    read = smi_q.parse(log([CARD], header=header))
    assert read is not None
    assert (str(read.version), str(read.cuda_version)) == ("610.11", "13.3")
    old = smi_q.parse(log([CARD], header=header[:2]))
    assert old is not None
    assert (str(old.version), old.cuda_version_text) == ("610.10", "13.2")


def test_cut_anywhere() -> None:
    for cut in range(0, len(TWO), 5):
        read = smi_q.parse(TWO[:cut])
        if read is not None:
            assert not read.complete or TWO[:cut].count("    Processes") == 2
            assert {gpu.memory_total_mib for gpu in read.gpus} <= {24576, None}


def test_lost() -> None:
    read = smi_q.parse(log([replace(CARD, name="GPU is lost", uuid="GPU is lost"), second(CARD)]))
    assert read is not None
    assert [(gpu.name, gpu.lost) for gpu in read.gpus] == [(None, True), (CARD.name, False)]


@pytest.mark.parametrize(
    "text", ["", "GPU 00000000:01:00.0\n  something : else", "Driver Version : 570.10", "Product Name : x"]
)
def test_what_is_no_report(text: str) -> None:
    assert smi_q.parse(text) is None
